/** Installs packages of Debian's and its kin, where that is for a script to do. */
import { existsSync } from 'node:fs'
import { run, ScriptError, say } from './workspace.mjs'

/**
 * Installs packages, where they may be installed unasked: in a container as root, and in CI. A machine that systemd has
 * booted is somebody's.
 *
 * @param {string[]} names
 * @param {string} remedy what to do where it fails
 * @returns {Promise<boolean>} whether they are there now; false where they are not ours to install
 * @throws {ScriptError} where apt-get fails
 */
export async function installPackages(names, remedy) {
  const apt = await aptGet()
  if (apt === undefined) return false
  const [command = 'apt-get', ...args] = apt
  say(`setup: installs from the system's packages (apt-get install ${names.join(' ')}) …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = [...args, 'install', '-y', '--no-install-recommends', ...names]
  if ((await run(command, install, { env })).code === 0) return true
  // A fresh container has no package lists, or old ones.
  say('setup: fetches the lists of packages first (apt-get update) …')
  const updated = await run(command, [...args, 'update'], { env })
  const second = await run(command, install, { env })
  if (second.code === 0) return true
  process.stderr.write(updated.output + second.output)
  throw new ScriptError(
    `apt-get could not install ${names.join(', ')} (its output is above): ${remedy}.`,
  )
}

/** @returns {Promise<string[] | undefined>} the command that installs, undefined where it is not ours to do */
async function aptGet() {
  if (process.platform !== 'linux' || (await run('apt-get', ['--version'])).code !== 0)
    return undefined
  const inCi = ![undefined, '', '0', 'false'].includes(process.env['CI'])
  if (process.getuid?.() === 0) {
    return inCi || !existsSync('/run/systemd/system') ? ['apt-get'] : undefined
  }
  if (!inCi || (await run('sudo', ['-n', 'true'])).code !== 0) return undefined
  return ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
}
