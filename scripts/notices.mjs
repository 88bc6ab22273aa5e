/**
 * The licences of what is bundled into a command: MIT and its kin ask that their notice goes along with every copy.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root, ScriptError } from './workspace.mjs'

/**
 * @param {string[]} inputs the files of a bundle, relative to the root
 * @returns {string} every bundled package's name, version and licence text
 */
export function notices(inputs) {
  const folders = new Set(inputs.flatMap((input) => packageFolder(input) ?? []))
  const texts = [...folders].map((folder) => noticeOf(path.join(root, folder)))
  return texts.sort().join(`\n${'-'.repeat(78)}\n\n`)
}

/** @param {string} input @returns {string | undefined} the folder of the dependency that a file belongs to */
function packageFolder(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0]
}

/** @param {string} folder */
function noticeOf(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((name) => /^licen[sc]e/i.test(name))
  // Some packages name their licence in the manifest only.
  const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : `${manifest.license}`
  if (text === 'undefined') throw new ScriptError(`notices: ${manifest.name} names no licence`)
  return `${manifest.name} ${manifest.version}\n\n${text}\n`
}
