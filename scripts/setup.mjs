/**
 * Everything between a fresh clone and a command that works: packages, `--build` the build, `--redis` a Redis binary.
 * Does nothing twice, and runs on Node alone.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { bundle, commands } from './bundle.mjs'
import { embedLua, luaDir, luaModule } from './embed-lua.mjs'
import { embedSql, sqlModules } from './embed-sql.mjs'
import { embedSqlite, threadDir, threadModule } from './embed-sqlite.mjs'
import { ensureRedis } from './redis-binary.mjs'
import { filesBelow, isStale, markDone } from './stamps.mjs'
import {
  mustRun,
  pnpmCommand,
  root,
  runAsMain,
  ScriptError,
  say,
  toolPath,
  workspacePackages,
} from './workspace.mjs'

/** @typedef {import('./stamps.mjs').Step} Step */

const lockFile = path.join(root, '.cache', 'setup.lock')
/** @param {string[]} names */
const inRoot = (...names) => names.map((name) => path.join(root, name))
/** @param {string[]} names */
const inPackages = (...names) =>
  workspacePackages().flatMap(({ dir }) => names.map((name) => path.join(dir, name)))

/** @type {Step} */
const installStep = {
  name: 'install',
  says: 'installs the packages (about 15 s the first time)',
  // A package's bin folder, too: pnpm links a command only where its file is there.
  inputs: () => [
    ...inRoot('package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'),
    ...inPackages('package.json', 'bin'),
  ],
  outputs: () => inRoot('node_modules/.modules.yaml', 'node_modules/.pnpm/lock.yaml'),
  async work() {
    const [command, args] = pnpmCommand()
    await mustRun(
      'pnpm could not install the packages',
      command,
      [...args, 'install', '--frozen-lockfile'],
      {
        // Without it, pnpm asks whether it may replace a node_modules that it does not know.
        env: { ...process.env, CI: 'true' },
      },
    )
  },
}

/** @type {Step[]} in the order of their dependence */
const buildSteps = [
  {
    name: 'lua',
    says: 'embeds the Lua scripts',
    inputs: () => [luaDir, ...inRoot('scripts/embed-lua.mjs')],
    outputs: () => [luaModule],
    work: () => void embedLua(),
  },
  {
    name: 'sql',
    says: 'embeds the SQL statements',
    inputs: () => [...sqlModules.map(({ sqlDir }) => sqlDir), ...inRoot('scripts/embed-sql.mjs')],
    outputs: () => sqlModules.map(({ module }) => module),
    work: () => void embedSql(),
  },
  {
    name: 'sqlite',
    says: 'embeds the thread that runs SQLite',
    inputs: () => [
      ...filesBelow(threadDir),
      ...inRoot('scripts/embed-sqlite.mjs', 'pnpm-lock.yaml'),
    ],
    outputs: () => [threadModule],
    work: async () => void (await embedSqlite()),
  },
  {
    name: 'schema',
    says: 'compiles the validator of configs',
    inputs: () =>
      inRoot('packages/ecl-core/schema', 'scripts/compile-config-schema.mjs', 'pnpm-lock.yaml'),
    outputs: () => filesBelow(path.join(root, 'packages/ecl-core/src/config')).filter(isGenerated),
    work: () =>
      mustRun('The config schema could not be compiled', process.execPath, [
        ...inRoot('scripts/compile-config-schema.mjs'),
      ]),
  },
  {
    name: 'compile',
    says: 'compiles',
    inputs: () => [
      ...inRoot('tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml'),
      ...inPackages('tsconfig.json', 'package.json'),
      ...inPackages('src')
        .flatMap(filesBelow)
        .filter((file) => !file.endsWith('.test.ts')),
    ],
    outputs: () =>
      inPackages('dist')
        .flatMap(filesBelow)
        .filter((file) => !file.endsWith('.cjs')),
    async work() {
      removeOrphans()
      await mustRun('The compiler found errors', process.execPath, [
        toolPath('typescript', 'tsc'),
        '-b',
      ])
    },
  },
  {
    name: 'bundle',
    says: 'bundles the commands',
    inputs: () => [
      ...inRoot('scripts/bundle.mjs', 'pnpm-lock.yaml'),
      ...inPackages('package.json', 'dist')
        .flatMap(filesBelow)
        .filter((file) => !file.endsWith('.cjs')),
      ...commands().map(({ entry }) => path.dirname(entry)),
    ],
    outputs: () =>
      commands().flatMap(({ outfile, apart }) => [outfile, ...apart.map((one) => one.outfile)]),
    work: bundle,
  },
]

