/** `npm run bench`: all set-up, then the benchmarks of benchmarks/ with the arguments given. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setup } from './setup.mjs'
import { root, runAsMain } from './workspace.mjs'

await runAsMain(import.meta.url, async (args) => {
  await setup({ build: true, redis: true })
  const main = path.join(root, 'benchmarks/dist/main.js')
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' })
  // The terminal's Ctrl-C reaches the benchmarks, too: they end what they have started.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.exitCode = await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
})
