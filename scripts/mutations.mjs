/**
 * `npm run mutations`, or `npm run mutations -- NAME …`: breaks one rule of the protocol at a time, in a copy of this
 * checkout, and says which check notices. Exit code 1 where one goes unnoticed. With `--check`, says whether what is
 * replaced is still there, and tries nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mutations } from './mutation-list.mjs'
import { setup } from './setup.mjs'
import { root, run, runAsMain, ScriptError, say } from './workspace.mjs'

/** @typedef {import('./mutation-list.mjs').Mutation} Mutation */

/** Not needed to build and run, or made anew. */
const LEFT_OUT = new Set(['.git', '.cache', 'docs'])

await runAsMain(import.meta.url, async (args) => {
  if (args[0] === '--check') {
    for (const mutation of mutations) mutated(root, mutation)
    return
  }
  const chosen = args.length === 0 ? mutations : args.map(named)
  await setup({ build: true, redis: true })
  const unnoticed = []
  for (const mutation of chosen) {
    const startedMs = performance.now()
    const by = await tryOut(mutation)
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    const verdict = by === undefined ? 'NOT NOTICED' : `noticed by ${by}`
    process.stdout.write(
      `${mutation.name.padEnd(27)} ${String(seconds).padStart(4)} s  ${verdict}\n`,
    )
    if (by === undefined) unnoticed.push(mutation.name)
  }
  if (unnoticed.length > 0) throw new ScriptError(`mutations: not noticed: ${unnoticed.join(', ')}`)
})

/** @param {string} name @returns {Mutation} */
function named(name) {
  const found = mutations.find((one) => one.name === name)
  if (found !== undefined) return found
  const known = mutations.map((one) => one.name).join(', ')
  throw new ScriptError(`mutations: there is no "${name}"; there are ${known}`)
}

/**
 * @param {Mutation} mutation
 * @returns {Promise<string | undefined>} what has noticed it
 */
async function tryOut(mutation) {
  const copy = mkdtempSync(path.join(tmpdir(), 'ecl-mutation-'))
  try {
    cpSync(root, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => {
        const name = path.relative(root, file)
        return !LEFT_OUT.has(name) && name !== 'node_modules'
      },
    })
    // Hard links: it takes seconds to copy it.
    await inCopy(copy, 'cp', ['-al', path.join(root, 'node_modules'), copy])
    mutate(copy, mutation)
    const node = process.execPath
    await inCopy(copy, node, ['scripts/embed-lua.mjs'])
    await inCopy(copy, node, ['node_modules/typescript/bin/tsc', '-b'])
    await inCopy(copy, node, ['scripts/bundle.mjs'])
    return (await noticedByChaos(copy, mutation)) ?? (await noticedByTests(copy, mutation))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** @param {string} copy @param {Mutation} mutation */
function mutate(copy, mutation) {
  for (const [file, text] of mutated(copy, mutation)) writeFileSync(file, text)
}

/**
 * @param {string} folder of a checkout
 * @param {Mutation} mutation
 * @returns {Map<string, string>} files of it, and their texts with the mutation
 */
function mutated(folder, { name, replacements }) {
  /** @type {Map<string, string>} */
  const texts = new Map()
  for (const { file, find, replace } of replacements) {
    const target = path.join(folder, file)
    const parts = (texts.get(target) ?? readFileSync(target, 'utf8')).split(find)
    if (parts.length !== 2) {
      throw new ScriptError(
        `mutations: ${name}: "${find.trim()}" is ${parts.length - 1} times in ${file}; expected once`,
      )
    }
    texts.set(target, parts.join(replace))
  }
  return texts
}

/** @param {string} copy @param {string} command @param {string[]} args */
async function inCopy(copy, command, args) {
  const { code, output } = await run(command, args, { cwd: copy })
  if (code !== 0) throw new ScriptError(`mutations: the copy cannot be built: ${output}`)
}

/** @param {string} copy @param {Mutation} mutation */
async function noticedByChaos(copy, { chaos, name }) {
  for (const seed of chaos?.seeds ?? []) {
    const options = ['--seed', seed, '--seconds', chaos?.seconds ?? 0, '--only', chaos?.only ?? '']
    say(`mutations: ${name}: chaos ${options.join(' ')} …`)
    const main = path.join(copy, 'packages/ecl-chaos/dist/main.js')
    const { code, output } = await run(process.execPath, [main, ...options.map(String)], {
      cwd: copy,
    })
    const check = /^FAILED ([^:]+): (.*)$/m.exec(output)
    if (code === 1 && check !== null) {
      return `chaos ${options.join(' ')}: "${check[1]}" (${check[2]?.slice(0, 160)})`
    }
    if (code !== 0) throw new ScriptError(`mutations: ${name}: chaos failed: ${output}`)
  }
  return undefined
}

/** @param {string} copy @param {Mutation} mutation */
async function noticedByTests(copy, { name, tests }) {
  if (tests === undefined) return undefined
  say(`mutations: ${name}: tests ${tests} …`)
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const jest = path.join(copy, 'node_modules/jest/bin/jest.js')
  const { code, output } = await run(process.execPath, [...flags, jest, ...tests.split(' ')], {
    cwd: copy,
  })
  if (code === 0) return undefined
  const test = /^\s+● (.+)$/m.exec(output)
  if (test === null) throw new ScriptError(`mutations: ${name}: jest failed: ${output}`)
  return `the test "${test[1]}"`
}
