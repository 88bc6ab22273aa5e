import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openStore, resolveGroups } from 'ecl-core'
import { until } from 'ecl-core/testing'
import { findDriver } from '../packages/ecl-sqlite/src/driver.ts'
import type { SqliteModule } from '../packages/ecl-sqlite/src/thread/driver-api.ts'
import { ended } from './system.ts'

const HAMMER = fileURLToPath(new URL('programs/sqlite-hammer.mjs', import.meta.url))
const AT_ONCE = 3
const LONGEST_LIFE_MS = 250
const LONGEST_START_MS = 30_000
const ALL_TIME = { spec: '10000h', seconds: 10_000 * 3600 }
const [GROUP] = resolveGroups({
  group: { events: [], intervals: [ALL_TIME.spec], auto_declare_events: true },
})

/**
 * Kills processes that count into one file, each at some moment, and looks whether the file is good and holds what was
 * acknowledged: no less, and no more than what its books say.
 *
 * @param rounds how often so many processes are started and killed
 */
export async function expectExactAfterKills(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ecl-kills-'))
  const file = join(folder, 'counts.db')
  try {
    const acknowledged = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      const names = Array.from({ length: AT_ONCE }, (_, index) => `p${round}-${index}`)
      await Promise.all(names.map(async (name) => acknowledged.set(name, await lifeOf(file, name))))
      assert.equal(integrity(file), 'ok')
    }
    await expectExact(file, acknowledged)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @returns how much the process knew to be in the file when it was killed */
async function lifeOf(file: string, name: string): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [HAMMER, file, name])
  let said = ''
  let complaints = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  try {
    await until(() => said !== '' || complaints !== '', LONGEST_START_MS)
    await sleep(Math.random() * LONGEST_LIFE_MS)
  } finally {
    child.kill('SIGKILL')
    await ended(child)
  }
  assert.equal(complaints, '')
  // The last line may have been cut off.
  return Number(said.split('\n').at(-2))
}

function integrity(file: string): unknown {
  const { name, from } = findDriver()
  const { DatabaseSync }: SqliteModule = createRequire(from)(name)
  const database = new DatabaseSync(file)
  try {
    return Reflect.get(
      Object(database.prepare('PRAGMA integrity_check').get({})),
      'integrity_check',
    )
  } finally {
    database.close()
  }
}

async function expectExact(file: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  assert.ok(GROUP)
  const store = openStore(`sqlite:${file}`)
  try {
    const { cur } = await store.read(GROUP, ALL_TIME, 'cur')
    const { clients } = await store.accounts(GROUP)
    const stored = new Map<string, number>()
    for (const [event, n] of cur?.counts ?? []) {
      const name = event.split('/')[0] ?? ''
      stored.set(name, (stored.get(name) ?? 0) + Number(n))
    }
    assert.deepEqual([...stored.keys()].sort(), [...acknowledged.keys()].sort())
    // Books and counts go in together. Which client is whose is not said; their sums are.
    const applied = clients.map((client) => client.applied).sort((a, b) => a - b)
    assert.deepEqual(
      [...stored.values()].sort((a, b) => a - b),
      applied,
    )
    for (const [name, sum] of acknowledged) {
      const there = stored.get(name) ?? 0
      // What was under way may be in.
      assert.ok(there >= sum && there <= sum + 50, `${name}: ${sum} acknowledged, ${there} stored`)
    }
  } finally {
    await store.close()
  }
}