/**
 * Sets up what is asked for; packages always.
 *
 * @param {{ build?: boolean, redis?: boolean }} wanted
 */
export async function setup({ build = false, redis = false }) {
  const steps = build ? [installStep, ...buildSteps] : [installStep]
  if (steps.some(isToDo)) {
    const unlock = await lock()
    try {
      for (const step of steps) {
        if (!isToDo(step)) continue
        say(`setup: ${step.says} …`)
        await step.work()
        markDone(step)
      }
    } finally {
      unlock()
    }
  }
  if (redis) process.env['ECL_REDIS_SERVER'] = await ensureRedis()
}

/** @param {Step} step */
function isToDo(step) {
  // Someone may have deleted a package's node_modules, of which the stamps know nothing.
  return isStale(step) || (step === installStep && !workspacePackages().every(hasItsPackages))
}

/** @param {import('./workspace.mjs').WorkspacePackage} workspacePackage */
function hasItsPackages({ dir, manifest }) {
  const needed = Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] })
  return needed.every((name) => existsSync(path.join(dir, 'node_modules', name)))
}

/** @param {string} file */
function isGenerated(file) {
  return /\.generated\.[a-z.]+$/.test(file)
}

/** Removes what was compiled from a source that is gone: the compiler leaves it, and it would be published. */
function removeOrphans() {
  for (const { dir } of workspacePackages()) {
    for (const file of filesBelow(path.join(dir, 'dist'))) {
      const source = /^(.*)\.(?:d\.ts|js)(?:\.map)?$/.exec(
        path.relative(path.join(dir, 'dist'), file),
      )
      if (source === null || existsSync(path.join(dir, 'src', `${source[1]}.ts`))) continue
      rmSync(file)
    }
  }
}

/**
 * Waits while another set-up of this checkout is at work: two installs at once break each other.
 *
 * @returns {Promise<() => void>} ends the lock
 */
async function lock() {
  mkdirSync(path.dirname(lockFile), { recursive: true })
  // Linked rather than written, so that whoever sees the lock sees its owner's number.
  const draft = `${lockFile}.${process.pid}`
  writeFileSync(draft, String(process.pid))
  try {
    for (let told = false; ; told = true) {
      try {
        linkSync(draft, lockFile)
        return () => rmSync(lockFile, { force: true })
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
      }
      const owner = lockOwner()
      if (owner === undefined) rmSync(lockFile, { force: true })
      else if (!told) say(`setup: waits for another set-up of this checkout (process ${owner}) …`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  } finally {
    rmSync(draft)
  }
}

/** @returns {string | undefined} the other living process that holds the lock */
function lockOwner() {
  try {
    const pid = readFileSync(lockFile, 'utf8')
    // The own number: left over from an earlier life of this container.
    if (Number(pid) === process.pid) return undefined
    process.kill(Number(pid), 0)
    return pid
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
      ? 'of another user'
      : undefined
  }
}

await runAsMain(import.meta.url, async (args) => {
  const unknown = args.find((arg) => arg !== '--build' && arg !== '--redis')
  if (unknown !== undefined) {
    throw new ScriptError(`setup: unknown option "${unknown}"; there are --build and --redis`)
  }
  await setup({ build: args.includes('--build'), redis: args.includes('--redis') })
})
