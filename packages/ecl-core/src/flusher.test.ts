import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { delay } from './clock.ts'
import type { GroupConfig } from './config/config-types.ts'
import { EventCountLogger } from './event-count-logger.ts'
import { silentLogger } from './logger.ts'
import { FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

describe('a flusher', () => {
  let clock: ManualClock
  let store: FaultyStore
  /** How long a batch is on its way, there and back. */
  let roundTripMs: number
  let loggers: EventCountLogger[]

  beforeEach(() => {
    // 1 s after a boundary
    clock = new ManualClock((NOON + 1) * 1000)
    store = new FaultyStore(new MemoryStore(clock), () => undefined)
    roundTripMs = 0
    loggers = []
    const apply = store.apply.bind(store)
    store.apply = async (batch) => {
      await delay(clock, roundTripMs)
      return apply(batch)
    }
  })

  afterEach(async () => {
    for (const ecl of loggers) {
      const closed = ecl.close({ timeoutMs: 10 })
      await clock.advance(2000)
      await closed
    }
    expect(clock.pendingTimers).toBe(0)
  })

  const start = (config: Partial<GroupConfig> = {}) => {
    const groups = { g: { events: ['a', 'b'], intervals: ['5s'], ...config } }
    const ecl = new EventCountLogger(groups, store, {
      logger: silentLogger,
      clock,
      // A wait of 260 ms after a boundary, the middle of 20 to 500 ms.
      random: () => 0.5,
    })
    loggers.push(ecl)
    return ecl
  }
  /** The numbers of the batches that were sent with a stamp, however often each. */
  const sent = (at: number) =>
    new Set(store.seen.filter((batch) => batch.at === at).map(({ number }) => number))

  describe('in direct mode, after a boundary, lets a herd pass', () => {
    it('where nothing is in flight', async () => {
      const group = start().getGroup('g')
      group.log('a')
      await clock.advance(4010)
      group.log('a', 10)
      await clock.advance(240)
      expect(sent(NOON + 5).size).toBe(0)
      await clock.advance(20)
      expect(sent(NOON + 5).size).toBe(1)
    })

    it('where a batch of the window before is on its way', async () => {
      const group = start().getGroup('g')
      group.log('a')
      await clock.advance(3980)
      roundTripMs = 50
      group.log('a', 5)
      await clock.advance(30)
      // 10 ms after the boundary; the reply comes 20 ms later, when the loop looks for more.
      group.log('a', 10)
      await clock.advance(190)
      expect(sent(NOON).size).toBe(2)
      expect(sent(NOON + 5).size).toBe(0)
      await clock.advance(110)
      expect(sent(NOON + 5).size).toBe(1)
    })
  })

  it('says farewell though nothing is left to send, once', async () => {
    const ecl = start({ sync_interval: 1 })
    const group = ecl.getGroup('g')
    group.log('a')
    await clock.advance(1500)
    expect(group.stats.unsent).toBe(0)
    const before = store.seen.length
    const closed = ecl.close()
    await clock.advance(1)
    expect(await closed).toEqual({ unsentEvents: 0 })
    expect(store.seen.slice(before)).toEqual([
      expect.objectContaining({ counts: [], closes: true }),
    ])
  })

  it('backs off from a store that forgets again and again', async () => {
    const group = start().getGroup('g')
    group.log('a')
    await clock.advance(10)
    const apply = store.apply.bind(store)
    let tries = 0
    store.apply = () => {
      tries++
      const storeTimeMs = clock.wallMs()
      const sentMs = clock.monotonicMs()
      return Promise.resolve({ status: 'gap', lastApplied: 0, storeTimeMs, sentMs })
    }
    group.log('a', 5)
    await clock.advance(60_000)
    expect(tries).toBeGreaterThan(20)
    expect(tries).toBeLessThan(60)
    store.apply = apply
    await clock.advance(2000)
    expect(group.stats.unsent).toBe(0)
  })
})
