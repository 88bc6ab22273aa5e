import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type EpochSeconds, silentLogger } from 'ecl-core'
import { until } from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import { endOfWholeTransactions } from '../../packages/ecl-chaos/src/whole-transactions.ts'
import { expectNothingMissing } from '../laws.ts'
import { lasting, loggedSums, System } from '../system.ts'

const DIRECT = { group: 'direct', interval: '1s' } as const
const ROUNDS = 4
/** Two turns of a window of a second fit in, and loggers still have what they sent meanwhile. */
const LOST_MS = 2300

let system: System
let history: HistoryStore

beforeEach(async () => {
  system = await System.start('history: {store: "sqlite:history.db"}\n')
  history = openHistory(`sqlite:${join(system.redis.directory, 'history.db')}`, {
    logger: silentLogger,
  })
})
afterEach(async () => {
  await history.close()
  await system.close()
})

/** The windows of a second that are kept from some instant on. */
async function keptFrom(from: number) {
  const kept = []
  const range = { ...DIRECT, from: from as EpochSeconds, to: 1e10 as EpochSeconds }
  for await (const window of history.windows(range)) kept.push(window)
  return kept
}

/** The sums of all that is kept of a group's windows of one interval, by `group:interval:event`. */
async function keptSums(group: string, interval: string): Promise<Record<string, bigint>> {
  const sums: Record<string, bigint> = {}
  const all = { group, interval, from: 0 as EpochSeconds, to: 1e10 as EpochSeconds }
  for await (const { event, sum } of history.rows(all)) {
    const key = `${group}:${interval}:${event}`
    sums[key] = (sums[key] ?? 0n) + sum
  }
  return sums
}

/**
 * Takes from Redis what it has written since the end of a second, two windows that are in SQL among it, as a power loss does.
 *
 * @returns the second of these two windows, which does not come again
 */
async function undoTwoWindows(): Promise<number> {
  const folder = join(system.redis.directory, 'appendonlydir')
  const file = readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? ''
  await until(() => Date.now() % 1000 > 930)
  const sinceMs = Date.now()
  const { size } = statSync(join(folder, file))
  const undone = Math.floor(sinceMs / 1000) + 1
  await until(async () => (await keptFrom(undone)).length > 0)
  await system.redis.kill()
  expect(Date.now() - sinceMs).toBeLessThan(LOST_MS)
  const left = readFileSync(join(folder, file)).subarray(0, size)
  truncateSync(join(folder, file), endOfWholeTransactions(left))
  await lasting(1200)
  await system.redis.start()
  return undone
}

describe('a crash of Redis that undoes windows of a second that are in SQL', () => {
  it('leaves each count in SQL once', async () => {
    system.startMaster()
    system.startArchiver()
    await system.startServices(2)
    await system.turns(2)
    const undone: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      undone.push(await undoTwoWindows())
      await system.turns(3)
    }
    const reports = await system.stopServices()
    await system.turns(4)
    expectNothingMissing(reports)
    const logged = loggedSums(reports)
    for (const [group, interval] of [
      ['direct', '1s'],
      ['direct', '2s'],
      ['cached', '1s'],
      ['dynamic', '1s'],
    ] as const) {
      const own = Object.entries(logged).filter(([key]) => key.startsWith(`${group}:${interval}:`))
      expect(await keptSums(group, interval)).toEqual(Object.fromEntries(own))
    }
    for (const start of undone) {
      expect(await keptFrom(start)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ start, completeness: 'unknown', total: 0n }),
        ]),
      )
    }
  }, 120_000)
})
