import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Batch } from '../../batch.ts'
import type { EpochSeconds, Interval } from '../../interval.ts'
import { windowStart } from '../../interval.ts'
import { FIVE_SECONDS, groupSpec, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { RedisStore } from './redis-store.ts'

const SEVEN_SECONDS: Interval = { spec: '7s', seconds: 7 }
const GROUP = groupSpec({ events: ['a'], dynamic: true, intervals: [FIVE_SECONDS, SEVEN_SECONDS] })

/** One thing that happens in a schedule. */
type Step =
  | { readonly do: 'log'; readonly client: number; readonly event: string; readonly n: number }
  /** Sends what a client has logged; a copy of the batch may come at once, or after so many further steps. */
  | {
      readonly do: 'send'
      readonly client: number
      readonly copies: number
      readonly hold: boolean
    }
  | { readonly do: 'rotate'; readonly interval: 0 | 1 }
  | { readonly do: 'wait'; readonly ms: number }

const client = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('log' as const),
    client,
    event: fc.constantFrom('a', 'x', 'y:z'),
    n: fc.integer({ min: -3, max: 1000 }),
  }),
  fc.record({
    do: fc.constant('send' as const),
    client,
    copies: fc.integer({ min: 0, max: 3 }),
    hold: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('rotate' as const),
    interval: fc.constantFrom(0 as const, 1 as const),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4000 }) }),
)

/** A client as a logger is one: a segment a window, one batch in flight, kept until it is acknowledged. */
class ModelClient {
  readonly #store: RedisStore
  readonly #id: string
  #lastApplied = 0
  #open: { at: EpochSeconds; counts: Map<string, number> } | undefined
  readonly #closed: { at: EpochSeconds; counts: Map<string, number> }[] = []
  #inFlight: Batch | undefined
  /** Batches that the network delivers again. */
  readonly copies: Batch[] = []

  constructor(store: RedisStore, id: string) {
    this.#store = store
    this.#id = id
  }

  log(nowMs: number, event: string, n: number): void {
    const seconds = nowMs / 1000
    const at = Math.max(...GROUP.intervals.map((one) => windowStart(seconds, one))) as EpochSeconds
    if (this.#open !== undefined && this.#open.at !== at) {
      this.#closed.push(this.#open)
      this.#open = undefined
    }
    this.#open ??= { at, counts: new Map() }
    this.#open.counts.set(event, (this.#open.counts.get(event) ?? 0) + n)
  }

  get idle(): boolean {
    return this.#open === undefined && this.#closed.length === 0 && this.#inFlight === undefined
  }

  /** @returns the stamp of what was applied, with where it went */
  async send(
    copies: number,
    mayHold: boolean,
  ): Promise<{ batch: Batch; placements: readonly string[] } | undefined> {
    if (this.#lastApplied === 0) await this.#deliver(this.#batch(undefined, [], false))
    if (this.#inFlight === undefined) {
      const segment = this.#closed.shift() ?? this.#open
      if (segment === undefined) return undefined
      if (segment === this.#open) this.#open = undefined
      this.#inFlight = this.#batch(segment.at, [...segment.counts], mayHold)
    }
    this.#inFlight = { ...this.#inFlight, mayHold }
    const batch = this.#inFlight
    for (let i = 0; i < copies; i++) this.copies.push(batch)
    return this.#deliver(batch)
  }

  #batch(
    at: EpochSeconds | undefined,
    counts: (readonly [string, number])[],
    mayHold: boolean,
  ): Batch {
    return {
      group: GROUP,
      clientId: this.#id,
      number: this.#lastApplied + 1,
      follows: this.#lastApplied,
      at,
      intervals: GROUP.intervals,
      counts,
      declared: new Set(GROUP.events),
      mayHold,
      closes: false,
    }
  }

  async #deliver(
    batch: Batch,
  ): Promise<{ batch: Batch; placements: readonly string[] } | undefined> {
    const applied = await this.#store.apply(batch)
    if (applied.status === 'hold') return undefined
    if (applied.status === 'gap') throw new Error('a gap without a crash')
    this.#lastApplied = batch.number
    this.#inFlight = undefined
    return { batch, placements: applied.status === 'applied' ? applied.placements : [] }
  }
}

