/**
 * `npm test`: all set-up, then every test; `npm test -- interval`: those of the files with "interval" in their names.
 * The last line of stdout is `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { setup } from './setup.mjs'
import { root, runAsMain, say, toolPath } from './workspace.mjs'

/** Jest has told what came out, and still does not end: what it waits for has failed the run already. */
const ENDING_MS = 5000

/**
 * @param {string[]} args for jest
 * @returns {Promise<{ passed: number, failed: number, code: number }>}
 */
export function runJest(args) {
  return new Promise((resolve) => {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
    const child = spawn(process.execPath, [...flags, toolPath('jest'), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    let totals = { passed: 0, failed: 0 }
    /** @type {NodeJS.Timeout | undefined} */
    let ending
    child.on('message', (message) => {
      totals = /** @type {typeof totals} */ (message)
      ending = setTimeout(() => child.kill('SIGKILL'), ENDING_MS)
    })
    child.on('close', (code) => {
      clearTimeout(ending)
      resolve({ ...totals, code: code ?? 1 })
    })
  })
}

await runAsMain(import.meta.url, async (args) => {
  await setup({ build: true, redis: true })
  const { passed, failed, code } = await runJest(args)
  if (passed + failed === 0) say('test: no test has run')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 && passed > 0 ? code : 1
})
