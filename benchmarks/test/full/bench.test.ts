/** The benchmarks themselves work; what they find is of no interest here, where other tests run beside them. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const LONGEST_MS = 120_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-bench-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** @param interrupt awaited before the run is interrupted; without it, it is let run */
async function bench(args: readonly string[], interrupt?: () => Promise<void>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let progress = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    progress += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await interrupt?.().then(() => child.kill('SIGTERM'))
  const code = await ended
  return { code, output, progress }
}

describe('npm run bench', () => {
  it(
    'compares, holds against goals, and leaves nothing behind',
    async () => {
      const json = join(folder, 'result.json')
      const only = 'counter,direct,flush-100x3,rotation-1000,read-1000,read-hash-1000000'
      const { code, output, progress } = await bench(['--quick', '--only', only, '--json', json])
      expect({ code, progress }).toEqual({
        code: 0,
        progress: expect.not.stringContaining('failed'),
      })
      expect(output).toMatch(/^### Goals$/m)
      expect(output).toMatch(/direct mode, to the Python original .* not measured/)
      const { cases } = JSON.parse(readFileSync(json, 'utf8')) as { cases: { id: string }[] }
      expect(cases.map(({ id }) => id).join(',')).toBe(only)
      rmSync(json)
      expect(readdirSync(folder)).toEqual([])
    },
    LONGEST_MS,
  )

  it(
    'ends its servers when it is interrupted',
    async () => {
      const hasServer = () =>
        readdirSync(folder).some((name) => existsSync(join(folder, name, 'r.sock')))
      const { code } = await bench(['--only', 'read-100000'], () => until(hasServer))
      expect(code).toBe(130)
      expect(readdirSync(folder)).toEqual([])
    },
    LONGEST_MS,
  )

  it(
    'reckons from a full Redis what a fleet needs',
    async () => {
      const only = 'load-100x10xmax,redis-memory'
      const { code, output } = await bench(['--growth', '--quick', '--only', only])
      expect(code).toBe(0)
      expect(output).toMatch(/\| 100 +\| 10 +\| [\d,]+ +\| [\d.]+ % /)
      expect(output).toMatch(/^\| 60 s +\| 167 +\| \d+ \([\d.]+ cores\)/m)
      expect(output).toMatch(
        /with `layout: keys`, [\d.]+ bytes .* with `layout: hash`, [\d.]+ bytes/,
      )
    },
    LONGEST_MS,
  )
})
