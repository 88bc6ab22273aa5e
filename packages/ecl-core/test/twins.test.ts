/** A process that is copied while it counts, as by the snapshot of a machine: two go on under one client's id. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import fc from 'fast-check'
import { type Batch, sumCounts } from '../src/batch.ts'
import { systemClock } from '../src/clock.ts'
import { EventGroup } from '../src/event-group.ts'
import type { Logger } from '../src/logger.ts'
import { Pace } from '../src/pace.ts'
import { newDeliveryStatistics } from '../src/statistics.ts'
import type { Applied, CounterStore } from '../src/store/counter-store.ts'
import { openStore } from '../src/store/open-store.ts'
import { StoreClock } from '../src/store-clock.ts'
import { groupSpec, NOON } from '../src/testing/hand-client.ts'
import { ManualClock } from '../src/testing/manual-clock.ts'
import { MemoryStore } from '../src/testing/memory-store.ts'
import { type Identity, ownIdentity } from '../src/twins.ts'
import { unavailable } from './model/client.ts'

const LONG = { spec: '400000h', seconds: 400_000 * 3600 }
const SPEC = groupSpec({ intervals: [LONG] })
const SHARED = 'host/1/shared'
type Fault = 'request lost' | 'reply lost'

/** One of the two, its network, and what its log says. */
class Twin {
  readonly group: EventGroup
  readonly statistics = newDeliveryStatistics()
  readonly said: string[] = []
  readonly clients = new Set([SHARED])
  /** What happens to its next batches. */
  faults: Fault[] = []
  /** Sent, and not acknowledged as far as it knows. */
  inFlight: Batch | undefined
  store: CounterStore
  /** How names are made from when it is a copy. */
  name = ''
  #made = 0

  constructor(store: CounterStore, clock: ManualClock, syncIntervalMs: number | undefined) {
    this.store = store
    const identity: Identity = {
      clientId: () => `host/1/${this.name}${this.#made++}`,
      token: () => `${this.name}${(this.#made++).toString(36)}`.padStart(4, '0'),
    }
    const say = (_details: object, message: string) => void this.said.push(message)
    const logger: Logger = { debug() {}, info() {}, warn: say, error: say }
    this.group = new EventGroup({
      group: groupSpec({ intervals: [LONG], syncIntervalMs }),
      clientId: SHARED,
      identity,
      store: Object.assign(Object.create(store), {
        lossWindowMs: store.lossWindowMs,
        connected: true,
        apply: (batch: Batch) => this.#apply(batch),
        windows: (...args: Parameters<CounterStore['windows']>) => this.store.windows(...args),
      }),
      clock,
      storeClock: new StoreClock(clock),
      logger,
      statistics: this.statistics,
      random: () => 0.5,
      pace: new Pace(() => 0.5),
    })
  }

  /** Counted here and not sent, so that both go on with it. */
  get waiting(): number {
    return this.group.stats.unsent - sumCounts(this.inFlight?.counts ?? [])
  }

  async #apply(batch: Batch): Promise<Applied> {
    this.inFlight = batch
    this.clients.add(batch.clientId)
    const fault = this.faults.shift()
    if (fault === 'request lost') throw unavailable()
    const reply = await this.store.apply(batch)
    if (fault === 'reply lost') throw unavailable()
    if (reply.status === 'applied' || reply.status === 'duplicate') this.inFlight = undefined
    return reply
  }
}

type Step =
  | { readonly kind: 'log'; readonly who: number; readonly n: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'fault'; readonly who: number; readonly fault: Fault }

const who = fc.nat(1)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('log' as const), who, n: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 30, 200, 700, 6000) }),
  fc.record({
    kind: fc.constant('fault' as const),
    who,
    fault: fc.constantFrom<Fault>('request lost', 'reply lost'),
  }),
)

/** What came of a schedule. */
interface Outcome {
  /** How often one of the two took another id. */
  readonly parted: number
  /** Sum of what is not known to be counted. */
  readonly doubted: number
}

/**
 * Has two processes live through the same, as one, then copies it: from then on both have the same store, and lives of
 * their own. All laws are held against what is stored in the end.
 */
async function play(
  storeOf: (clock: ManualClock) => CounterStore,
  before: readonly Step[],
  after: readonly Step[],
  syncIntervalMs: number | undefined,
): Promise<Outcome> {
  const clock = new ManualClock(NOON * 1000)
  const store = storeOf(clock)
  // Until it is copied, the copy has a store of its own, which has lived through the same, too.
  const twins = [
    new Twin(store, clock, syncIntervalMs),
    new Twin(storeOf(clock), clock, syncIntervalMs),
  ] as const
  let logged = 0
  const act = async (one: Step, actors: readonly Twin[]) => {
    if (one.kind === 'pass') await clock.advance(one.ms)
    if (one.kind === 'log') logged += one.n
    if (one.kind === 'log') for (const { group } of actors) group.log('a', one.n)
    if (one.kind === 'fault') for (const { faults } of actors) faults.push(one.fault)
  }
  for (const one of before) await act(one, twins)
  // What waits in memory then, both have. What is in flight is one batch, whoever sends it again.
  logged += twins[1].waiting
  twins[0].name = 'a'
  twins[1].name = 'b'
  twins[1].store = store
  for (const one of after)
    await act(one, one.kind === 'pass' ? [] : twins.slice(one.who).slice(0, 1))
  const ended = Promise.all(twins.map(({ group }) => group.close(120_000)))
  await clock.advance(120_000)
  expect(await ended).toEqual([{ unsentEvents: 0 }, { unsentEvents: 0 }])

  const { cur } = await store.read(SPEC, LONG, 'cur')
  const stored = Number(cur?.counts.get('a') ?? 0n)
  const doubted = twins[0].statistics.unknown + twins[1].statistics.unknown
  expect(stored).toBeLessThanOrEqual(logged)
  expect(stored).toBeGreaterThanOrEqual(logged - doubted)
  let parted = 0
  for (const { said, clients } of twins) {
    const told = said.filter((text) => text.includes('another process counts as')).length
    parted += told
    // The last one is not used where nothing is left to send.
    expect([told, told + 1]).toContain(clients.size)
  }
  const { clients } = await store.accounts(SPEC)
  for (const { logged: all, applied, unsent, refused } of doubted > 0 ? [] : clients) {
    expect(applied + unsent + refused).toBe(all)
  }
  return { parted, doubted }
}

