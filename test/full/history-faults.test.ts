import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  type EpochSeconds,
  openStore,
  type QueueState,
  resolveGroups,
  silentLogger,
} from 'ecl-core'
import { HandClient, type LedgerInterval, until } from 'ecl-core/testing'
import { type HistoryWindow, openHistory } from 'ecl-history'
import { PrivatePostgres } from 'ecl-history/testing'
import { findDriver } from '../../packages/ecl-sqlite/src/driver.ts'
import type { SqliteModule } from '../../packages/ecl-sqlite/src/thread/driver-api.ts'
import { expectEachWindowOnce, expectNothingMissing } from '../laws.ts'
import { loggedSums, System, storedSums } from '../system.ts'

const GROUPS = resolveGroups({
  direct: { events: ['hit', 'error'], intervals: ['1s', '2s'] },
  cached: { events: ['job'], intervals: ['1s'] },
  dynamic: { events: [], intervals: ['1s'], auto_declare_events: true },
})
const [DIRECT] = GROUPS
const KINDS = ['direct:1s', 'direct:2s', 'cached:1s', 'dynamic:1s'] as const

let system: System
let postgres: PrivatePostgres | undefined
/** Where windows are kept. */
let url: string

afterEach(async () => {
  await system.close()
  await postgres?.close()
  postgres = undefined
})

async function startOnFile(): Promise<void> {
  system = await System.start('history: {store: "sqlite:history.db"}\n')
  url = `sqlite:${join(system.redis.directory, 'history.db')}`
}

async function startOnPostgres(): Promise<void> {
  postgres = await PrivatePostgres.start()
  url = postgres.url()
  system = await System.start(`history: {store: "${url}"}\n`)
}

/** A number below another one, from a seed, so that a failure can be had again. */
function lots(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

/** All windows that are kept, by `group:interval`, each with its counts. */
async function keptWindows() {
  const history = openHistory(url, { logger: silentLogger })
  try {
    await history.migrate()
    const kept = new Map<
      string,
      Map<number, { window: HistoryWindow; counts: Map<string, bigint> }>
    >()
    for (const { group, interval } of await history.series()) {
      const all = { group, interval, from: 0 as EpochSeconds, to: 1e10 as EpochSeconds }
      const windows = new Map<number, { window: HistoryWindow; counts: Map<string, bigint> }>()
      for await (const window of history.windows(all)) {
        expect(windows.has(window.start)).toBe(false)
        windows.set(window.start, { window, counts: new Map() })
      }
      for await (const { start, event, sum } of history.rows(all)) {
        windows.get(start)?.counts.set(event, sum)
      }
      kept.set(`${group}:${interval}`, windows)
    }
    return kept
  } finally {
    await history.close()
  }
}

/** Waits until so many entries of all queues, or fewer, wait or are under way. */
async function queued(isIt: (entries: number, underWay: number) => boolean): Promise<void> {
  const store = openStore(system.redis.backend, { logger: silentLogger })
  const refs = GROUPS.flatMap((group) => group.intervals.map((interval) => ({ group, interval })))
  try {
    await until(async () => {
      const states = (await store.history?.state(refs)) ?? []
      const sum = (of: (state: QueueState) => number) =>
        states.reduce((total, state) => total + of(state), 0)
      return isIt(
        sum(({ length }) => length),
        sum(({ pending }) => pending),
      )
    }, 60_000)
  } finally {
    await store.close()
  }
}

/** Does something while archivers have windows that they cannot keep for the moment. */
async function withWindowsUnderWay(work: () => void): Promise<void> {
  if (postgres === undefined) {
    const unlock = await lockedFile()
    await queued((_, underWay) => underWay > 0)
    work()
    unlock()
    return
  }
  await postgres.kill()
  await queued((_, underWay) => underWay > 0)
  work()
  await postgres.start()
}

/** Keeps everybody from writing into the file until it is called. */
async function lockedFile(): Promise<() => void> {
  const { name, from } = findDriver()
  const { DatabaseSync }: SqliteModule = createRequire(from)(name)
  const database = new DatabaseSync(join(system.redis.directory, 'history.db'))
  await until(async () => {
    try {
      database.exec('BEGIN IMMEDIATE')
      return true
    } catch {
      return false
    }
  })
  return () => database.close()
}

/** The sums of what is kept of the windows of seconds, by `group:interval:event`. */
function sumsOf(kept: Awaited<ReturnType<typeof keptWindows>>): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  for (const kind of KINDS) {
    for (const { counts } of kept.get(kind)?.values() ?? []) {
      for (const [event, n] of counts) {
        sums[`${kind}:${event}`] = (sums[`${kind}:${event}`] ?? 0n) + n
      }
    }
  }
  return sums
}

