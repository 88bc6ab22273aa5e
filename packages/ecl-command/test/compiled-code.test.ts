import { execFile } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const MODULE = new URL('../dist/compiled-code.js', import.meta.url).href
const READER = new URL('../../ecl-reader/bin/ecl-reader.cjs', import.meta.url).pathname

let home: string
let folder: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ecl-compiled-code-'))
  folder = join(home, 'cache', 'event-count-logger')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Runs a program in a process of its own. @returns what it prints, and whether its code was there already */
async function run(text: string, { hash = 'h', args = [] as string[] } = {}): Promise<string> {
  const file = join(home, 'program.cjs')
  writeFileSync(file, text)
  const script = `import { runProgram } from '${MODULE}'
    const known = runProgram({ file: '${file}', name: 'p', hash: '${hash}' }, '${folder}')
    process.stdout.write(known ? ' known' : ' new')`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--input-type=module', '--eval', script, '--', ...args],
  ])
  return stdout
}

const says = (word: string) => `process.stdout.write('${word}')`
const files = () => readdirSync(folder)
const file = () => join(folder, files()[0] ?? '')

describe('the code of a program', () => {
  it('is kept at its first run, for its user alone, and taken at the next one', async () => {
    expect(await run(says('a'))).toBe('a new')
    expect(files()).toHaveLength(1)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const { mtimeMs } = statSync(file())
    expect(await run(says('a'))).toBe('a known')
    expect(statSync(file()).mtimeMs).toBe(mtimeMs)
  })

  it('of another version is not taken, and given up', async () => {
    await run(says('a'))
    expect(await run(says('b'), { hash: 'i' })).toBe('b new')
    expect(files()).toEqual([expect.stringMatching(/-i\.code$/)])
  })

  it('is not taken from a file that others could have written', async () => {
    // V8 would take the code of any program that is as long.
    await run(says('b'))
    const foreign = join(home, 'foreign')
    copyFileSync(file(), foreign)
    expect(await run(says('a'))).toBe('b known')
    copyFileSync(foreign, file())
    chmodSync(file(), 0o666)
    expect(await run(says('a'))).toBe('a new')
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(await run(says('a'))).toBe('a known')
  })

  it('is made anew where it is damaged', async () => {
    await run(says('a'))
    for (const spoil of [
      () => truncateSync(file(), 100),
      () => truncateSync(file(), 0),
      () => writeFileSync(file(), 'no code at all'),
      // As after a crash of the machine, which V8 would run into.
      () => {
        const bytes = readFileSync(file())
        writeFileSync(file(), bytes.fill(0, bytes.length / 4, bytes.length / 2))
      },
    ]) {
      spoil()
      expect(await run(says('a'))).toBe('a new')
      expect(await run(says('a'))).toBe('a known')
    }
  })

  it('gains after a while what later runs have used', async () => {
    const lines = Array.from({ length: 200 }, (_, n) => `  n += Math.sin(${n}) * process.pid`)
    const text = `function used() {
      let n = 0
    ${lines.join('\n')}
      return n
    }
    if (process.argv.includes('other')) used()
    process.stdout.write('a')`
    await run(text)
    const { size } = statSync(file())
    await run(text, { args: ['other'] })
    expect(statSync(file()).size).toBe(size)
    const longAgo = Date.now() / 1000 - 3600
    utimesSync(file(), longAgo, longAgo)
    await run(text, { args: ['other'] })
    expect(statSync(file()).size).toBeGreaterThan(size + 1000)
    expect(await run(text)).toBe('a known')
  })

  it('is not kept where that cannot be, which changes nothing else', async () => {
    mkdirSync(join(home, 'cache'))
    writeFileSync(folder, 'a file in place of the folder')
    expect(await run(says('a'))).toBe('a new')
    expect(await run(says('a'))).toBe('a new')
    expect(readFileSync(folder, 'utf8')).toBe('a file in place of the folder')
  })
})

describe('a command', () => {
  const reader = (env: NodeJS.ProcessEnv) =>
    promisify(execFile)(process.execPath, [READER, '--version'], {
      env: { ...process.env, XDG_CACHE_HOME: join(home, 'cache'), ...env },
    })

  it('keeps its code in the cache folder of its user', async () => {
    const first = await reader({})
    expect(files()).toEqual([expect.stringMatching(/^ecl-reader-v[\d.]+-\w+-[0-9a-f]{16}\.code$/)])
    expect(await reader({})).toEqual(first)
  })

  it('needs no home: without one, or with one that is not there, nothing is kept', async () => {
    const XDG_CACHE_HOME = undefined
    for (const HOME of ['', join(home, 'gone'), '/proc/nowhere']) {
      await expect(reader({ HOME, XDG_CACHE_HOME })).resolves.toMatchObject({ stderr: '' })
    }
    await expect(reader({ XDG_CACHE_HOME: '/proc/nowhere' })).resolves.toMatchObject({ stderr: '' })
    expect(readdirSync(home)).toEqual([])
  })

  it('does not write through a link that somebody has put in its way', async () => {
    await reader({})
    const victim = join(home, 'victim')
    const kept = file()
    writeFileSync(victim, 'precious')
    rmSync(kept)
    // Whatever process it will be.
    const { stdout } = await promisify(execFile)(
      '/bin/sh',
      ['-c', `ln -s '${victim}' '${kept}'.$$; exec '${process.execPath}' '${READER}' --version`],
      { env: { ...process.env, XDG_CACHE_HOME: join(home, 'cache') } },
    )
    expect(stdout).toMatch(/\d/)
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })

  it('keeps none where the user has turned off such caches', async () => {
    await reader({ NODE_DISABLE_COMPILE_CACHE: '1' })
    expect(() => files()).toThrow('ENOENT')
  })
})
