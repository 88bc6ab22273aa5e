import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { delay } from './clock.ts'
import type { GroupConfig } from './config/config-types.ts'
import { resolveGroups } from './config/resolve-groups.ts'
import { EventCountLogger } from './event-count-logger.ts'
import type { EventGroup } from './event-group.ts'
import { silentLogger } from './logger.ts'
import type { Timed } from './store/counter-store.ts'
import { FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** A machine that logs, whose time of day may be anything, and a store on another one. */
describe('a logger stamps by the clock of the store', () => {
  let clock: ManualClock
  /** By how much the store's clock was set. */
  let storeStepMs: number
  let memory: MemoryStore
  /** Whether batches are lost; or those of one group. */
  let away: boolean | 'g'
  let closing: (() => Promise<void>)[]

  beforeEach(() => {
    // 1 s after a boundary, on both
    clock = new ManualClock((NOON + 1) * 1000)
    storeStepMs = -clock.monotonicMs() + 1000
    memory = new MemoryStore({ monotonicMs: () => clock.monotonicMs(), wallMs: storeNowMs })
    away = false
    closing = []
  })
  afterEach(async () => {
    for (const close of closing) await close()
    expect(clock.pendingTimers).toBe(0)
  })

  const storeNowMs = () => NOON * 1000 + clock.monotonicMs() + storeStepMs
  const configOf = (config: Partial<GroupConfig>) => ({
    g: { events: ['a', 'b'], intervals: ['5s'], ...config },
    other: { events: ['a'], intervals: ['1h'] },
  })
  const open = (config: Partial<GroupConfig> = {}): EventCountLogger => {
    const isLost = (group: string) => away === true || away === group
    const store = new FaultyStore(memory, ({ group }) => (isLost(group.name) ? 'lost' : undefined))
    const options = { logger: silentLogger, clock, random: () => 0.5 }
    const ecl = new EventCountLogger(configOf(config), store, options)
    closing.push(async () => {
      const closed = ecl.close({ timeoutMs: 10 })
      await clock.advance(20)
      await closed
    })
    return ecl
  }
  const start = (config: Partial<GroupConfig> = {}) => open(config).getGroup('g')
  /** What a master does at a boundary. */
  const rotate = async (config: Partial<GroupConfig> = {}) => {
    const group = resolveGroups(configOf(config)).find(({ name }) => name === 'g')
    for (const interval of group?.intervals ?? []) if (group) await memory.rotate(group, interval)
  }
  const counts = async (which: 'cur' | 'last', config: Partial<GroupConfig> = {}) => {
    const group = resolveGroups(configOf(config)).find(({ name }) => name === 'g')
    const [interval] = group?.intervals ?? []
    if (group === undefined || interval === undefined) throw new Error('no such group')
    const reading = await memory.read(group, interval, which)
    return Object.fromEntries(Array.from(reading[which]?.counts ?? [], ([e, n]) => [e, Number(n)]))
  }
  const untilBoundary = () => clock.advance(5000 - (storeNowMs() % 5000))

  /** Logs for three windows and finds each of them right. */
  const expectRightWindows = async (group: EventGroup, before: () => void = () => undefined) => {
    await rotate()
    for (const n of [1, 10, 100]) {
      group.log('a', n)
      await clock.advance(1500)
      before()
      group.log('b', n)
      await clock.advance(2480)
      // 20 ms before the boundary, and 20 ms after it
      group.log('a', n * 2)
      await clock.advance(40)
      await rotate()
      group.log('b', 1000)
      await clock.advance(980)
      expect(await counts('last')).toEqual({ a: 3 * n, b: n + (n === 1 ? 0 : 1000) })
    }
    expect(group.stats).toMatchObject({ late: 0, unsent: 0 })
  }

  it('though a slow reply had told it wrong when the window began', async () => {
    let slowMs = 400
    // As if all of the round trip were the way back.
    const late = <T extends Timed>(reply: T) => ({
      ...reply,
      storeTimeMs: reply.storeTimeMs - slowMs,
      sentMs: reply.sentMs - slowMs,
    })
    const [apply, windows] = [memory.apply.bind(memory), memory.windows.bind(memory)]
    memory.apply = async (batch) => late(await apply(batch))
    memory.windows = async (asked) => late(await windows(asked))
    await rotate()
    const ecl = open({ sync_interval: 60 })
    const group = ecl.getGroup('g')
    group.log('a')
    await clock.advance(1500)
    group.log('a')
    // The boundary is looked at every second, for the last time half a second before it.
    await clock.advance(2200)
    slowMs = 0
    ecl.getGroup('other').log('a')
    await untilBoundary()
    await rotate()
    await clock.advance(100)
    group.log('a', 10)
    await clock.advance(1000)
    expect(await counts('last')).toEqual({ a: 2, b: 0 })
    await clock.advance(5000)
    await rotate()
    await clock.advance(1000)
    expect(await counts('last')).toEqual({ a: 10, b: 0 })
  })

  it('though a request that was long on its way had told it ahead when the boundary was near', async () => {
    let slowMs = 800
    // As if all of the round trip were the way there.
    const late = <T extends Timed>(reply: T) => ({ ...reply, sentMs: reply.sentMs - slowMs })
    const [apply, windows] = [memory.apply.bind(memory), memory.windows.bind(memory)]
    memory.apply = async (batch) => late(await apply(batch))
    memory.windows = async (asked) => late(await windows(asked))
    await rotate()
    const ecl = open({ sync_interval: 60 })
    const group = ecl.getGroup('g')
    group.log('a')
    await clock.advance(3800)
    // 200 ms before the boundary, which it takes for over.
    group.log('a', 10)
    slowMs = 0
    ecl.getGroup('other').log('a')
    await clock.advance(1)
    group.log('a', 100)
    await untilBoundary()
    await rotate()
    group.log('a', 1000)
    await clock.advance(1000)
    expect(await counts('last')).toEqual({ a: 111, b: 0 })
    expect(await counts('cur')).toEqual({ a: 1000, b: 0 })
  })

  describe('though its own', () => {
    it.each([-24 * HOUR_MS, -10 * MINUTE_MS, -3000, 2500, 10 * MINUTE_MS, 24 * HOUR_MS])(
      'is wrong by %d ms at the start',
      async (ms) => {
        clock.setWall(clock.wallMs() + ms)
        await expectRightWindows(start())
      },
    )

    it.each([-HOUR_MS, -5000, 5000, HOUR_MS])(
      'is set by %d ms, over and over, while it runs',
      async (ms) => {
        const group = start()
        await expectRightWindows(group, () => clock.setWall(clock.wallMs() + ms))
      },
    )

    it.each([24 * HOUR_MS, -24 * HOUR_MS])(
      'is set by %d ms before the store was heard for the first time',
      async (ms) => {
        away = true
        await rotate()
        const group = start()
        for (const n of [1, 10]) {
          group.log('a', n)
          await untilBoundary()
          await rotate()
        }
        await clock.advance(500)
        // As at a machine without a battery, when it has found its time server.
        clock.setWall(clock.wallMs() + ms)
        group.log('a', 100)
        await clock.advance(3000)
        group.log('a', 1000)
        await untilBoundary()
        await rotate()
        group.log('a', 10_000)
        away = false
        await clock.advance(3000)
        expect(group.stats).toMatchObject({ unsent: 0, late: 11 })
        expect(await counts('last')).toEqual({ a: 1100, b: 0 })
        expect(await counts('cur')).toEqual({ a: 10_011, b: 0 })
      },
    )

    it('is wrong, and another group has heard the store first', async () => {
      clock.setWall(clock.wallMs() + 24 * HOUR_MS)
      const ecl = open()
      const [group, other] = [ecl.getGroup('g'), ecl.getGroup('other')]
      await rotate()
      other.log('a')
      await clock.advance(100)
      away = true
      for (const n of [1, 10, 100]) {
        group.log('a', n)
        await untilBoundary()
        await rotate()
      }
      group.log('a', 1000)
      away = false
      await clock.advance(3000)
      expect(group.stats).toMatchObject({ unsent: 0, late: 11 })
      expect(await counts('last')).toEqual({ a: 100, b: 0 })
    })
  })

  it('though the process was kept from its work when the first reply had come', async () => {
    const apply = memory.apply.bind(memory)
    let keptMs = 80
    memory.apply = async (batch) => {
      const reply = await apply(batch)
      await delay(clock, keptMs)
      return reply
    }
    await rotate()
    const group = start({ sync_interval: 1 })
    group.log('a')
    await clock.advance(100)
    keptMs = 0
    await untilBoundary()
    await rotate()
    await clock.advance(30)
    group.log('a', 10)
    await clock.advance(3000)
    expect(await counts('last')).toEqual({ a: 1, b: 0 })
    expect(await counts('cur')).toEqual({ a: 10, b: 0 })
  })

  it.each([24, -24])(
    'though its own is wrong by %d h, and another group is heard when this one has waited for windows',
    async (hours) => {
      clock.setWall(clock.wallMs() + hours * HOUR_MS)
      away = 'g'
      const ecl = open()
      const [group, other] = [ecl.getGroup('g'), ecl.getGroup('other')]
      await rotate()
      for (const n of [1, 10, 100]) {
        group.log('a', n)
        await untilBoundary()
        await rotate()
      }
      // The segment that is open when it hears what time it is.
      group.log('a', 1000)
      await clock.advance(1000)
      other.log('a')
      await clock.advance(100)
      group.log('a', 10_000)
      await untilBoundary()
      await rotate()
      away = false
      await clock.advance(3000)
      expect(await counts('last')).toEqual({ a: 11_000, b: 0 })
      expect(group.stats).toMatchObject({ unsent: 0, late: 111 })
    },
  )

  describe('when its machine was suspended', () => {
    // Nothing is sent for an hour but after boundaries, so no reply tells of the suspension.
    const config = { intervals: ['1m'], sync_interval: 3600 }
    const sleep = async (ms: number) => {
      clock.suspend(ms)
      await rotate(config)
    }

    it('what came before is in its window, and what comes after is in its own', async () => {
      await rotate(config)
      const group = start(config)
      group.log('a')
      await clock.advance(1000)
      group.log('a')
      await sleep(90_000)
      // The event has its box already, so nothing but time tells that the window is another one.
      await clock.advance(1100)
      group.log('a', 10)
      await clock.advance(40_000)
      await rotate(config)
      await clock.advance(2000)
      expect(group.stats).toMatchObject({ unsent: 0, late: 0 })
      expect(await counts('last', config)).toEqual({ a: 10, b: 0 })
    })

    it('over many windows, too, where what came before is late', async () => {
      await rotate(config)
      const group = start(config)
      group.log('a')
      await clock.advance(1000)
      await sleep(10 * HOUR_MS)
      await rotate(config)
      await clock.advance(1100)
      group.log('a', 10)
      await clock.advance(60_000)
      await rotate(config)
      await clock.advance(2000)
      expect(group.stats.unsent).toBe(0)
      expect((await counts('last', config))['a']).toBe(10)
    })
  })

  describe("when the store's own clock is set", () => {
    it.each([
      ['forward by an hour', HOUR_MS],
      ['forward by a window', 5000],
      ['back by a window', -5000],
      ['back by an hour', -HOUR_MS],
    ])('%s, every count is kept, and the windows are right again after it', async (_, ms) => {
      // Sent after boundaries only; the other group hears what time it is.
      const config = { sync_limit: 1_000_000 }
      await rotate(config)
      const ecl = open(config)
      const [group, other] = [ecl.getGroup('g'), ecl.getGroup('other')]
      group.log('a')
      await clock.advance(1000)
      storeStepMs += ms
      await rotate(config)
      group.log('a', 10)
      other.log('a')
      await clock.advance(1500)
      expect(group.stats.unsent).toBe(0)
      const sum = async () =>
        [await counts('last'), await counts('cur')].reduce((all, { a = 0 }) => all + a, 0)
      expect(await sum()).toBe(11)
      await untilBoundary()
      await rotate()
      await untilBoundary()
      await rotate()
      group.log('b', 5)
      await clock.advance(1000)
      group.log('b', 5)
      await untilBoundary()
      await rotate()
      await clock.advance(1000)
      expect(await counts('last')).toEqual({ a: 0, b: 10 })
    })
  })
})
