/**
 * Remembers from which inputs each step of the set-up was last done, so that nothing is done twice. Contents count, not
 * times: a git checkout that touches files costs nothing, and a file changed by hand is seen.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cacheDir, root } from './workspace.mjs'

const stampFile = path.join(cacheDir, 'stamps.json')

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} says what a person reads while it runs
 * @property {() => string[]} inputs files and folders that it reads
 * @property {() => string[]} outputs files and folders that it writes
 * @property {() => void | Promise<void>} work
 */

/** @param {Step} step @returns {boolean} whether inputs or outputs are not those of the last time */
export function isStale(step) {
  return readStamps()[step.name] !== stampOf(step)
}

/** @param {Step} step */
export function markDone(step) {
  mkdirSync(cacheDir, { recursive: true })
  const stamps = { ...readStamps(), [step.name]: stampOf(step) }
  writeFileSync(stampFile, `${JSON.stringify(stamps, null, 2)}\n`)
}

/** @returns {Record<string, string>} */
function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))
  } catch {
    // Never done before, or cut off while it was written: either way everything is to be done.
    return {}
  }
}

/** @param {Step} step */
function stampOf(step) {
  const hash = createHash('sha1').update(`${process.platform} ${process.arch}\n`)
  for (const part of [step.inputs(), step.outputs()]) {
    for (const file of part.flatMap(filesBelow)) {
      hash.update(`${path.relative(root, file)}\0`).update(contentHash(file))
    }
  }
  return hash.digest('hex')
}

/** @param {string} start a file or folder @returns {string[]} itself or all files in it, none where it is missing */
export function filesBelow(start) {
  const stats = statSync(start, { throwIfNoEntry: false })
  if (stats === undefined) return []
  if (!stats.isDirectory()) return [start]
  return readdirSync(start)
    .filter((name) => name !== 'node_modules')
    .sort()
    .flatMap((name) => filesBelow(path.join(start, name)))
}

/** @type {Map<string, { key: string, digest: Buffer }>} */
const digests = new Map()

/** One run asks for the same file up to four times. @param {string} file */
function contentHash(file) {
  const { size, mtimeMs, ino } = statSync(file)
  const key = `${size} ${mtimeMs} ${ino}`
  const known = digests.get(file)
  if (known?.key === key) return known.digest
  const digest = createHash('sha1').update(readFileSync(file)).digest()
  digests.set(file, { key, digest })
  return digest
}
