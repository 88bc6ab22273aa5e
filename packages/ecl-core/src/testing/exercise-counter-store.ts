import assert from 'node:assert/strict'
import type { EpochSeconds } from '../interval.ts'
import type { CounterStore } from '../store/counter-store.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON, ONE_MINUTE } from './hand-client.ts'

/** A store with a clock that the suite winds. */
export interface StoreUnderTest {
  /** A handle on the store; each call makes another one, as another process has. */
  open(): CounterStore
  /** Sets the store's clock, ms since the epoch. */
  setTime(ms: number): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  /** Ends what was opened. */
  close(): Promise<void>
}

/** What the suite needs of a test runner: jest's, vitest's and node:test's will do. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
  readonly beforeAll: (body: () => Promise<void>) => void
  readonly beforeEach: (body: () => Promise<void>) => void
  readonly afterAll: (body: () => Promise<void>) => void
}

/**
 * The one suite that every store passes: what `CounterStore` promises.
 *
 * @param runner the test runner's functions
 * @param name the store's name
 * @param create makes a store that is empty
 */
export function exerciseCounterStore(
  runner: TestRunner,
  name: string,
  create: () => Promise<StoreUnderTest>,
): void {
  const { it, describe } = runner
  let subject: StoreUnderTest
  let store: CounterStore
  const group = groupSpec()
  const counts = async (which: 'cur' | 'last', of = group, interval = FIVE_SECONDS) => {
    const reading = await store.read(of, interval, which)
    return Object.fromEntries(reading[which]?.counts ?? [])
  }
  const at = (seconds: number) => subject.setTime((NOON + seconds) * 1000)

  describe(name, () => {
    runner.beforeAll(async () => {
      subject = await create()
      store = subject.open()
    })
    runner.beforeEach(async () => {
      await subject.clear()
      await at(1)
    })
    runner.afterAll(() => subject.close())

    describe('apply', () => {
      it('counts a batch once when it is delivered twice', async () => {
        const client = new HandClient(store, group)
        await client.register()
        const batch = client.batch({ at: NOON as EpochSeconds, counts: [['a', 3]] })
        assert.equal((await store.apply(batch)).status, 'applied')
        assert.equal((await store.apply(batch)).status, 'duplicate')
        assert.deepEqual(await counts('cur'), { a: 3n, b: 0n })
      })

      it('refuses a batch that does not follow the last one, and says which that was', async () => {
        const client = new HandClient(store, group)
        await client.register()
        const gap = await client.send(NOON, { a: 1 }, { number: 9, follows: 8 })
        assert.equal(gap.status, 'gap')
        assert.equal(gap.status === 'gap' && gap.lastApplied, 1)
        assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
      })

      it('ignores a copy of a batch that comes after later ones', async () => {
        const client = new HandClient(store, group)
        await client.register()
        const first = client.batch({ at: NOON as EpochSeconds, counts: [['a', 1]] })
        await store.apply(first)
        await client.send(NOON, { a: 10 })
        assert.equal((await store.apply(first)).status, 'duplicate')
        assert.deepEqual(await counts('cur'), { a: 11n, b: 0n })
      })

      it('tells clients apart, and clients of one id in two groups', async () => {
        const other = groupSpec({ name: 'other' })
        for (const client of [
          new HandClient(store, group, 'x'),
          new HandClient(store, group, 'y'),
          new HandClient(store, other, 'x'),
        ]) {
          await client.register()
          assert.equal((await client.send(NOON, { a: 1 })).status, 'applied')
        }
        assert.deepEqual(await counts('cur'), { a: 2n, b: 0n })
        assert.deepEqual(await counts('cur', other), { a: 1n, b: 0n })
      })

      it('counts in every interval of the group', async () => {
        const two = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
        const client = new HandClient(store, two)
        await client.register()
        await client.send(NOON, { a: 2 })
        assert.deepEqual(await counts('cur', two), { a: 2n, b: 0n })
        assert.deepEqual(await counts('cur', two, ONE_MINUTE), { a: 2n, b: 0n })
      })

      it('puts counts of the window before into last', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await at(5.01)
        await store.rotate(group, FIVE_SECONDS)
        const applied = await client.send(NOON + 4, { a: 1 })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['last'])
        assert.deepEqual(await counts('last'), { a: 1n, b: 0n })
        assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
      })

      it('puts counts of the window in which the masters stopped into last, however long ago', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await at(301)
        await store.rotate(group, FIVE_SECONDS)
        const applied = await client.send(NOON + 4, { a: 1 })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['last'])
        assert.deepEqual(await counts('last'), { a: 1n, b: 0n })
      })

      it('keeps counts of older windows in cur, and says that they are late', async () => {
        const client = new HandClient(store, group)
        await client.register()
        for (const seconds of [5, 10]) {
          await at(seconds)
          await store.rotate(group, FIVE_SECONDS)
        }
        const applied = await client.send(NOON, { a: 1 }, { mayHold: true })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['late'])
        assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
      })

      it('holds counts whose window has not begun, and then applies the same batch', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await at(5.01)
        const batch = client.batch({
          at: (NOON + 5) as EpochSeconds,
          counts: [['a', 1]],
          mayHold: true,
        })
        assert.equal((await store.apply(batch)).status, 'hold')
        assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
        await store.rotate(group, FIVE_SECONDS)
        const applied = await store.apply(batch)
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['cur'])
        assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
      })

      it('holds a batch whole when one of its windows has not begun', async () => {
        const two = groupSpec({ intervals: [ONE_MINUTE, FIVE_SECONDS] })
        const client = new HandClient(store, two)
        await client.register()
        await at(5.01)
        assert.equal((await client.send(NOON + 5, { a: 1 }, { mayHold: true })).status, 'hold')
        assert.deepEqual(await counts('cur', two, ONE_MINUTE), { a: 0n, b: 0n })
      })

      it('counts ahead of its window where it may not hold, and says so', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await at(5.01)
        const applied = await client.send(NOON + 5, { a: 1 })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['ahead'])
        assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
      })

      it('takes a stamp in the future for now', async () => {
        const client = new HandClient(store, group)
        await client.register()
        const applied = await client.send(NOON + 3600, { a: 1 }, { mayHold: true })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['cur'])
      })

      it('begins the first window with the stamp of the first counts', async () => {
        await at(6)
        const client = new HandClient(store, group)
        await client.send(NOON + 3, { a: 1 })
        assert.equal((await store.read(group, FIVE_SECONDS, 'cur')).cur?.start, NOON)
      })

      it('does not begin a first window that is long gone', async () => {
        await at(60)
        const client = new HandClient(store, group)
        const applied = await client.send(NOON + 3, { a: 1 })
        assert.deepEqual(applied.status === 'applied' && applied.placements, ['late'])
        assert.equal((await store.read(group, FIVE_SECONDS, 'cur')).cur?.start, NOON + 55)
      })

      it('adds negative counts and counts beyond 2^53 exactly', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 2n ** 60n, b: -5 })
        await client.send(NOON, { a: 1, b: 2 })
        assert.deepEqual(await counts('cur'), { a: 2n ** 60n + 1n, b: -3n })
      })

      it('reports a sum beyond 64 bits, and counts the rest', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 2n ** 63n - 1n })
        const applied = await client.send(NOON, { a: 1, b: 1 })
        assert.equal(applied.status, 'applied')
        const failures = applied.status === 'applied' ? applied.failures : []
        assert.deepEqual(
          failures.map(({ event, retry }) => ({ event, retry })),
          [{ event: 'a', retry: false }],
        )
        assert.deepEqual(await counts('cur'), { a: 2n ** 63n - 1n, b: 1n })
      })

      it('takes any name that an event may have', async () => {
        const dynamic = groupSpec({ events: [], dynamic: true })
        const names = [
          'a b',
          'x:y',
          '/',
          'ěšč',
          '🦉',
          '*',
          '%s',
          '0',
          '-1',
          '__proto__',
          'last:@',
          '\'"\\',
        ]
        const client = new HandClient(store, dynamic)
        await client.register()
        const entries = names.map((event) => [event, 1] as const)
        await store.apply(client.batch({ at: NOON as EpochSeconds, counts: entries }))
        await at(5)
        await store.rotate(dynamic, FIVE_SECONDS)
        const { last } = await store.read(dynamic, FIVE_SECONDS, 'last')
        assert.deepEqual([...(last?.counts.keys() ?? [])].sort(), [...names].sort())
      })

      it('keeps a bounded group to its bound, over all clients, and loses nothing', async () => {
        const bounded = groupSpec({ events: ['a'], dynamic: true, maxEvents: 3 })
        for (const id of ['x', 'y']) {
          const client = new HandClient(store, bounded, id)
          await client.register()
          await client.send(NOON, { [`1${id}`]: 1, [`2${id}`]: 1, [`3${id}`]: 1, a: 1 })
        }
        const found = await counts('cur', bounded)
        assert.equal(found['a'], 2n)
        assert.ok(Object.keys(found).length <= 5, Object.keys(found).join())
        assert.equal(
          Object.values(found).reduce((sum, count) => sum + count, 0n),
          8n,
        )
        assert.ok((found['other'] ?? 0n) >= 3n)
      })
    })

    describe('rotate', () => {
      it('begins a first window with declared zeroes, and moves nothing', async () => {
        assert.equal((await store.rotate(group, FIVE_SECONDS)).status, 'begun')
        assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
        const reading = await store.read(group, FIVE_SECONDS, 'both')
        assert.equal(reading.cur?.start, NOON)
        assert.equal(reading.last?.start, NOON - 5)
      })

      it('does nothing before the boundary', async () => {
        await store.rotate(group, FIVE_SECONDS)
        await at(4.999)
        assert.equal((await store.rotate(group, FIVE_SECONDS)).status, 'already')
      })

      it('moves cur to last at the boundary, and begins with declared zeroes', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 7 })
        await at(5)
        const rotated = await store.rotate(group, FIVE_SECONDS)
        assert.equal(rotated.status, 'rotated')
        assert.deepEqual(
          rotated.status === 'rotated' && [rotated.start, rotated.end, rotated.events],
          [NOON, NOON + 5, 2],
        )
        assert.deepEqual(await counts('last'), { a: 7n, b: 0n })
        assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
      })

      it('lets one of many masters through at a boundary', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 7 })
        await at(5)
        const masters = [store, subject.open(), subject.open(), subject.open()]
        const rotated = await Promise.all(
          [...masters, ...masters].map((master) => master.rotate(group, FIVE_SECONDS)),
        )
        const statuses = rotated.map(({ status }) => status).sort()
        assert.deepEqual(statuses, [...Array.from({ length: 7 }, () => 'already'), 'rotated'])
        assert.deepEqual(await counts('last'), { a: 7n, b: 0n })
      })

      it('drops a dynamic event from last when nothing was logged for a window', async () => {
        const dynamic = groupSpec({ events: ['a'], dynamic: true })
        const client = new HandClient(store, dynamic)
        await client.register()
        await client.send(NOON, { d: 1, e: 1 })
        await at(5)
        await store.rotate(dynamic, FIVE_SECONDS)
        assert.deepEqual(await counts('last', dynamic), { a: 0n, d: 1n, e: 1n })
        assert.deepEqual(await counts('cur', dynamic), { a: 0n })
        await client.send(NOON + 5, { e: 2 })
        await at(10)
        await store.rotate(dynamic, FIVE_SECONDS)
        assert.deepEqual(await counts('last', dynamic), { a: 0n, e: 2n })
      })

      it('moves events that its own config does not know', async () => {
        const richer = groupSpec({ events: ['a', 'b', 'c'] })
        const client = new HandClient(store, richer)
        await client.register()
        await client.send(NOON, { c: 4 })
        await at(5)
        await store.rotate(group, FIVE_SECONDS)
        assert.deepEqual(await counts('last', richer), { a: 0n, b: 0n, c: 4n })
      })

      it('moves cur once after missed boundaries, with its true start', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 1 })
        await at(23)
        const rotated = await store.rotate(group, FIVE_SECONDS)
        assert.deepEqual(rotated.status === 'rotated' && [rotated.start, rotated.current], [
          NOON,
          NOON + 20,
        ])
        assert.equal((await store.read(group, FIVE_SECONDS, 'last')).last?.start, NOON)
        assert.equal((await store.rotate(group, FIVE_SECONDS)).status, 'already')
      })

      it('waits when the clock is a little behind, and sets a window of the far future back', async () => {
        await at(10)
        await store.rotate(group, FIVE_SECONDS)
        await at(2)
        assert.equal((await store.rotate(group, FIVE_SECONDS)).status, 'already')
        await at(-3600)
        const reset = await store.rotate(group, FIVE_SECONDS)
        assert.deepEqual(reset.status === 'reset' && [reset.current, reset.was], [
          NOON - 3600,
          NOON + 10,
        ])
        assert.equal((await store.rotate(group, FIVE_SECONDS)).status, 'already')
      })
    })

    describe('read', () => {
      it('finds nothing where nothing was counted', async () => {
        const reading = await store.read(group, FIVE_SECONDS, 'both')
        assert.equal(reading.current, undefined)
        assert.equal(reading.last?.start, undefined)
        assert.deepEqual(await counts('last'), { a: 0n, b: 0n })
      })

      it('gives a static group its declared events and no other', async () => {
        const client = new HandClient(store, groupSpec({ events: ['a', 'z'] }))
        await client.register()
        await client.send(NOON, { a: 1, z: 1 })
        assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
      })

      it('reads many events at once', async () => {
        const dynamic = groupSpec({ events: [], dynamic: true })
        const client = new HandClient(store, dynamic)
        await client.register()
        const expected: Record<string, bigint> = {}
        for (let batch = 0; batch < 3; batch++) {
          const sent: Record<string, number> = {}
          for (let i = 0; i < 1000; i++) sent[`e${batch}-${i}`] = i + 1
          for (const [event, count] of Object.entries(sent)) expected[event] = BigInt(count)
          await client.send(NOON, sent)
        }
        assert.deepEqual(await counts('cur', dynamic), expected)
        await at(5)
        await store.rotate(dynamic, FIVE_SECONDS)
        assert.deepEqual(await counts('last', dynamic), expected)
      })

      it('reads both windows as of one instant', async () => {
        const client = new HandClient(store, group)
        await client.register()
        await client.send(NOON, { a: 1 })
        await at(5)
        await store.rotate(group, FIVE_SECONDS)
        await client.send(NOON + 5, { b: 2 })
        const { cur, last, current } = await store.read(group, FIVE_SECONDS, 'both')
        assert.equal(current, NOON + 5)
        assert.deepEqual([cur?.start, cur?.end], [NOON + 5, NOON + 10])
        assert.deepEqual([last?.start, last?.end], [NOON, NOON + 5])
        assert.deepEqual(Object.fromEntries(cur?.counts ?? []), { a: 0n, b: 2n })
        assert.deepEqual(Object.fromEntries(last?.counts ?? []), { a: 1n, b: 0n })
      })
    })

    it('tells clock and current windows of many intervals in one look', async () => {
      const two = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
      await store.rotate(two, ONE_MINUTE)
      await at(7.25)
      const look = await store.windows([
        { group: two, interval: FIVE_SECONDS },
        { group: two, interval: ONE_MINUTE },
      ])
      assert.equal(look.storeTimeMs, (NOON + 7.25) * 1000)
      assert.deepEqual(look.states, [
        { current: undefined, foreign: false },
        { current: NOON, foreign: false },
      ])
    })
  })
}
