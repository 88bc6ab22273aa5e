/** `npm run demo`: all set-up, then the demo of packages/ecl-demo with the arguments given. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setup } from './setup.mjs'
import { root, runAsMain } from './workspace.mjs'

await runAsMain(import.meta.url, async (args) => {
  const redisIn = args.indexOf('--redis')
  // Where no URL says which.
  const redis = redisIn >= 0 && !/^rediss?:/.test(args[redisIn + 1] ?? '')
  await setup({ build: true, redis })
  const main = path.join(root, 'packages/ecl-demo/dist/main.js')
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' })
  // The terminal's Ctrl-C reaches the demo, too: it says how it ends.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.exitCode = await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
})
