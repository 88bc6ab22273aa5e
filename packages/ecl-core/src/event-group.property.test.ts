import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { resolveGroups } from './config/resolve-groups.ts'
import { EventCountLogger } from './event-count-logger.ts'
import type { Interval } from './interval.ts'
import { windowStart } from './interval.ts'
import { silentLogger } from './logger.ts'
import type { Snapshot } from './store/counter-store.ts'
import { type Fault, FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

/** interval → window → event → count */
type Ledger = Map<string, Map<number, Map<string, number>>>

const step = fc.record({
  event: fc.constantFrom('a', 'b', 'c'),
  n: fc.integer({ min: -2, max: 50 }),
  byHandle: fc.boolean(),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3000 })),
  flush: fc.boolean(),
})
const schedule = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  faults: fc.array(
    fc.constantFrom<Fault | undefined>(
      'lost',
      'reply lost',
      'repeated later',
      undefined,
      undefined,
    ),
    { maxLength: 60 },
  ),
  mode: fc.constantFrom({}, { sync_interval: 1.5 }, { sync_limit: 20 }, { sync_interval: 60 }),
  /** How late the masters turn windows over. */
  masterMs: fc.integer({ min: 1, max: 900 }),
  clockErrorMs: fc.constantFrom(0, 3_600_000, -7_200_000),
  jitter: fc.double({ min: 0, max: 0.99, noNaN: true }),
})

function book(ledger: Ledger, interval: string, window: number, event: string, n: number): void {
  const windows = ledger.get(interval) ?? new Map<number, Map<string, number>>()
  const counts = windows.get(window) ?? new Map<string, number>()
  counts.set(event, (counts.get(event) ?? 0) + n)
  windows.set(window, counts)
  ledger.set(interval, windows)
}

function plain(ledger: Ledger): object {
  const entries = Array.from(ledger, ([interval, windows]) => [
    interval,
    Object.fromEntries(
      Array.from(windows, ([window, counts]) => [
        window,
        Object.fromEntries([...counts].filter(([, n]) => n !== 0)),
      ]),
    ),
  ])
  return Object.fromEntries(entries)
}

/** A logger, its store, and masters that turn windows over a little late. */
class System {
  readonly #clock: ManualClock
  /** How far the store's clock is ahead of the logger's. */
  readonly #aheadMs: number
  readonly #memory = new MemoryStore({ wallMs: () => this.#storeMs })
  readonly #intervals: readonly Interval[]
  readonly #spec
  readonly #nextTurnMs = new Map<Interval, number>()
  readonly #masterMs: number
  readonly found: Ledger = new Map()
  readonly ecl

  constructor(
    config: object,
    faults: (Fault | undefined)[],
    masterMs: number,
    clockErrorMs: number,
    jitter: number,
  ) {
    const groups = { g: { events: ['a', 'b', 'c'], intervals: ['2s', '3s'], ...config } }
    const [spec] = resolveGroups(groups)
    if (spec === undefined) throw new Error('no group')
    this.#spec = spec
    this.#intervals = spec.intervals
    this.#masterMs = masterMs
    this.#aheadMs = -clockErrorMs
    this.#clock = new ManualClock((NOON + 0.5) * 1000 + clockErrorMs)
    const store = new FaultyStore(this.#memory, () => faults.shift())
    const options = { logger: silentLogger, clock: this.#clock, random: () => jitter }
    this.ecl = new EventCountLogger(groups, store, options)
    for (const interval of this.#intervals) this.#planTurn(interval)
  }

  get #storeMs(): number {
    return this.#clock.wallMs() + this.#aheadMs
  }

  /** By the store's clock. */
  get nowSeconds(): number {
    return this.#storeMs / 1000
  }

  /** Lets time pass for everyone, and masters turn windows over on the way. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#storeMs + ms
    for (;;) {
      const turnMs = Math.min(...this.#nextTurnMs.values())
      await this.#clock.advance(Math.max(0, Math.min(turnMs, untilMs) - this.#storeMs))
      if (turnMs > untilMs) return
      for (const [interval, atMs] of this.#nextTurnMs)
        if (atMs <= turnMs) await this.#turn(interval)
    }
  }

  /** Lets time pass until something has come out: after many faults in a row a batch is sent again every 2 s only. */
  async passUntil<T>(outcome: Promise<T>): Promise<T> {
    let pending = true
    void outcome.finally(() => {
      pending = false
    })
    for (let seconds = 0; pending && seconds < 300; seconds++) await this.pass(1000)
    if (pending) throw new Error('nothing has come out for 300 s')
    return outcome
  }

  /** Takes in what has not been replaced. */
  async finish(): Promise<void> {
    for (const interval of this.#intervals) {
      const { cur, last } = await this.#memory.read(this.#spec, interval, 'both')
      this.#takeIn(interval, last)
      this.#takeIn(interval, cur)
    }
  }

  get pendingTimers(): number {
    return this.#clock.pendingTimers
  }

  async #turn(interval: Interval): Promise<void> {
    this.#takeIn(interval, (await this.#memory.read(this.#spec, interval, 'last')).last)
    await this.#memory.rotate(this.#spec, interval)
    this.#planTurn(interval)
  }

  #planTurn(interval: Interval): void {
    const end = windowStart(this.nowSeconds, interval) + interval.seconds
    this.#nextTurnMs.set(interval, end * 1000 + this.#masterMs)
  }

