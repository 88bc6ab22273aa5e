import { afterEach, describe, expect, it } from '@jest/globals'
import { resolveGroups, StoreError } from 'ecl-core'
import { ManualClock, MemoryStore } from 'ecl-core/testing'
import { reportOf } from '../report.ts'
import { watchWindow } from './watch-window.ts'

/** On a boundary of 5 s. */
const START_MS = 1_700_000_000_000

let ending: AbortController | undefined
afterEach(() => ending?.abort())

/** Watches a store whose clock is an hour ahead of this machine's. */
function watch({ failing = false, start = { seen: false } } = {}) {
  const clock = new ManualClock(START_MS)
  const store = new MemoryStore({
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs() + 3_600_000,
  })
  const [group] = resolveGroups({ web: { events: ['a'], intervals: ['5s'] } })
  const [interval] = group?.intervals ?? []
  if (group === undefined || interval === undefined) throw new Error('no group')
  void store.rotate(group, interval)
  const seen: string[] = []
  const state = { reads: 0, failing }
  ending = new AbortController()
  const watching = watchWindow({
    start,
    clock,
    signal: ending.signal,
    read: async () => {
      state.reads++
      if (state.failing) throw new StoreError('STORE_UNAVAILABLE', 'gone')
      const reading = await store.read(group, interval, 'last')
      return reportOf({ group: 'web', which: 'last' }, interval, reading)
    },
    watcher: {
      onWindow: ({ windows: [window] }, settled) => {
        const at = (window?.start ?? 0) - (START_MS / 1000 + 3600)
        seen.push(`${at}${settled ? ' settled' : ''}`)
      },
      onTrouble: (message) => seen.push(...(message === undefined ? [] : [message])),
    },
  })
  const rotate = () => store.rotate(group, interval)
  return { clock, rotate, seen, state, watching }
}

describe('watchWindow', () => {
  it('reads at the boundary until the window has turned, and again when it has settled', async () => {
    const { clock, rotate, seen, state } = watch()
    await clock.advance(2000)
    expect(seen.splice(0)).toEqual(['-5', '-5 settled'])
    state.reads = 0
    await clock.advance(2999)
    expect(state.reads).toBe(0)
    await clock.advance(1 + 50)
    expect(seen.splice(0)).toEqual(['-5 settled', '-5 settled'])
    await rotate()
    await clock.advance(100)
    expect(seen.splice(0)).toEqual(['0'])
    await clock.advance(1850)
    expect(seen.splice(0)).toEqual(['0 settled'])
    expect(state.reads).toBeLessThan(8)
  })

  it('survives an outage, and asks less and less often', async () => {
    const { clock, rotate, seen, state } = watch()
    await clock.advance(4000)
    seen.length = 0
    state.failing = true
    state.reads = 0
    await clock.advance(60_000)
    expect(seen[0]).toBe('gone; trying again')
    expect(state.reads).toBeGreaterThan(25)
    expect(state.reads).toBeLessThan(45)
    await rotate()
    seen.length = 0
    state.failing = false
    await clock.advance(2000)
    expect(seen[0]).toMatch(/^0/)
  })

  it('says so while no master turns the windows over', async () => {
    const { clock, seen } = watch()
    await clock.advance(20_000)
    expect(seen.at(-2)).toMatch(/has not been turned over; is ecl-master running\?$/)
  })

  it('asks for a master only when the store has had the time to find out that it has been deposed', async () => {
    const { clock, rotate, seen } = watch()
    await clock.advance(16_000)
    await rotate()
    await clock.advance(5000)
    expect(seen.filter((line) => line.includes('is ecl-master running?'))).toEqual([])
    expect(seen.at(-1)).toMatch(/^\d+ settled$/)
  })

  it('gives up where the store cannot be reached from the start', async () => {
    await expect(watch({ failing: true }).watching).rejects.toThrow('gone')
  })

  it('goes on where that of another window could be', async () => {
    const { clock, seen, state } = watch({ failing: true, start: { seen: true } })
    await clock.advance(1000)
    expect(seen[0]).toBe('gone; trying again')
    state.failing = false
    await clock.advance(2000)
    expect(seen.at(-1)).toBe('-5 settled')
  })

  it('leaves no timer behind', async () => {
    const { clock, watching } = watch()
    await clock.advance(100)
    ending?.abort()
    await watching
    expect(clock.pendingTimers).toBe(0)
  })
})
