import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'

const GROUPS = `groups:
  g: {events: [a], intervals: [1s]}
  rare: {events: [a], intervals: [400000h], sync_interval: 3600}`

let redis: PrivateRedis
let folder: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  folder = mkdtempSync(join(tmpdir(), 'ecl-context-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await redis.close()
})

/** Runs the program on a store, and returns what it tells. */
async function run(store: string, first: string): Promise<{ readonly spoken: readonly string[] }> {
  const config = join(folder, 'ecl.yml')
  writeFileSync(config, `${store}\n${GROUPS}\n`)
  const program = fileURLToPath(new URL('programs/first-request.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--no-warnings', program, config, first],
    { timeout: 20_000 },
  )
  return JSON.parse(stdout)
}

describe.each([
  ['Redis', () => `redis: {path: ${redis.socket}}`],
  ['an SQLite file', () => `store: "sqlite:${join(folder, 'c.db')}"`],
])('with %s, the context of the request that came first', (_name, store) => {
  it.each(['log', 'read', 'rotate'])('by %s is let go when that request is over', async (first) => {
    const told = await run(store(), first)
    expect(told).toMatchObject({ kept: true, collected: true })
    expect(told.spoken).not.toHaveLength(0)
    expect(told.spoken.filter((line) => !line.startsWith('none: '))).toEqual([])
  })
})