  #takeIn(interval: Interval, snapshot: Snapshot | undefined): void {
    for (const [event, count] of snapshot?.counts ?? []) {
      if (snapshot?.start !== undefined && count !== 0n) {
        book(this.found, interval.spec, snapshot.start, event, Number(count))
      }
    }
  }
}

describe('a logger under any schedule of events, boundaries and faults', () => {
  it('has every event counted once, and in its window unless it says that it was late', async () => {
    let exact = 0
    await fc.assert(
      fc.asyncProperty(
        schedule,
        async ({ steps, faults, mode, masterMs, clockErrorMs, jitter }) => {
          const system = new System(mode, [...faults], masterMs, clockErrorMs, jitter)
          const group = system.ecl.getGroup('g')
          // The registration teaches it the clock; what happens before is left to the tests of stamps.
          group.log('a', 0)
          await group.flush({ signal: AbortSignal.abort() })
          await system.pass(100)
          const truth: Ledger = new Map()
          let logged = 0
          for (const { event, n, byHandle, waitMs, flush } of steps) {
            if (byHandle) group.counter(event).inc(n)
            else group.log(event, n)
            logged += n
            for (const [spec, seconds] of [
              ['2s', 2],
              ['3s', 3],
            ] as const) {
              book(truth, spec, windowStart(system.nowSeconds, { spec, seconds }), event, n)
            }
            if (flush) void group.flush()
            await system.pass(waitMs)
          }
          expect(await system.passUntil(group.flush())).toEqual({ unsentEvents: 0 })
          expect(await system.passUntil(system.ecl.close())).toEqual({ unsentEvents: 0 })
          await system.finish()

          const { stats } = system.ecl
          expect(stats).toMatchObject({
            logged,
            applied: logged,
            unsent: 0,
            unknown: 0,
            rejected: 0,
          })
          for (const windows of system.found.values()) {
            const sum = [...windows.values()]
              .flatMap((counts) => [...counts.values()])
              .reduce((a, b) => a + b, 0)
            expect(sum).toBe(logged)
          }
          if (stats.late === 0) {
            exact++
            expect(withoutZeroes(plain(system.found))).toEqual(withoutZeroes(plain(truth)))
          }
          expect(system.pendingTimers).toBe(0)
        },
      ),
      { numRuns: 200, seed: 7, endOnFailure: true },
    )
    // Retries of a lost batch take at most some seconds, so that most schedules have nothing late.
    expect(exact).toBeGreaterThan(100)
  }, 60_000)
})

/** A window in which all counts are corrected to zero is as good as none. */
function withoutZeroes(ledger: object): object {
  return JSON.parse(
    JSON.stringify(ledger, (_, value: unknown) =>
      typeof value === 'object' && value !== null && Object.keys(value).length === 0
        ? undefined
        : value,
    ),
  ) as object
}
