/**
 * `npm run test:full`: the tests in test/full, which need more than a Redis: Munin and PostgreSQL, as Debian packages
 * them. Their arguments are those of `npm test`. Without any, the tests of the store on Redis run on Valkey, too, where
 * that is installed; with `valkey` alone, nothing else does. The last line of stdout is `N passed, N failed`.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { installPackages } from './debian-packages.mjs'
import { findValkey } from './redis-binary.mjs'
import { setup } from './setup.mjs'
import { runJest } from './test.mjs'
import { run, runAsMain, ScriptError, say } from './workspace.mjs'

const PACKAGES = [
  ...['munin', 'munin-node', 'munin-plugins-core', 'rrdtool', 'prometheus'],
  ...['postgresql-15', 'pgbouncer'],
]
/** What the tests start; one for each package. */
const COMMANDS = [
  '/usr/share/munin/munin-update',
  '/usr/sbin/munin-run',
  '/usr/share/munin/plugins/plugin.sh',
  '/usr/bin/rrdtool',
  '/usr/bin/promtool',
  '/usr/lib/postgresql/15/bin/initdb',
  '/usr/sbin/pgbouncer',
]
const REMEDY = `run this as root in a container of Debian, or install ${PACKAGES.join(', ')}`
/** Asked by Debian's packages before they start a service; 101 means that they may not. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'

async function ensurePackages() {
  if (COMMANDS.every((file) => existsSync(file))) return
  const forbid = process.getuid?.() === 0 && !existsSync(SERVICE_POLICY)
  if (forbid) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await installPackages(PACKAGES, REMEDY)
  } finally {
    if (forbid) rmSync(SERVICE_POLICY)
  }
  const missing = COMMANDS.filter((file) => !existsSync(file))
  if (missing.length > 0)
    throw new ScriptError(`There is no ${missing.join(', ')} here: ${REMEDY}.`)
}

/** What has to be the same on Valkey. */
const VALKEY_TESTS = 'packages/ecl-core/src/store/redis/'
const NOTHING = { passed: 0, failed: 0, code: 0 }

/** The tests of the store on a Valkey, where there is one. */
async function runOnValkey() {
  const valkey = await findValkey()
  if (valkey === undefined) {
    say('test: there is no valkey-server here; the tests of the store do not run on one')
    return NOTHING
  }
  say(`test: the tests of the store, on ${valkey}`)
  const redis = process.env['ECL_REDIS_SERVER']
  process.env['ECL_REDIS_SERVER'] = valkey
  delete process.env['ECL_TEST_FULL']
  try {
    return await runJest([VALKEY_TESTS])
  } finally {
    process.env['ECL_REDIS_SERVER'] = redis
  }
}

/** @param {string[]} args for jest */
async function runFull(args) {
  await ensurePackages()
  // munin-update and its kin refuse to work for root.
  if ((await run('runuser', ['-u', 'munin', '--', 'true'])).code !== 0) {
    throw new ScriptError(`The tests cannot become the user munin: ${REMEDY}.`)
  }
  process.env['ECL_TEST_FULL'] = '1'
  return runJest(args)
}

await runAsMain(import.meta.url, async (args) => {
  await setup({ build: true, redis: true })
  const isForValkey = args.length === 1 && args[0] === 'valkey'
  const full = isForValkey ? NOTHING : await runFull(args)
  const other = isForValkey || args.length === 0 ? await runOnValkey() : NOTHING
  const [passed, failed] = [full.passed + other.passed, full.failed + other.failed]
  const code = full.code === 0 ? other.code : full.code
  if (passed + failed === 0) say('test: no test has run')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 && passed > 0 ? code : 1
})
