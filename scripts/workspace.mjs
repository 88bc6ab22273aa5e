/**
 * What all scripts share: where things are, how a tool is run, and how failing sounds.
 * Nothing here may come from node_modules: set-up runs before there is one.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** What is generated and forgotten with node_modules: stamps, totals. */
export const cacheDir = path.join(root, 'node_modules', '.cache', 'ecl')

/** A failure that is fully told by its message: no stack trace, exit code 1. */
export class ScriptError extends Error {}

/** @param {string} line what is going on, for a person who waits */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/**
 * Runs a script's main function when its file is the one that Node was started with.
 *
 * @param {string} moduleUrl the script's import.meta.url
 * @param {(args: string[]) => void | Promise<void>} main
 */
export async function runAsMain(moduleUrl, main) {
  const started = process.argv[1]
  if (started === undefined || realpathSync(started) !== fileURLToPath(moduleUrl)) return
  try {
    requireNode()
    await main(process.argv.slice(2))
  } catch (error) {
    say(
      error instanceof ScriptError ? error.message : String(error instanceof Error && error.stack),
    )
    process.exitCode = 1
  }
}

/** Says in one line that Node is too old, before something newer than it fails in many. */
function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new ScriptError(
    `Node ${process.versions.node} is too old: version 20.19 or later is needed (nodejs.org).`,
  )
}

/**
 * @typedef {object} WorkspacePackage
 * @property {string} name
 * @property {string} dir absolute
 * @property {Record<string, any>} manifest its package.json
 */

/** @returns {WorkspacePackage[]} the packages of this repository, by name */
export function workspacePackages() {
  const parent = path.join(root, 'packages')
  const below = readdirSync(parent).map((name) => path.join(parent, name))
  return [...below.sort(), path.join(root, 'benchmarks')]
    .filter((dir) => existsSync(path.join(dir, 'package.json')))
    .map((dir) => {
      const manifest = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'))
      return { name: manifest.name, dir, manifest }
    })
}

/** @returns {[command: string, args: string[]]} the pnpm that the lock file was made with, by npm alone */
export function pnpmCommand() {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return ['npx', ['--yes', manifest.packageManager]]
}

/**
 * Tools are run by their file: `npx` and the shell would cost more time than some of them take.
 *
 * @param {string} packageName
 * @param {string} bin
 * @returns {string} the file that runs a tool of node_modules
 */
export function toolPath(packageName, bin = packageName) {
  const dir = path.join(root, 'node_modules', packageName)
  const manifest = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'))
  return path.join(dir, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin])
}

/**
 * @typedef {object} Ended
 * @property {number} code 0 for success; 127 where the command could not be started
 * @property {string} output stdout and stderr, in the order in which they came
 */

/**
 * Runs a command to its end, silently.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<Ended>}
 */
export function run(command, args, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    // npm and npx are .cmd files on Windows, which only a shell starts.
    const shell = process.platform === 'win32' && command === 'npx'
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }))
    child.on('close', (code, signal) => {
      resolve({
        code: code ?? 1,
        output: signal === null ? output : `${output}ended by ${signal}\n`,
      })
    })
  })
}

/**
 * Runs a command that has to succeed; shows what it said where it does not.
 *
 * @param {string} what one line that sums the failure up
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export async function mustRun(what, command, args, options) {
  const { code, output } = await run(command, args, options)
  if (code === 0) return
  process.stderr.write(output)
  throw new ScriptError(`${what} (exit code ${code}; its output is above).`)
}
