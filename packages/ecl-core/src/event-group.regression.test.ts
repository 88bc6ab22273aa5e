import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { GroupConfig } from './config/config-types.ts'
import { resolveGroups } from './config/resolve-groups.ts'
import { EventCountLogger } from './event-count-logger.ts'
import type { Logger } from './logger.ts'
import { type Fault, FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

describe('a store that has forgotten what it had acknowledged', () => {
  let clock: ManualClock
  let memory: MemoryStore
  let store: FaultyStore
  let faults: (Fault | undefined)[]
  let away: boolean
  let messages: string[]
  let ecl: EventCountLogger | undefined

  const logger: Logger = {
    debug() {},
    info() {},
    warn: (_, message) => void messages.push(message),
    error: (_, message) => void messages.push(message),
  }

  beforeEach(() => {
    clock = new ManualClock((NOON + 1) * 1000)
    memory = new MemoryStore(clock)
    faults = []
    away = false
    messages = []
    ecl = undefined
    store = new FaultyStore(memory, () => (away ? 'lost' : faults.shift()))
  })

  afterEach(async () => {
    const closed = ecl?.close({ timeoutMs: 10 })
    await clock.advance(20)
    await closed
    expect(clock.pendingTimers).toBe(0)
  })

  const groups = (config: Partial<GroupConfig>) => ({
    g: { events: ['a', 'b'], intervals: ['1h'], python_writers: false, ...config },
  })
  const groupOf = (config: Partial<GroupConfig> = {}) => {
    ecl = new EventCountLogger(groups(config), store, { logger, clock, random: () => 0.5 })
    return ecl.getGroup('g')
  }
  const spec = () => {
    const [group] = resolveGroups(groups({}))
    const interval = group?.intervals[0]
    if (group === undefined || interval === undefined) throw new Error('no such interval')
    return { group, interval }
  }
  const count = async () => {
    const { group, interval } = spec()
    return Number((await memory.read(group, interval, 'cur')).cur?.counts.get('a'))
  }
  const account = async () => (await memory.accounts(spec().group)).clients[0]

  it('is sent it once more', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(500)
    const crash = memory.checkpoint()
    group.log('a', 10)
    await clock.advance(500)
    group.log('a', 100)
    await clock.advance(500)
    crash()
    expect(await count()).toBe(1)
    group.log('a', 1000)
    await clock.advance(500)
    expect(await count()).toBe(1111)
    expect(group.stats).toMatchObject({ applied: 1111, replayed: 110, forgottenBatches: 0 })
    expect(messages).toEqual([])
  })

  it('is sent it once more by a process that logs nothing any more', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(500)
    const crash = memory.checkpoint()
    group.log('a', 10)
    await clock.advance(500)
    crash()
    await clock.advance(5000)
    expect(await count()).toBe(11)
  })

  it('is sent it once more however long it was away in between', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(500)
    const crash = memory.checkpoint()
    group.log('a', 10)
    await clock.advance(500)
    away = true
    group.log('a', 100)
    await clock.advance(600_000)
    crash()
    away = false
    await clock.advance(5000)
    expect(await count()).toBe(111)
  })

  it('may crash while it is sent that once more, and replies may be lost', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(300)
    const crash = memory.checkpoint()
    for (let i = 0; i < 5; i++) {
      group.log('a', 10)
      await clock.advance(300)
    }
    crash()
    const again = memory.checkpoint()
    faults = [undefined, undefined, 'reply lost', 'repeated later', 'lost']
    group.log('a', 100)
    await clock.advance(30)
    again()
    await clock.advance(6000)
    expect(await count()).toBe(151)
    expect(await account()).toMatchObject({
      logged: 151,
      applied: 151,
      unsent: 0,
      replayed: group.stats.replayed,
    })
  })

  it('is told what cannot be replayed any more, and knows which windows are in doubt', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(500)
    const crash = memory.checkpoint()
    for (let i = 0; i < 20; i++) {
      group.log('a', 10)
      await clock.advance(500)
    }
    crash()
    group.log('a', 1000)
    await clock.advance(500)
    const { replayed, forgottenBatches } = group.stats
    expect(forgottenBatches).toBeGreaterThan(0)
    expect(await count()).toBe(1001 + replayed)
    expect(messages).toEqual([expect.stringContaining(`forgotten ${forgottenBatches} batches`)])
    // The books show what is missing.
    const books = await account()
    expect(books?.logged).toBe(1201)
    expect((books?.logged ?? 0) - (books?.applied ?? 0)).toBe(200 - replayed)
    const { group: of, interval } = spec()
    const { cur } = await memory.read(of, interval, 'cur', { completeness: true })
    expect(cur?.completeness).toEqual({ status: 'pending', missing: [books?.clientId] })
  })

  it('is told the size of what had to leave the replay buffer for want of room', async () => {
    const group = groupOf({ replay_limit: 2 })
    group.log('a')
    await clock.advance(300)
    const crash = memory.checkpoint()
    for (let i = 0; i < 4; i++) {
      group.log('a', 10)
      await clock.advance(300)
    }
    expect(messages).toEqual([expect.stringContaining('raise replay_limit')])
    crash()
    group.log('a', 1000)
    await clock.advance(300)
    expect(await count()).toBe(1021)
    expect(messages[1]).toContain('forgotten 2 batches')
    expect(messages[1]).toContain('20 events of them for want of room')
  })

  it('is not sent what a logger had that has closed since', async () => {
    const group = groupOf()
    group.log('a')
    await clock.advance(500)
    const crash = memory.checkpoint()
    group.log('a', 10)
    const closed = ecl?.close()
    await clock.advance(500)
    expect(await closed).toEqual({ unsentEvents: 0 })
    crash()
    await clock.advance(60_000)
    expect(await count()).toBe(1)
  })

  it('keeps a bounded number of batches, as replies come in', async () => {
    const group = groupOf()
    for (let i = 0; i < 1000; i++) {
      group.log('a')
      await clock.advance(100)
    }
    const crash = new MemoryStore(clock)
    store.apply = (batch) => crash.apply(batch)
    group.log('a')
    await clock.advance(500)
    expect(group.stats.replayed).toBeGreaterThan(20)
    expect(group.stats.replayed).toBeLessThan(30)
    expect(group.stats.forgottenBatches).toBeGreaterThan(900)
  })
})
