/**
 * Looks at the packages as their users get them: packs each one that is published, and has publint and
 * arethetypeswrong read the tarball.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pnpmCommand, run, toolPath, workspacePackages } from './workspace.mjs'

/** @typedef {import('./workspace.mjs').Ended} Ended */

/** @returns {Promise<Ended>} */
export async function checkPackages() {
  const published = workspacePackages().filter(({ manifest }) => manifest.private !== true)
  const destination = mkdtempSync(path.join(os.tmpdir(), 'ecl-pack-'))
  try {
    const packed = await pack(published, destination)
    if (packed.code !== 0) return packed
    const results = await Promise.all(
      published.flatMap(({ name, manifest }) => {
        const tarball = path.join(destination, `${name}-${manifest.version}.tgz`)
        const checks = [tool(toolPath('publint'), 'run', '--strict', tarball)]
        // Without types there is nothing that could be wrong with them.
        if (manifest.exports?.['.']?.types !== undefined) {
          checks.push(
            tool(toolPath('@arethetypeswrong/cli', 'attw'), '--profile', 'esm-only', tarball),
          )
        }
        return checks
      }),
    )
    const failed = results.filter(({ code }) => code !== 0)
    return { code: failed.length, output: failed.map(({ output }) => output).join('\n') }
  } finally {
    rmSync(destination, { recursive: true })
  }
}

/**
 * As pnpm would publish them, with the versions that "workspace:" and "catalog:" stand for. One pnpm for all packages:
 * to start it costs more than to pack.
 *
 * @param {import('./workspace.mjs').WorkspacePackage[]} packages
 * @param {string} destination
 */
function pack(packages, destination) {
  const [command, args] = pnpmCommand()
  const filters = packages.flatMap(({ name }) => ['--filter', name])
  return run(command, [
    ...args,
    ...filters,
    'exec',
    'pnpm',
    'pack',
    '--pack-destination',
    destination,
  ])
}

/** @param {string} file @param {...string} args */
const tool = (file, ...args) => run(process.execPath, [file, ...args])
