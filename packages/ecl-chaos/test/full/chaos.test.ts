import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'

const CHAOS = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const SECONDS = 50

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-chaos-test-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs the suite to its end. */
function chaos(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CHAOS, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
    })
  })
}

it('counts to the unit through some hundred faults', async () => {
  const json = join(directory, 'result.json')
  const { code, output } = await chaos([
    '--seed',
    '4',
    '--seconds',
    String(SECONDS),
    '--archivers',
    '2',
    '--json',
    json,
  ])
  const { findings, struck, figures } = JSON.parse(readFileSync(json, 'utf8'))
  expect({ findings, code, output }).toMatchObject({ findings: [], code: 0 })
  expect(struck.length).toBeGreaterThan(80)
  expect(figures.complete).toBeGreaterThan(10)
  expect(figures.archived).toBeGreaterThan(50)
}, 240_000)