/** Plays many. */
async function playAll(
  storeOf: (clock: ManualClock) => CounterStore,
  any: fc.Arbitrary<Step>,
  numRuns: number,
): Promise<Outcome> {
  const sums = { parted: 0, doubted: 0 }
  const steps = fc.array(any, { maxLength: 12 })
  const property = fc.asyncProperty(
    ...([steps, steps, fc.constantFrom(undefined, 500)] as const),
    async (before, after, syncIntervalMs) => {
      const { parted, doubted } = await play(storeOf, before, after, syncIntervalMs)
      sums.parted += parted
      sums.doubted += doubted
    },
  )
  await fc.assert(property, { numRuns, seed: 14 })
  return sums
}

/** As stores are that remember the number of a batch only. */
class StoreWithoutTokens extends MemoryStore {
  override async apply(batch: Batch): Promise<Applied> {
    const reply = await super.apply(batch)
    return 'tokens' in reply ? { ...reply, tokens: undefined } : reply
  }
}

describe('two processes with the id of one', () => {
  it('have all counted once, whatever is lost on the way, and each that changes its id says so', async () => {
    const { parted, doubted } = await playAll((clock) => new MemoryStore(clock), step, 300)
    // It would hold if the two never met.
    expect(parted).toBeGreaterThan(100)
    expect(doubted).toBe(0)
  })

  it('have all counted once where a store remembers no tokens, and no reply is lost', async () => {
    const faultless = step.filter(({ kind }) => kind !== 'fault')
    const { parted, doubted } = await playAll(
      (clock) => new StoreWithoutTokens(clock),
      faultless,
      100,
    )
    expect(parted).toBeGreaterThan(30)
    expect(doubted).toBe(0)
  })

  it('report what may be lost, where one has not been heard for long and the other went on', async () => {
    const pass = { kind: 'pass', ms: 700 } as const
    const log = (by: number) => ({ kind: 'log', who: by, n: 1 }) as const
    const lost = { kind: 'fault', who: 1, fault: 'request lost' } as const
    const others = Array.from({ length: 20 }, () => [log(0), pass]).flat()
    const after = [...Array.from({ length: 14 }, () => lost), log(1), ...others]
    const { doubted } = await play(
      (clock) => new MemoryStore(clock),
      [log(0), log(1), pass],
      after,
      undefined,
    )
    expect(doubted).toBe(1)
  })
})

describe('two processes with the id of one, on Redis', () => {
  let redis: PrivateRedis
  const open: { close(): Promise<unknown> }[] = []

  beforeAll(async () => {
    redis = await PrivateRedis.start()
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })
  afterAll(() => redis.close())

  it('have 200 of 200 counted, and books that balance', async () => {
    const group = groupSpec({ name: 'twins', intervals: [LONG], syncIntervalMs: 60_000 })
    const said: string[] = []
    const say = (_details: object, message: string) => void said.push(message)
    const logger: Logger = { debug() {}, info() {}, warn: say, error: say }
    const make = () => {
      const store = openStore(redis.backend, { logger })
      open.push(store)
      return new EventGroup({
        ...{ group, clientId: SHARED, store, clock: systemClock, logger },
        storeClock: new StoreClock(systemClock),
        statistics: newDeliveryStatistics(),
        random: Math.random,
        pace: new Pace(Math.random),
      })
    }
    const twins = [make(), make()] as const
    for (let i = 0; i < 100; i++) {
      for (const twin of twins) {
        twin.log('a')
        if (i % 10 === 0) await twin.flush()
      }
    }
    for (const twin of twins) expect(await twin.close(5000)).toEqual({ unsentEvents: 0 })
    const store = openStore(redis.backend)
    open.push(store)
    const { cur } = await store.read(group, LONG, 'cur')
    expect(cur?.counts.get('a')).toBe(200n)
    expect(said).toEqual([expect.stringContaining(`another process counts as ${SHARED}, too`)])
    const { clients } = await store.accounts(group)
    expect(clients.map(({ logged, applied }) => [logged, applied])).toEqual([
      [100, 100],
      [100, 100],
    ])
  })
})

it('names and tokens differ in copies of one process, whose random numbers are the same', () => {
  const { random } = Math
  Math.random = () => 0.25
  try {
    const tokens = Array.from({ length: 100 }, () => ownIdentity.token())
    for (const token of tokens) expect(token).toMatch(/^[0-9a-z]{4}$/)
    expect(new Set(tokens).size).toBeGreaterThan(95)
    expect(ownIdentity.clientId()).not.toBe(ownIdentity.clientId())
  } finally {
    Math.random = random
  }
})