/** What is kept is what the store had of each window when it was overwritten. */
function expectKept(
  kept: Awaited<ReturnType<typeof keptWindows>>,
  ledger: ReadonlyMap<string, LedgerInterval>,
  settledBefore: number,
): void {
  for (const kind of KINDS) {
    const stored = (ledger.get(kind)?.windows ?? []).filter(
      ({ start }) => start !== undefined && start < settledBefore,
    )
    const turned = new Set(ledger.get(kind)?.rotated)
    const windows = stored.filter(({ start }) => start !== undefined && turned.has(start))
    expect(windows.length).toBeGreaterThan(5)
    for (const { start = 0, counts } of windows) {
      const happened = new Map([...counts].filter(([, count]) => count !== 0n))
      const found = kept.get(kind)?.get(start)
      expect({ kind, start, counts: found?.counts }).toEqual({ kind, start, counts: happened })
      const total = [...happened.values()].reduce((sum, count) => sum + count, 0n)
      expect({ kind, start, total: found?.window.total }).toEqual({ kind, start, total })
    }
  }
}

/** Adds counts to a window that has been published, when it has ended for 700 ms. */
class LateComer {
  readonly #store = openStore(system.redis.backend, { logger: silentLogger })
  readonly #client: HandClient
  #registered = false
  counts = 0

  constructor() {
    if (DIRECT === undefined) throw new Error('bug: no group')
    this.#client = new HandClient(this.#store, DIRECT, `late/1/${Math.random()}`)
  }

  async come(): Promise<void> {
    if (!this.#registered) await this.#client.register()
    this.#registered = true
    await until(() => Date.now() % 1000 > 650 && Date.now() % 1000 < 850)
    const before = Math.floor(Date.now() / 1000) - 1
    const applied = await this.#client.send(before, { error: 5 })
    if (applied.status === 'applied') this.counts += 5
  }

  async end(): Promise<void> {
    await this.#client.sign({ closes: true })
    await this.#store.close()
  }
}

/**
 * Has services count while masters, archivers and Redis are killed at random, and counts come late; then checks that all
 * of it is kept.
 *
 * @param disturb what else happens in a round
 */
async function expectAllKept(disturb: (round: number) => Promise<void>): Promise<void> {
  const draw = lots(7)
  const masters: ChildProcess[] = [system.startMaster(), system.startMaster()]
  const archivers = [0, 1, 2].map(() => system.startArchiver())
  await system.startServices(2)
  const late = new LateComer()
  for (let round = 0; round < 12; round++) {
    await late.come()
    const who = draw(3)
    archivers[who]?.kill('SIGKILL')
    archivers[who] = system.startArchiver()
    if (round % 3 === 1) {
      const master = draw(2)
      masters[master]?.kill('SIGKILL')
      masters[master] = system.startMaster()
    }
    if (round % 4 === 2) {
      await system.redis.kill()
      await system.redis.start()
    }
    await disturb(round)
    await system.turns(1)
  }
  await late.end()
  // All at once, and with windows under way where that can be had: somebody else has to find these.
  await withWindowsUnderWay(() => {
    for (const archiver of archivers) archiver.kill('SIGKILL')
  })
  for (let n = 0; n < 3; n++) system.startArchiver()
  const reports = await system.stopServices()
  // Until all that was counted is in windows that have been published.
  await system.turns(4)
  const settledBefore = Math.floor(Date.now() / 1000) - 2
  await until(() => Date.now() % 1000 > 700)
  const ledger = await system.ledger()
  await queued((entries) => entries === 0)
  expectNothingMissing(reports)
  expectEachWindowOnce(ledger)
  expect(late.counts).toBeGreaterThan(30)
  const logged = loggedSums(reports)
  for (const key of ['direct:1s:error', 'direct:2s:error']) {
    logged[key] = (logged[key] ?? 0n) + BigInt(late.counts)
  }
  const ofWindows = Object.entries(logged).filter(([key]) => !key.includes(':1h:'))
  expect(storedSums(ledger)).toMatchObject(Object.fromEntries(ofWindows))
  const kept = await keptWindows()
  expectKept(kept, ledger, settledBefore)
  expect(sumsOf(kept)).toEqual(Object.fromEntries(ofWindows))
}

describe('two masters and three archivers', () => {
  it('that are killed at random, with Redis, keep each window once, to the unit, late counts included', async () => {
    await startOnFile()
    await expectAllKept(() => Promise.resolve())
  }, 180_000)

  it('keep each window once in a PostgreSQL that is killed as well, to the unit', async () => {
    await startOnPostgres()
    await expectAllKept(async (round) => {
      if (round % 5 !== 3) return
      await postgres?.kill()
      await postgres?.start()
    })
  }, 180_000)
})