describe('any schedule of loggers, masters and repeated deliveries', () => {
  let redis: ManualTimeRedis
  let stores: RedisStore[]

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
    stores = [redis.open(), redis.open(), redis.open()]
  })
  beforeEach(() => redis.clear())
  afterAll(() => redis.close())

  /** Plays a schedule, and checks after it that every event was counted once, and in its window unless said to be late. */
  const play = async (steps: readonly Step[]): Promise<void> => {
    await redis.clear()
    let nowMs = NOON * 1000 + 500
    await redis.setTime(nowMs)
    const clients = stores.map((store, index) => new ModelClient(store, `host/${index}/x`))
    const [master] = stores
    if (master === undefined) throw new Error('no store')
    /** interval → window → event → count, of what should be there. */
    const expected = new Map(
      GROUP.intervals.map((one) => [one, new Map<number, Map<string, number>>()]),
    )
    const found = new Map(
      GROUP.intervals.map((one) => [one, new Map<number, Map<string, number>>()]),
    )
    const add = (
      into: typeof expected,
      interval: Interval,
      window: number,
      event: string,
      n: number,
    ) => {
      const windows = into.get(interval) ?? new Map<number, Map<string, number>>()
      const counts = windows.get(window) ?? new Map<string, number>()
      counts.set(event, (counts.get(event) ?? 0) + n)
      windows.set(window, counts)
    }
    /** `last` may still be added to: it is taken in when it is about to be replaced. */
    const takeIn = async (interval: Interval, which: 'cur' | 'last') => {
      const snapshot = (await master.read(GROUP, interval, which))[which]
      for (const [event, count] of snapshot?.counts ?? []) {
        if (snapshot?.start !== undefined && count !== 0n)
          add(found, interval, snapshot.start, event, Number(count))
      }
    }
    const rotate = async (interval: Interval) => {
      const { last } = await master.read(GROUP, interval, 'last')
      const rotated = await stores[nowMs % 3]?.rotate(GROUP, interval)
      if (rotated?.status !== 'rotated') return
      for (const [event, count] of last?.counts ?? []) {
        if (last?.start !== undefined && count !== 0n)
          add(found, interval, last.start, event, Number(count))
      }
    }
    const send = async (index: number, copies: number, hold: boolean): Promise<boolean> => {
      const sent = await clients[index]?.send(copies, hold)
      if (sent === undefined) return false
      for (const [position, interval] of GROUP.intervals.entries()) {
        const reading = await master.read(GROUP, interval, 'cur')
        const at = sent.batch.at ?? 0
        const placement = sent.placements[position]
        const late = placement === 'late' || placement === 'ahead'
        const window = late ? (reading.current ?? 0) : windowStart(at, interval)
        for (const [event, n] of sent.batch.counts)
          add(expected, interval, window, event, Number(n))
      }
      return true
    }

    for (const one of steps) {
      if (one.do === 'log') clients[one.client]?.log(nowMs, one.event, one.n)
      else if (one.do === 'send') await send(one.client, one.copies, one.hold)
      else if (one.do === 'rotate') await rotate(GROUP.intervals[one.interval] ?? FIVE_SECONDS)
      else await redis.setTime((nowMs += one.ms))
      const [copy] = clients.flatMap((each) => each.copies.splice(0, 1))
      if (copy !== undefined) {
        const status = (await master.apply(copy)).status
        // A copy of what was held may be what is applied: then the client hears "duplicate", and all is well.
        if (status === 'applied')
          throw new Error('a copy overtook its batch: not part of this model')
      }
    }
    for (const [index, each] of clients.entries()) {
      while (!each.idle) await send(index, 0, false)
    }
    for (const interval of GROUP.intervals) {
      await takeIn(interval, 'last')
      await takeIn(interval, 'cur')
    }
    const plain = (counts: typeof expected) =>
      Array.from(counts, ([interval, windows]) => [
        interval.spec,
        [...windows]
          .map(
            ([window, events]) =>
              [
                window,
                [...events].filter(([, n]) => n !== 0).sort(([a], [b]) => (a < b ? -1 : 1)),
              ] as const,
          )
          .filter(([, events]) => events.length > 0)
          .sort(([a], [b]) => a - b),
      ])
    expect(plain(found)).toEqual(plain(expected))
  }

  it('counts every event once, in its window unless it is reported late', async () => {
    // What is held is not applied by its copy here: copies of held batches are left to the fault tests.
    const steps = fc.array(step, { minLength: 1, maxLength: 60 })
    const withoutHeldCopies = steps.map((all) =>
      all.map((one) => (one.do === 'send' && one.hold ? { ...one, copies: 0 } : one)),
    )
    await fc.assert(fc.asyncProperty(withoutHeldCopies, play), { numRuns: 150, seed: 20261122 })
  }, 60_000)
})
