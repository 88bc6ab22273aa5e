/**
 * Bundles each command into one file, its program: what a command does not use is not loaded. A command is a package's
 * `bin`, whose committed stub requires a second file, which runs the program with the code that V8 has compiled before.
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { notices } from './notices.mjs'
import { root, runAsMain, ScriptError, say, workspacePackages } from './workspace.mjs'

const START = path.join(root, 'packages/ecl-command/src/start.ts')

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} entry its src/main.ts
 * @property {string} outfile what the stub requires
 * @property {string} program
 * @property {string} version
 * @property {{ entry: string, outfile: string }[]} apart each file of its src/apart: what few of its users need, and
 *   which is so large that it would cost the others time to have it in the one file
 */

/** @returns {Command[]} */
export function commands() {
  return workspacePackages().flatMap(({ dir, manifest }) =>
    Object.keys(manifest.bin ?? {}).map((name) => ({
      name,
      entry: path.join(dir, 'src/main.ts'),
      outfile: path.join(dir, 'dist', `${name}.cjs`),
      program: path.join(dir, 'dist', `${name}-program.cjs`),
      version: manifest.version,
      apart: sourcesIn(path.join(dir, 'src/apart')).map((entry) => ({
        entry,
        outfile: path.join(dir, 'dist', apartName(name, entry)),
      })),
    })),
  )
}

/** @param {string} folder @returns {string[]} */
function sourcesIn(folder) {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name))
  return names.map((name) => path.join(folder, name))
}

/** @param {string} command @param {string} entry */
function apartName(command, entry) {
  return `${command}-${path.basename(entry, '.ts')}.cjs`
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
  const files = [{ entry: command.entry, outfile: command.program }, ...command.apart]
  const inputs = await Promise.all(files.map((file) => bundleFile(build, command, file)))
  const hash = createHash('sha256').update(readFileSync(command.program)).digest('hex')
  const start = { entry: START, outfile: command.outfile }
  inputs.push(
    await bundleFile(build, command, start, {
      'process.env.ECL_COMMAND': JSON.stringify(command.name),
      'process.env.ECL_PROGRAM_HASH': JSON.stringify(hash.slice(0, 16)),
    }),
  )
  const licences = path.join(path.dirname(command.outfile), 'LICENSES-bundled.txt')
  replaceFile(licences, notices(inputs.flat()))
}

/**
 * @param {typeof import('esbuild').build} build
 * @param {Command} command
 * @param {{ entry: string, outfile: string }} file
 * @param {Record<string, string>} [more] what else is put in
 * @returns {Promise<string[]>} the files that are in it
 */
async function bundleFile(build, command, { entry, outfile }, more = {}) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Files beside it are asked for by `require`, as code that V8 has compiled before cannot import.
    supported: { 'dynamic-import': false },
    treeShaking: true,
    // Less to read and to scan at each start; names stay, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    define: {
      'process.env.ECL_VERSION': JSON.stringify(command.version),
      // From where SQLite is looked for, on a Node that has none built in.
      'import.meta.url': '__filename',
      ...more,
    },
    logLevel: 'silent',
    metafile: true,
    write: false,
    plugins: [
      lateModules,
      {
        name: 'what is apart',
        setup(bundler) {
          bundler.onResolve({ filter: /\/apart\/[^/]+\.ts$/ }, ({ path: file, kind }) =>
            kind === 'dynamic-import'
              ? { path: `./${apartName(command.name, file)}`, external: true }
              : undefined,
          )
        },
      },
    ],
  }).catch((error) => {
    throw new ScriptError(`bundle: ${command.name}: ${error.message}`)
  })
  for (const file of result.outputFiles) replaceFile(file.path, file.text)
  return Object.keys(result.metafile.inputs)
}

/**
 * Modules of Node's own that libraries ask for at once, and few runs need: they are loaded when something of them is used.
 *
 * @type {import('esbuild').Plugin}
 */
const lateModules = {
  name: 'what is loaded late',
  setup(bundler) {
    const filter = /^(node:)?(assert|child_process|crypto|dns|fs\/promises|tls)$/
    bundler.onResolve({ filter }, ({ path: name, namespace }) =>
      namespace === 'late' ? { path: name, external: true } : { path: name, namespace: 'late' },
    )
    bundler.onLoad({ filter: /^/, namespace: 'late' }, ({ path: name }) => ({
      // Properties are asked of the prototype, as that is what esbuild's own objects for modules have of a module.
      contents: `const load = () => require(${JSON.stringify(name)})
        module.exports = Object.setPrototypeOf(
          (...args) => load()(...args),
          new Proxy({}, { get: (_, key) => load()[key] }),
        )`,
    }))
  },
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
