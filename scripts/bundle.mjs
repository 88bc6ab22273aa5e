/**
 * Bundles each command into one file: what a command does not use is not loaded, and it starts in little more than an
 * empty Node process' time. A command is a package's `bin`, whose committed stub requires the bundle.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { notices } from './notices.mjs'
import { root, runAsMain, ScriptError, say, workspacePackages } from './workspace.mjs'

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} entry its src/main.ts
 * @property {string} outfile
 * @property {string} version
 */

/** @returns {Command[]} */
export function commands() {
  return workspacePackages().flatMap(({ dir, manifest }) =>
    Object.keys(manifest.bin ?? {}).map((name) => ({
      name,
      entry: path.join(dir, 'src/main.ts'),
      outfile: path.join(dir, 'dist', `${name}.cjs`),
      version: manifest.version,
    })),
  )
}

/** Bundles all commands; packages of ours come from their dist folders, so tsc runs first. */
export async function bundle() {
  const { build } = await import('esbuild')
  await Promise.all(commands().map((command) => bundleOne(build, command)))
}

/** @param {typeof import('esbuild').build} build @param {Command} command */
async function bundleOne(build, command) {
  if (!existsSync(command.entry)) {
    const entry = path.relative(root, command.entry)
    throw new ScriptError(`bundle: the package of the command ${command.name} has no ${entry}`)
  }
  const result = await build({
    absWorkingDir: root,
    entryPoints: [command.entry],
    outfile: command.outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    treeShaking: true,
    legalComments: 'eof',
    define: { 'process.env.ECL_VERSION': JSON.stringify(command.version) },
    logLevel: 'silent',
    metafile: true,
    write: false,
  }).catch((error) => {
    throw new ScriptError(`bundle: ${command.name}: ${error.message}`)
  })
  for (const file of result.outputFiles) replaceFile(file.path, file.text)
  const licences = path.join(path.dirname(command.outfile), 'LICENSES-bundled.txt')
  replaceFile(licences, notices(Object.keys(result.metafile.inputs)))
}

/**
 * In one step, so that a command which is started meanwhile finds the old one or the new one.
 *
 * @param {string} file
 * @param {string} text
 */
function replaceFile(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  mkdirSync(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.new`
  writeFileSync(draft, text)
  renameSync(draft, file)
}

await runAsMain(import.meta.url, async () => {
  await bundle()
  for (const { outfile } of commands()) say(`bundle: ${path.relative(root, outfile)}`)
})
