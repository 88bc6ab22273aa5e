import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Batch } from './batch.ts'
import { delay } from './clock.ts'
import type { GroupConfig } from './config/config-types.ts'
import { resolveGroups } from './config/resolve-groups.ts'
import { type CloseOptions, EventCountLogger } from './event-count-logger.ts'
import type { FlushResult } from './flusher.ts'
import type { Logger } from './logger.ts'
import { type Fault, FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock, settle } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

describe('EventGroup', () => {
  let clock: ManualClock
  let memory: MemoryStore
  let store: FaultyStore
  let faults: (Fault | undefined)[]
  let away: boolean
  let connected: boolean
  let messages: string[]
  let loggers: { close(options?: CloseOptions): Promise<FlushResult> }[]

  const logger: Logger = {
    debug() {},
    info() {},
    warn: (_, message) => void messages.push(message),
    error: (_, message) => void messages.push(message),
  }

  beforeEach(() => {
    // 1 s after a boundary of all intervals
    clock = new ManualClock((NOON + 1) * 1000)
    memory = new MemoryStore(clock)
    faults = []
    away = false
    messages = []
    loggers = []
    connected = true
    store = new FaultyStore(memory, () => (away ? 'lost' : faults.shift()))
    Object.defineProperty(store, 'connected', { get: () => connected })
    const apply = store.apply.bind(store)
    // As a store does that waits for its connection.
    store.apply = async (batch) => {
      while (!connected) await delay(clock, 10)
      return apply(batch)
    }
  })

  afterEach(async () => {
    for (const ecl of loggers) {
      const closed = ecl.close({ timeoutMs: 10 })
      await clock.advance(20)
      await closed
    }
    expect(clock.pendingTimers).toBe(0)
  })

  const groupOf = (config: Partial<GroupConfig>, atClock = clock) => {
    const groups = { g: { events: ['a', 'b'], intervals: ['5s'], ...config } }
    const ecl = new EventCountLogger(groups, store, { logger, clock: atClock, random: () => 0.5 })
    loggers.push(ecl)
    return ecl.getGroup('g')
  }
  const counts = async (which: 'cur' | 'last', config: Partial<GroupConfig> = {}, index = 0) => {
    const [spec] = resolveGroups({ g: { events: ['a', 'b'], intervals: ['5s'], ...config } })
    const interval = spec?.intervals[index]
    if (spec === undefined || interval === undefined) throw new Error('no such interval')
    const reading = await memory.read(spec, interval, which)
    return Object.fromEntries(Array.from(reading[which]?.counts ?? [], ([e, n]) => [e, Number(n)]))
  }
  const rotate = async (config: Partial<GroupConfig> = {}) => {
    const [spec] = resolveGroups({ g: { events: ['a', 'b'], intervals: ['5s'], ...config } })
    for (const interval of spec?.intervals ?? []) if (spec) await memory.rotate(spec, interval)
  }
  const numbers = () => store.seen.map((batch: Batch) => batch.number)

  describe('in direct mode', () => {
    it('sends as soon as nothing is in flight', async () => {
      const group = groupOf({})
      group.log('a')
      group.log('b', 2)
      await clock.advance(1)
      expect(await counts('cur')).toEqual({ a: 1, b: 2 })
      group.log('a')
      await clock.advance(1)
      expect(await counts('cur')).toEqual({ a: 2, b: 2 })
      expect(group.stats).toMatchObject({ logged: 4, applied: 4, unsent: 0, late: 0 })
    })

    it('registers with an empty batch of number 1 first', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(1)
      expect(store.seen[0]).toMatchObject({ number: 1, follows: 0, counts: [] })
      expect(numbers()).toEqual([1, 2])
    })

    it('lets a herd of loggers pass after a boundary', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(3990)
      const before = store.seen.length
      await clock.advance(15)
      group.log('a')
      await clock.advance(200)
      expect(store.seen.length).toBe(before)
      await rotate()
      await clock.advance(100)
      expect(await counts('cur')).toEqual({ a: 1, b: 0 })
    })
  })

  describe('in cached mode', () => {
    it('sends after the sync interval', async () => {
      const group = groupOf({ sync_interval: 2 })
      group.log('a')
      await clock.advance(1)
      group.log('a')
      await clock.advance(1990)
      expect(await counts('cur')).toEqual({ a: 1, b: 0 })
      await clock.advance(20)
      expect(await counts('cur')).toEqual({ a: 2, b: 0 })
    })

    it('has nothing in memory for longer than the sync interval', async () => {
      const group = groupOf({ sync_interval: 2, intervals: ['1h'] })
      group.log('a')
      await clock.advance(1)
      for (let tenths = 1; tenths <= 200; tenths++) {
        group.log('a')
        await clock.advance(100)
        const { a = 0 } = await counts('cur', { intervals: ['1h'] })
        // A tenth for the step of this test.
        expect(a).toBeGreaterThanOrEqual(tenths - 21)
      }
    })

    it('sends when an event reaches the limit', async () => {
      const group = groupOf({ sync_limit: 3 })
      group.log('a')
      await clock.advance(1)
      for (const event of ['a', 'b', 'a', 'b'] as const) group.log(event)
      await clock.advance(100)
      expect(await counts('cur')).toEqual({ a: 1, b: 0 })
      group.log('a')
      await clock.advance(1)
      expect(await counts('cur')).toEqual({ a: 4, b: 2 })
    })

    it('has the limit reached by one large count', async () => {
      const group = groupOf({ sync_limit: 3 })
      group.log('a')
      await clock.advance(1)
      group.log('b', 100)
      await clock.advance(1)
      expect(await counts('cur')).toEqual({ a: 1, b: 100 })
    })

    it('sends after a boundary, in the window in which events happened', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a')
      await clock.advance(1)
      group.log('a', 10)
      await clock.advance(4001)
      await rotate()
      group.log('a', 100)
      await clock.advance(500)
      expect(await counts('last')).toEqual({ a: 11, b: 0 })
      await group.flush()
      expect(await counts('cur')).toEqual({ a: 100, b: 0 })
      expect(group.stats.late).toBe(0)
    })

    it('has no timer but that of its next sign of life while nothing is counted', async () => {
      const group = groupOf({ sync_interval: 2 })
      group.log('a')
      await clock.advance(2100)
      expect(clock.pendingTimers).toBe(1)
    })
  })

  describe('windows', () => {
    it('keeps events on both sides of a boundary apart though nothing could be sent meanwhile', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(1)
      away = true
      group.log('a', 10)
      await clock.advance(4500)
      group.log('a', 100)
      await clock.advance(300)
      away = false
      await rotate()
      await clock.advance(4000)
      expect(await counts('last')).toEqual({ a: 11, b: 0 })
      expect(await counts('cur')).toEqual({ a: 100, b: 0 })
    })

    it('closes a segment in a loop that never yields', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a')
      await clock.advance(1)
      for (let i = 0; i < 1000; i++) group.log('a')
      clock.block(4100)
      for (let i = 0; i < 1000; i++) group.log('a')
      await rotate()
      await clock.advance(1000)
      const flushed = group.flush()
      await clock.advance(1)
      await flushed
      const [last, cur] = [await counts('last'), await counts('cur')]
      expect((last['a'] ?? 0) + (cur['a'] ?? 0)).toBe(2001)
      expect(cur['a']).toBeGreaterThan(1000 - 260)
    })

    it('looks at the clock at a first hit, too, in a loop that never yields', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a')
      await clock.advance(1)
      group.log('a')
      clock.block(4100)
      group.log('b')
      await rotate()
      await clock.advance(1000)
      expect(await counts('last')).toEqual({ a: 2, b: 0 })
    })

    it('looks at the clock at a correction, too, in a loop that never yields', async () => {
      const group = groupOf({ sync_interval: 60 })
      for (const event of ['a', 'b']) group.log(event, 10)
      await clock.advance(1)
      clock.block(4100)
      for (let i = 0; i < 2000; i++) for (const n of [5, -3]) group.log('b', n)
      await rotate()
      await clock.advance(1000)
      const flushed = group.flush()
      await clock.advance(1)
      await flushed
      const [last, cur] = [await counts('last'), await counts('cur')]
      expect((last['b'] ?? 0) + (cur['b'] ?? 0)).toBe(4010)
      // The first one may come before the first correction.
      expect(last['b']).toBeLessThanOrEqual(15)
    })

    it('waits for a master that is late', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(4001)
      group.log('a', 10)
      await clock.advance(700)
      expect(group.stats.holds).toBeGreaterThan(0)
      await rotate()
      await clock.advance(400)
      expect(await counts('last')).toEqual({ a: 1, b: 0 })
      expect(await counts('cur')).toEqual({ a: 10, b: 0 })
      expect(group.stats.late).toBe(0)
    })

    it('waits for masters after the store was away, though no batch had failed meanwhile', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(4001)
      connected = false
      group.log('a', 10)
      await clock.advance(4400)
      expect(group.stats.unsent).toBe(10)
      connected = true
      await clock.advance(500)
      expect(group.stats.unsent).toBe(10)
      await rotate()
      await clock.advance(400)
      expect(await counts('last')).toEqual({ a: 1, b: 0 })
      expect(await counts('cur')).toEqual({ a: 10, b: 0 })
      expect(group.stats.late).toBe(0)
    })

    it('holds again when a master is back', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(4001)
      group.log('a')
      await clock.advance(3000)
      expect(group.stats.late).toBe(1)
      await rotate()
      group.log('a')
      await clock.advance(2050)
      const { holds } = group.stats
      group.log('a')
      await clock.advance(600)
      expect(group.stats.holds).toBeGreaterThan(holds)
      await rotate()
      await clock.advance(400)
      expect(group.stats.late).toBe(1)
    })

    it('waits one grace for a dead master, not one a boundary, and says so', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(4001)
      group.log('a')
      await clock.advance(3000)
      expect(await counts('cur')).toEqual({ a: 2, b: 0 })
      expect(messages).toEqual([expect.stringContaining('is ecl-master running?')])
      const { holds } = group.stats
      await clock.advance(2000)
      group.log('a')
      await clock.advance(600)
      expect(await counts('cur')).toEqual({ a: 3, b: 0 })
      expect(group.stats.holds).toBe(holds)
      expect(messages).toHaveLength(1)
    })

    it('stamps by the clock of the store, however wrong its own is', async () => {
      const wrong = new ManualClock(0)
      const group = groupOf({}, wrong)
      group.log('a')
      await wrong.advance(1)
      await clock.advance(4000)
      await rotate()
      await wrong.advance(4000)
      group.log('a', 10)
      await wrong.advance(600)
      await rotate()
      expect(await counts('last')).toEqual({ a: 1, b: 0 })
      expect(await counts('cur')).toEqual({ a: 10, b: 0 })
      const closed = loggers.splice(0)[0]?.close({ timeoutMs: 10 })
      await wrong.advance(20)
      await closed
    })

    it('stamps what happened before the store was first heard by when it happened', async () => {
      const wrong = new ManualClock((NOON + 1 - 3600) * 1000)
      away = true
      await rotate()
      const group = groupOf({}, wrong)
      group.log('a')
      await clock.advance(4600)
      await rotate()
      await wrong.advance(4600)
      group.log('a', 10)
      away = false
      for (let i = 0; i < 30; i++) {
        await clock.advance(100)
        await wrong.advance(100)
      }
      expect(await counts('last')).toEqual({ a: 1, b: 0 })
      expect(await counts('cur')).toEqual({ a: 10, b: 0 })
      const closed = loggers.splice(0)[0]?.close({ timeoutMs: 10 })
      await wrong.advance(20)
      await closed
    })
  })

  describe('faults', () => {
    it.each<Fault>(['lost', 'reply lost', 'repeated later'])(
      'counts once when a batch is %s',
      async (fault) => {
        const group = groupOf({})
        group.log('a')
        await clock.advance(1)
        for (let i = 0; i < 5; i++) {
          faults = [fault, undefined, fault]
          group.log('a')
          group.log('b', 2)
          await clock.advance(200)
        }
        expect(await counts('cur')).toEqual({ a: 6, b: 10 })
        expect(group.stats).toMatchObject({ logged: 16, applied: 16, unsent: 0 })
      },
    )

    it('sends the same batch with the same number and the same counts again', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(1)
      faults = ['reply lost', 'lost', 'reply lost']
      group.log('a', 5)
      await clock.advance(1)
      group.log('a', 7)
      await clock.advance(1000)
      const sent = store.seen.filter(({ number }) => number === 2)
      const retried = store.seen.filter(({ number }) => number === 3)
      expect(sent).toHaveLength(1)
      expect(retried).toHaveLength(4)
      for (const batch of retried) expect(batch.counts).toEqual([['a', 5]])
    })

    it('keeps memory to distinct events while the store is away, and loses nothing', async () => {
      const config = { auto_declare_events: true, intervals: ['5s', '1m'] }
      const group = groupOf(config)
      group.log('a')
      await clock.advance(1)
      away = true
      for (let i = 0; i < 2000; i++) {
        group.log(`e${i % 10}`)
        await clock.advance(500)
      }
      expect(group.stats.unsent).toBe(2000)
      away = false
      await rotate(config)
      const seen = store.seen.length
      await clock.advance(5000)
      expect(store.seen.length - seen).toBeLessThan(12)
      expect(group.stats).toMatchObject({ logged: 2001, applied: 2001, unsent: 0 })
    })

    it('reports a batch of unknown fate once the store may have removed its entry, and counts on', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(1)
      away = true
      group.log('a', 10)
      await clock.advance(100)
      await clock.advance(25 * 3600 * 1000)
      const forgetful = new MemoryStore(clock)
      Object.assign(store, { apply: (batch: Batch) => forgetful.apply(batch) })
      await clock.advance(5000)
      group.log('a', 100)
      await clock.advance(5000)
      expect(group.stats).toMatchObject({ unsent: 0, unknown: 10 })
      expect(messages.join()).toContain('not known whether 10 events were counted')
    })
  })

  it('counts though the logger that it was given throws', async () => {
    const throwing = () => {
      throw new Error('no log today')
    }
    const broken: Logger = { debug: throwing, info: throwing, warn: throwing, error: throwing }
    const groups = { g: { events: ['a'], intervals: ['5s'] } } as const
    const ecl = new EventCountLogger(groups, store, { logger: broken, clock })
    loggers.push(ecl)
    const group = ecl.getGroup('g')
    group.log('a')
    await clock.advance(4001)
    // No master: which it warns of.
    group.log('a', 10)
    await clock.advance(4000)
    group.log('a', 100)
    await clock.advance(4000)
    expect(await counts('cur')).toEqual({ a: 111, b: 0 })
    expect(group.stats).toMatchObject({ applied: 111, unsent: 0 })
  })

  describe('flush', () => {
    it('resolves when all that was logged is in the store', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a', 3)
      const flushed = group.flush()
      await clock.advance(1)
      expect(await flushed).toEqual({ unsentEvents: 0 })
      expect(await counts('cur')).toEqual({ a: 3, b: 0 })
    })

    it('does not wait for what is logged later', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a')
      await clock.advance(1)
      const flushed = group.flush()
      group.log('b')
      await clock.advance(1)
      expect(await flushed).toEqual({ unsentEvents: 0 })
      expect(await counts('cur')).toEqual({ a: 1, b: 0 })
    })

    it.each([
      ['a time-out', () => ({ timeoutMs: 50 })],
      ['a signal that has fired', () => ({ signal: AbortSignal.abort() })],
    ])('is bounded by %s, and never rejects', async (_, options) => {
      away = true
      const group = groupOf({})
      group.log('a', 3)
      const flushed = group.flush(options())
      await clock.advance(60)
      expect(await flushed).toEqual({ unsentEvents: 3 })
    })

    it('returns at once when nothing was logged', async () => {
      expect(await groupOf({}).flush()).toEqual({ unsentEvents: 0 })
      expect(store.seen).toEqual([])
    })
  })

  describe('close', () => {
    it('sends the rest, with its farewell in the same batch', async () => {
      const group = groupOf({ sync_interval: 60 })
      group.log('a')
      await clock.advance(1)
      group.log('a', 2)
      const closed = loggers[0]?.close()
      await clock.advance(1)
      expect(await closed).toEqual({ unsentEvents: 0 })
      expect(store.seen.at(-1)).toMatchObject({ closes: true, counts: [['a', 2]] })
    })

    it('does not wait for a window to begin', async () => {
      const group = groupOf({})
      group.log('a')
      await clock.advance(4001)
      group.log('a')
      await clock.advance(500)
      expect(group.stats.unsent).toBe(1)
      const closed = loggers[0]?.close()
      await settle()
      expect(await closed).toEqual({ unsentEvents: 0 })
      expect(await counts('cur')).toEqual({ a: 2, b: 0 })
    })

    it('gives up in time when the store is away, and says what is unsent', async () => {
      away = true
      const group = groupOf({})
      group.log('a', 3)
      const closed = loggers[0]?.close({ timeoutMs: 100 })
      await clock.advance(110)
      expect(await closed).toEqual({ unsentEvents: 3 })
      expect(clock.pendingTimers).toBe(0)
    })

    it('connects to nothing when nothing was logged', async () => {
      groupOf({})
      expect(await loggers[0]?.close()).toEqual({ unsentEvents: 0 })
      expect(store.seen).toEqual([])
    })

    it('does not count what is logged afterwards, and says so once', async () => {
      const group = groupOf({})
      const handle = group.counter('a')
      handle.inc()
      const closed = loggers[0]?.close()
      await clock.advance(1)
      await closed
      group.log('a')
      group.log('b')
      handle.inc()
      expect(messages).toEqual([expect.stringContaining('after close()')])
      expect(await counts('cur')).toEqual({ a: 1, b: 0 })
    })
  })

  describe('events', () => {
    it('passes over an event that is not declared, warns of it once, and counts it in the statistics', async () => {
      const group = groupOf({}) as {
        log(event: string, n?: number): void
        stats: { undeclared: number }
      }
      group.log('x')
      group.log('x', 4)
      expect(messages).toEqual([expect.stringContaining('"x" is not declared')])
      expect(group.stats.undeclared).toBe(5)
    })

    it('counts any event in a dynamic group but one that has no valid name', async () => {
      const group = groupOf({ auto_declare_events: true })
      for (const event of ['x', 'a:b c', '@ts', '', 'a\nb']) group.log(event)
      await clock.advance(1)
      expect(await counts('cur', { auto_declare_events: true })).toEqual({
        a: 0,
        b: 0,
        x: 1,
        'a:b c': 1,
      })
      expect(group.stats.undeclared).toBe(3)
    })

    it('keeps an event that was declared by the program out of the bound', async () => {
      const config = { auto_declare_events: true, max_events: 2, sync_interval: 60 }
      const group = groupOf(config)
      group.declareEvent('mine')
      for (const event of ['x', 'y', 'z', 'mine']) group.log(event)
      const flushed = group.flush()
      await clock.advance(1)
      await flushed
      expect(await counts('cur', config)).toMatchObject({ mine: 1 })
    })

    it('refuses what is logged to a group that was first asked for after close()', async () => {
      groupOf({})
      const ecl = loggers[0] as EventCountLogger
      await ecl.close()
      ecl.getGroup('g').log('a')
      expect(ecl.stats).toMatchObject({ logged: 0, undeclared: 1, unsent: 0 })
    })

    it('counts an event that was declared by the program', async () => {
      const group = groupOf({}) as unknown as {
        declareEvents(events: string[]): void
        log(event: string): void
        getCounts(interval: string, options: object): Promise<object>
      }
      group.declareEvents(['x', 'y'])
      group.log('x')
      await clock.advance(1)
      expect(await group.getCounts('5s', { current: true })).toEqual({ a: 0, b: 0, x: 1, y: 0 })
      expect(await counts('cur', { events: ['x'] })).toEqual({ x: 1 })
      expect(() => group.declareEvents(['@x'])).toThrow(TypeError)
    })

    it('takes whole numbers only', () => {
      const group = groupOf({})
      for (const n of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        expect(() => group.log('a', n)).toThrow(TypeError)
        expect(() => group.counter('a').inc(n)).toThrow(TypeError)
      }
    })

    it.each([{ sync_interval: 60 }, { sync_interval: 60, sync_limit: 1000 }])(
      'counts corrections, and sums beyond 2^53 exactly, with %j',
      async (config) => {
        const group = groupOf(config)
        group.log('b', 3)
        group.log('b', -5)
        const handle = group.counter('a')
        for (let i = 0; i < 3; i++) group.log('a', Number.MAX_SAFE_INTEGER)
        for (let i = 0; i < 3; i++) handle.inc()
        for (let i = 0; i < 3; i++) group.log('a')
        group.log('a', Number.MAX_SAFE_INTEGER - 6 - 1234)
        for (let i = 0; i < 5000; i++) group.log('a')
        for (let i = 0; i < 5000; i++) handle.inc()
        const flushed = group.flush()
        await clock.advance(1)
        await flushed
        const { counts: exact } = await group.read('5s', { current: true })
        expect(exact.get('a')).toBe(4n * BigInt(Number.MAX_SAFE_INTEGER) + 10_000n - 1234n)
        expect(exact.get('b')).toBe(-2n)
      },
    )

    it('counts by handles as by names', async () => {
      const group = groupOf({})
      const handle = group.counter('a')
      for (let i = 0; i < 1000; i++) {
        handle.inc()
        group.log('a')
        if (i % 100 === 0) await clock.advance(1)
      }
      handle.inc(-1)
      await clock.advance(1)
      expect(await counts('cur')).toEqual({ a: 1999, b: 0 })
    })

    it('bounds the distinct events of a dynamic group, and counts what is over under one name', async () => {
      const config = { events: ['a'], auto_declare_events: true, max_events: 5, sync_interval: 60 }
      const group = groupOf(config)
      for (let i = 0; i < 100; i++) group.log(`e${i}`)
      group.log('a')
      const flushed = group.flush()
      await clock.advance(1)
      await flushed
      const found = await counts('cur', config)
      expect(Object.values(found).reduce((sum, n) => sum + n, 0)).toBe(101)
      expect(Object.keys(found).length).toBeLessThanOrEqual(7)
      expect(found['a']).toBe(1)
    })
  })

  it('says that the store is away instead of waiting for it, when it is asked for current counts', async () => {
    const group = groupOf({})
    group.log('a')
    await clock.advance(1)
    away = true
    group.log('a')
    await clock.advance(50)
    Object.assign(store, { read: () => Promise.reject(new Error('away')) })
    await expect(group.getCurrentCounts('a')).rejects.toThrow('away')
  })

  it('does not add counts of a new window to those of one that a late master has not turned over', async () => {
    const group = groupOf({ sync_interval: 60 })
    group.log('a', 3)
    await clock.advance(4001)
    group.log('a', 1000)
    expect(await group.getCurrentCounts('a')).toEqual({ '5s': 3 })
  })

  it('adds what is unsent here to the current counts', async () => {
    const group = groupOf({ sync_interval: 60, intervals: ['5s', '1m'] })
    group.log('a')
    await clock.advance(1)
    group.log('a', 10)
    expect(await group.getCurrentCount('a', '5s')).toBe(1)
    expect(await group.getCurrentCounts('a')).toEqual({ '5s': 11, '1m': 11 })
    expect(
      await (group as unknown as { getCurrentCounts(event: string): unknown }).getCurrentCounts(
        'x',
      ),
    ).toBeUndefined()
    await expect(group.getCounts('7s')).rejects.toThrow('there are: 5s, 1m')
  })
})
