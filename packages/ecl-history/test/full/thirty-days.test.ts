import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type CounterStore, type EpochSeconds, silentLogger, type WindowQueue } from 'ecl-core'
import { groupSpec, HandClient, ManualTimeRedis, NOON, until } from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import type { PrivatePostgres } from 'ecl-history/testing'
import { Archiver } from '../../src/archive/archiver.ts'
import { describeWithTimescale, startTimescale } from '../timescale-under-test.ts'

const FIVE_MINUTES = { spec: '5m', seconds: 300 }
const DAYS = 30
const WINDOWS = (DAYS * 86_400) / FIVE_MINUTES.seconds
const EVER = { from: 0 as EpochSeconds, to: 1e10 as EpochSeconds }

const group = groupSpec({ events: ['a', 'b'], dynamic: true, intervals: [FIVE_MINUTES] })
const ref = { group, interval: FIVE_MINUTES }

let redis: ManualTimeRedis
/** The history's. */
let url: string
let closing: (() => unknown)[]

beforeEach(async () => {
  redis = await ManualTimeRedis.start()
  closing = []
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  await redis.close()
})

function queueOf({ history }: CounterStore): WindowQueue {
  if (history === undefined) throw new Error('the store has no queue')
  return history
}

function open(): HistoryStore {
  const history = openHistory(url, { logger: silentLogger })
  closing.push(() => history.close())
  return history
}

function startArchiver(): void {
  const queue = queueOf(redis.open())
  const archiver = new Archiver({ queue, windows: [ref], history: open(), logger: silentLogger })
  closing.push(() => archiver.stop())
  archiver.start()
}

/** The counts of a window, by its place: what a ledger of thirty days has. */
function countsOf(place: number): Record<string, number> {
  const counts: Record<string, number> = { a: (place * 7919) % 1000 }
  if (place % 3 === 0) counts[`path ${place % 40}`] = 1 + (place % 17)
  return counts
}

/** @param disturb done about once a week, just before counts come late, while archivers are at work */
function exerciseThirtyDays(disturb: () => Promise<unknown> = async () => undefined): void {
  it('are kept by three archivers, each once, to the unit, with what came late', async () => {
    const masters = [redis.open(), redis.open()]
    const [first] = masters
    if (first === undefined) throw new Error('bug: no master')
    await redis.setTime(NOON * 1000)
    await first.rotate(group, FIVE_MINUTES)
    const client = new HandClient(first, group)
    await client.register()
    for (let n = 0; n < 3; n++) startArchiver()
    const ledger = new Map<string, bigint>()
    const log = async (start: number, counts: Record<string, number>) => {
      const applied = await client.send(start, counts)
      expect(applied.status).toBe('applied')
      for (const [event, n] of Object.entries(counts)) {
        ledger.set(event, (ledger.get(event) ?? 0n) + BigInt(n))
      }
    }
    const bounds = { seconds: 1e9, entries: 1e6 }
    const publish = (final: boolean) =>
      Promise.all(masters.map((master) => queueOf(master).publish(ref, { final, bounds })))
    for (let place = 0; place < WINDOWS; place++) {
      const start = NOON + place * FIVE_MINUTES.seconds
      await log(start, countsOf(place))
      await redis.setTime((start + FIVE_MINUTES.seconds) * 1000)
      await publish(true)
      await Promise.all(
        masters.map((master) => master.rotate(group, FIVE_MINUTES, { onlyPublished: true })),
      )
      await redis.setTime((start + FIVE_MINUTES.seconds + 2) * 1000)
      await publish(false)
      if (place % 2000 === 1007) await disturb()
      // Into the window that is published already.
      if (place % 50 === 7) await log(start, { b: 1 + (place % 9), late: 3 })
    }
    await publish(true)
    const queue = queueOf(first)
    await until(async () => (await queue.state([ref]))[0]?.length === 0, 60_000)
    const history = open()
    const signal = new AbortController().signal
    const now = (NOON + DAYS * 86_400) as EpochSeconds
    for (let done = false; !done; ) {
      const round = await history.maintain(now, new Map(), signal)
      done = round.done
    }
    const query = { group: group.name, interval: '5m', ...EVER }
    const starts: number[] = []
    for await (const { start } of history.windows(query)) starts.push(start)
    expect(starts).toEqual(Array.from({ length: WINDOWS }, (_, n) => NOON + 300 * n))
    for (const stepSeconds of [undefined, 3600, 86_400]) {
      const sums = new Map<string, bigint>()
      for await (const { event, sum } of history.rows({ ...query, stepSeconds })) {
        sums.set(event, (sums.get(event) ?? 0n) + sum)
      }
      const happened = [...ledger].filter(([, n]) => n !== 0n)
      expect({ stepSeconds, sums }).toEqual({
        stepSeconds,
        sums: new Map(happened),
      })
    }
  }, 180_000)
}

describe('thirty days of windows in a file', () => {
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'ecl-thirty-days-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    url = `sqlite:${join(folder, 'history.db')}`
  })

  exerciseThirtyDays()
})

describeWithTimescale('thirty days of windows in TimescaleDB', () => {
  let postgres: PrivatePostgres

  beforeEach(async () => {
    postgres = await startTimescale()
    closing.push(() => postgres.close())
    url = postgres.url()
  })

  // Much sooner than the policy would, so that what comes late is for compressed chunks, too.
  exerciseThirtyDays(() =>
    postgres.psql("SELECT compress_chunk(c) FROM show_chunks('ecl_history.counts') c"),
  )
})
