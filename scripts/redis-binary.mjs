/**
 * Finds a redis-server, or a valkey-server, for tests and the demo, or makes sure that there is one. Whoever needs it later reads its
 * path from the environment's ECL_REDIS_SERVER, which set-up sets.
 */
import { existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { installPackages } from './debian-packages.mjs'
import { root, run, ScriptError } from './workspace.mjs'

const VARIABLE = 'ECL_REDIS_SERVER'
const cachedLink = path.join(root, '.cache', 'redis-server')
/** Debian's redis-tools carries the server's binary under this name; it decides by its argv[0] what it is. */
const DEBIAN_BINARY = '/usr/bin/redis-check-rdb'
const VALKEY = 'valkey-server'
const REMEDY =
  'install Redis 6.2 or later, or Valkey ("brew install redis", "apt-get install redis-server", "dnf install valkey", …)' +
  ` or set ${VARIABLE} to the path of a redis-server or valkey-server`

/**
 * Finds or installs a Redis binary.
 *
 * @returns {Promise<string>} its path
 * @throws {ScriptError} where there is none, and it is not for a script to install one
 */
export async function ensureRedis() {
  const found = await findRedis()
  if (found !== undefined) return found
  // redis-tools starts no service.
  if (!(await installPackages(['redis-tools'], REMEDY))) {
    throw new ScriptError(`There is no redis-server here: ${REMEDY}.`)
  }
  const installed = (await usable('redis-server')) ?? (await linkDebianBinary())
  if (installed === undefined) {
    throw new ScriptError(
      `The package redis-tools of this system holds no redis-server: ${REMEDY}.`,
    )
  }
  return installed
}

/** @returns {Promise<string | undefined>} the path of a Redis binary, undefined where none is known */
async function findRedis() {
  const chosen = process.env[VARIABLE]
  if (chosen !== undefined && chosen !== '') {
    if ((await usable(chosen)) !== undefined) return chosen
    throw new ScriptError(
      `${VARIABLE}: "${chosen}" is no redis-server or valkey-server that runs: ${REMEDY}.`,
    )
  }
  return (
    (await usable('redis-server')) ??
    (await usable(cachedLink)) ??
    (await linkDebianBinary()) ??
    (await usable(VALKEY))
  )
}

/**
 * Finds a Valkey beside the Redis that tests run on.
 *
 * @returns {Promise<string | undefined>} undefined where there is none
 */
export async function findValkey() {
  return usable(VALKEY)
}

/**
 * @param {string} command a path, or a name to be found on PATH
 * @returns {Promise<string | undefined>} it, where it is a server of Redis or Valkey that is new enough
 */
async function usable(command) {
  if (path.isAbsolute(command) && !existsSync(command)) return undefined
  const { code, output } = await run(command, ['--version'])
  // Valkey's has no name in front.
  const version = /\bserver v=(\d+)\.(\d+)\.\S+/i.exec(output)
  if (code !== 0 || version === null) return undefined
  const [major = 0, minor = 0] = version.slice(1).map(Number)
  if (major > 6 || (major === 6 && minor >= 2)) return command
  throw new ScriptError(`"${command}" is Redis ${major}.${minor}, which is too old: ${REMEDY}.`)
}

/** @returns {Promise<string | undefined>} */
async function linkDebianBinary() {
  if (!existsSync(DEBIAN_BINARY)) return undefined
  mkdirSync(path.dirname(cachedLink), { recursive: true })
  const draft = `${cachedLink}.${process.pid}`
  symlinkSync(DEBIAN_BINARY, draft)
  renameSync(draft, cachedLink)
  return usable(cachedLink)
}
