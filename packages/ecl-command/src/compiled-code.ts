import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire, Module } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { Script } from 'node:vm'
import { crc32 } from 'node:zlib'

/** V8 compiles what a run uses. So what is older is made anew, with what runs have used that were not the first. */
const FRESH_MS = 600_000
/** Behind the code, its CRC-32: V8 does not look at what a crash of the machine may have left of a file. */
const CHECKSUM_BYTES = 4
/** Of a file's mode: that others than its owner may write to it. */
const WRITABLE_BY_OTHERS = 0o022

/** The program of a command, in one CommonJS file, which has no `import()`: that is experimental in such scripts. */
export interface Program {
  readonly file: string
  /** The command's name. */
  readonly name: string
  /** Of the file's text: V8 itself compares no more than its length. */
  readonly hash: string
}

/** What V8 has compiled at an earlier start. */
interface Kept {
  readonly code: Buffer
  readonly isFresh: boolean
}

/**
 * Runs a program with what V8 has compiled of it at an earlier start, and keeps that for the next one: half of the time
 * that a command takes beyond Node's own goes into compiling.
 *
 * V8 checks that the code is of its own version, and trusts it otherwise. So it is kept in the user's own folder, and
 * not taken from a file that somebody else could have written.
 *
 * @param folder where code is kept; undefined for nowhere
 * @returns whether there was code of an earlier start
 */
export function runProgram({ file, name, hash }: Program, folder: string | undefined): boolean {
  const keptFile = folder && join(folder, `${name}-${process.version}-${process.arch}-${hash}.code`)
  const kept = keptFile === undefined ? undefined : readKept(keptFile)
  const script = new Script(Module.wrap(readFileSync(file, 'utf8')), {
    filename: file,
    cachedData: kept?.code,
  })
  const known = kept !== undefined && script.cachedDataRejected === false
  if (keptFile !== undefined) {
    process.once('exit', () => {
      if (!known || !kept.isFresh) keep(keptFile, script.createCachedData())
    })
  }
  const main = { exports: {} }
  script.runInThisContext()(main.exports, createRequire(file), main, file, dirname(file))
  return known
}

/**
 * Where compiled code is kept, by the XDG Base Directory Specification; undefined where the user wants none, by the
 * variable that turns off Node's own compile cache.
 */
export function codeFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  // Elsewhere there is no telling who could have written a file.
  if (env['NODE_DISABLE_COMPILE_CACHE'] === '1' || process.getuid === undefined) return undefined
  const given = env['XDG_CACHE_HOME']
  const caches = given !== undefined && isAbsolute(given) ? given : join(home() ?? '', '.cache')
  return isAbsolute(caches) ? join(caches, 'event-count-logger') : undefined
}

/** Undefined for a user of whom the system knows none. */
function home(): string | undefined {
  try {
    return homedir()
  } catch {
    return undefined
  }
}

function readKept(file: string): Kept | undefined {
  try {
    const handle = openSync(file, 'r')
    try {
      const { uid, mode, mtimeMs } = fstatSync(handle)
      if (uid !== process.getuid?.() || (mode & WRITABLE_BY_OTHERS) !== 0) return undefined
      const bytes = readFileSync(handle)
      const code = bytes.subarray(0, -CHECKSUM_BYTES)
      if (bytes.readUInt32LE(code.length) !== crc32(code)) return undefined
      return { code, isFresh: Math.abs(Date.now() - mtimeMs) < FRESH_MS }
    } finally {
      closeSync(handle)
    }
  } catch {
    // Not there yet, or cut off.
    return undefined
  }
}

/** Keeps code in place of that of other versions of the program. A start that cannot do that was as good as any. */
function keep(file: string, code: Buffer): void {
  try {
    const checksum = Buffer.alloc(CHECKSUM_BYTES)
    checksum.writeUInt32LE(crc32(code))
    for (const folder of [dirname(dirname(file)), dirname(file)]) makeFolder(folder)
    // In one step, as another start may read it meanwhile; and never through a link that somebody has put there.
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, Buffer.concat([code, checksum]), { mode: 0o600, flag: 'wx' })
    renameSync(draft, file)
    for (const outdated of othersThan(file)) rmSync(outdated, { force: true })
  } catch {
    // A folder that cannot be written to, or a disk that is full.
  }
}

/** Not with its parents: a home that is not there is not to be made. */
function makeFolder(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
}

/** Files of other versions of the same program, under the same Node. */
function othersThan(file: string): string[] {
  const folder = dirname(file)
  const ofProgram = file.slice(0, file.lastIndexOf('-') + 1)
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path.startsWith(ofProgram) && path !== file)
}
