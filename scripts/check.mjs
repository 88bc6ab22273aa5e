/**
 * `npm run check`: everything that can be said about the code without running it. All tools run, whatever the others
 * find; one line each, and what they found at the end.
 */
import os from 'node:os'
import path from 'node:path'
import { checkPackages } from './package-shape.mjs'
import { setup } from './setup.mjs'
import { root, run, runAsMain, ScriptError, toolPath } from './workspace.mjs'

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<import('./workspace.mjs').Ended>} run
 */

/** @param {string} file of a script or tool that runs on Node @param {...string} args */
const node = (file, ...args) => run(process.execPath, [file, ...args])
/** @param {string} name */
const script = (name) => path.join(root, 'scripts', name)

/** @type {Check} compiles the sources, so their types are checked here */
const build = { name: 'build', run: () => node(script('setup.mjs'), '--build') }

/** @type {Check[]} the slowest first */
const checks = [
  { name: 'mutations', run: () => node(script('mutations.mjs'), '--check') },
  { name: 'packed packages', run: checkPackages },
  { name: 'lint', run: () => node(toolPath('oxlint'), '--type-aware', '--deny-warnings') },
  // Generated sources are ignored by git and use what others export.
  {
    name: 'dead code',
    run: () => node(toolPath('knip'), '--no-config-hints', '--no-gitignore'),
  },
  {
    name: 'types of tests',
    run: () => node(toolPath('typescript', 'tsc'), '-p', 'tsconfig.test.json'),
  },
  {
    name: 'types of scripts',
    run: () => node(toolPath('typescript', 'tsc'), '-p', 'tsconfig.scripts.json'),
  },
  {
    name: 'format',
    run: () => node(toolPath('@biomejs/biome', 'biome'), 'check', '--error-on-warnings', '.'),
  },
]

/**
 * Runs checks, as many at once as there are processors.
 *
 * @param {Check[]} all
 * @returns {Promise<{ name: string, output: string }[]>} those that failed, in the order given
 */
async function runChecks(all) {
  const waiting = all.values()
  /** @type {Map<string, string>} */
  const failures = new Map()
  const work = async () => {
    for (const check of waiting) {
      const startedMs = performance.now()
      const { code, output } = await check.run()
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      const verdict = code === 0 ? 'ok    ' : 'FAILED'
      process.stdout.write(`${verdict} ${check.name.padEnd(17)} ${seconds.padStart(5)} s\n`)
      if (code !== 0) failures.set(check.name, output)
    }
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, work))
  return all.flatMap(({ name }) => {
    const output = failures.get(name)
    return output === undefined ? [] : [{ name, output }]
  })
}

await runAsMain(import.meta.url, async () => {
  await setup({})
  const failures = []
  for (const each of [[build], checks]) failures.push(...(await runChecks(each)))
  for (const { name, output } of failures) {
    process.stdout.write(`\n--- ${name} ---\n${output.trimEnd()}\n`)
  }
  if (failures.length > 0) {
    throw new ScriptError(`\ncheck: failed: ${failures.map(({ name }) => name).join(', ')}`)
  }
})
