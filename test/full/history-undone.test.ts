import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type EpochSeconds, openStore, resolveGroups, silentLogger } from 'ecl-core'
import { HandClient, until } from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import { endOfWholeTransactions } from '../../packages/ecl-chaos/src/whole-transactions.ts'
import { expectNothingMissing } from '../laws.ts'
import { lasting, loggedSums, System } from '../system.ts'

const CACHED = { group: 'cached', interval: '1s' } as const
/** Two turns of a window of a second fit in, and loggers still have what they sent meanwhile. */
const LOST_MS = 2300

let system: System
let history: HistoryStore

beforeEach(async () => {
  system = await System.start('history: {store: "sqlite:history.db"}\n')
  history = openHistory(`sqlite:${join(system.redis.directory, 'history.db')}`, {
    logger: silentLogger,
  })
  await history.migrate()
})
afterEach(async () => {
  await history.close()
  await system.close()
})

/** The windows of a second of the group cached that are kept from some instant on. */
async function keptFrom(from: number) {
  const kept = []
  const range = { ...CACHED, from: from as EpochSeconds, to: 1e10 as EpochSeconds }
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

/** The file that Redis writes: since version 7 in a folder of its own. */
function appendOnlyFile(): string {
  const { directory } = system.redis
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return join(directory, names.find((name) => /(incr|appendonly)\.aof$/.test(name)) ?? '')
}

/** Kills Redis, takes from it what it has written since its file was of a size, and starts it again, as after a power loss. */
async function undoSince(size: number): Promise<void> {
  await system.redis.kill()
  const file = appendOnlyFile()
  truncateSync(file, endOfWholeTransactions(readFileSync(file).subarray(0, size)))
  await lasting(1200)
  await system.redis.start()
}

/**
 * Takes from Redis what it has written since the end of a second, two windows that are in SQL among it.
 *
 * @param stalledMs for how long it stands still before the first of them is turned over
 * @returns the second of these two windows, which does not come again
 */
async function undoTwoWindows(stalledMs: number): Promise<number> {
  for (;;) {
    await until(() => Date.now() % 1000 > 930)
    const { size } = statSync(appendOnlyFile())
    if (stalledMs > 0) {
      system.redis.signal('SIGSTOP')
      await lasting(stalledMs)
      system.redis.signal('SIGCONT')
    }
    const sinceMs = Date.now()
    // Where it stood still, the second that is under way is the one behind the missed boundaries.
    const undone = Math.floor(sinceMs / 1000) + (stalledMs > 0 ? 0 : 1)
    await until(async () => (await keptFrom(undone)).length > 0)
    // On a machine that is busy, that took longer than loggers keep what they have sent: nothing has happened yet.
    if (Date.now() - sinceMs > LOST_MS) continue
    await undoSince(size)
    return undone
  }
}

describe('a crash of Redis that undoes what is in SQL leaves each count there once:', () => {
  it.each([
    ['windows of a second', 0, 3, ['direct:1s', 'direct:2s', 'cached:1s', 'dynamic:1s']],
    // In the others, what is late may be of Python programs.
    ['windows that were turned over late', 3000, 1, ['cached:1s']],
  ])(
    '%s',
    async (_, stalledMs, rounds, exact) => {
      system.startMaster()
      system.startArchiver()
      await system.startServices(2)
      await system.turns(2)
      const undone: number[] = []
      for (let round = 0; round < rounds; round++) {
        undone.push(await undoTwoWindows(stalledMs))
        await system.turns(3)
      }
      const reports = await system.stopServices()
      await system.turns(4)
      expectNothingMissing(reports)
      const logged = loggedSums(reports)
      for (const key of exact) {
        const own = Object.entries(logged).filter(([event]) => event.startsWith(`${key}:`))
        const [group = '', interval = ''] = key.split(':')
        expect(await keptSums(group, interval)).toEqual(Object.fromEntries(own))
      }
      for (const start of undone) {
        expect(await keptFrom(start)).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ start, completeness: 'unknown', total: 0n }),
          ]),
        )
      }
    },
    120_000,
  )

  it('late counts of a window', async () => {
    system.startMaster()
    system.startArchiver()
    await system.turns(2)
    const store = openStore(system.redis.backend, { logger: silentLogger })
    try {
      const [group] = resolveGroups({ direct: { events: ['hit', 'error'], intervals: ['2s'] } })
      if (group === undefined) throw new Error('bug: no group')
      const client = new HandClient(store, group, 'late/1/a')
      await client.register()
      await until(() => Date.now() % 2000 > 400 && Date.now() % 2000 < 900)
      const start = (Math.floor(Date.now() / 2000) * 2) as EpochSeconds
      await client.send(start, { hit: 3 })
      await until(() => Date.now() >= (start + 2) * 1000)
      // It has sent all: what is published now is the last word on the window.
      await client.sign({ through: (start + 2) as EpochSeconds })
      const kept = async (total: bigint) => {
        const sums = await keptSums('direct', '2s')
        return sums['direct:2s:hit'] === total
      }
      await until(() => kept(3n))
      const { size } = statSync(appendOnlyFile())
      const late = client.batch({ at: start, counts: [['hit', 4]] })
      expect(await store.apply(late)).toMatchObject({ status: 'applied' })
      await until(() => kept(7n))
      await undoSince(size)
      const { client: redis } = system.redis
      await until(async () => Number(await redis.get('direct:2s:cur:@ts')) > start + 2)
      expect(await store.apply(late)).toMatchObject({ status: 'applied' })
      await system.turns(5)
      expect(await keptSums('direct', '2s')).toEqual({ 'direct:2s:hit': 7n })
      const windows = await keptFrom(start)
      expect(windows.length).toBeGreaterThan(3)
    } finally {
      await store.close()
    }
  }, 60_000)
})
