import { describe, expect, it } from '@jest/globals'
import type { Completeness } from 'ecl-core'
import { ManualClock } from 'ecl-core/testing'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import { awaitComplete } from './await-complete.ts'

/** The store's time when it begins, in seconds: one after a boundary of 5 s. */
const BEGIN = 66
const COMPLETE = { status: 'complete' } as const
const PENDING = { status: 'pending', missing: ['h/1/a'] } as const

/** What the store holds: starts of `last` and of `cur`, and how complete `last` is. */
interface State {
  readonly last?: number
  readonly current?: number | undefined
  readonly completeness: Completeness
}

/** Waits on a store whose state changes with time. */
async function wait(withinS: number, stateAt: (at: number) => State) {
  const clock = new ManualClock(0)
  const startMs = clock.monotonicMs()
  let reads = 0
  const waiting = awaitComplete({
    clock,
    withinMs: withinS * 1000,
    read: () => {
      reads++
      const at = BEGIN + (clock.monotonicMs() - startMs) / 1000
      const { last = 60, completeness, ...state } = stateAt(at)
      const current = 'current' in state ? state.current : 65
      const times = { start: seconds(last), end: seconds(last + 5) }
      return Promise.resolve(
        reportWith([], {
          windows: [{ which: 'last', ...times, counts: [], completeness }],
          current: current === undefined ? undefined : seconds(current),
          storeTimeMs: at * 1000,
        }),
      )
    },
  })
  let endedMs: number | undefined
  void waiting.then(() => {
    endedMs = clock.monotonicMs() - startMs
  })
  while (endedMs === undefined && clock.monotonicMs() - startMs < 60_000) await clock.advance(50)
  const { report, shortfall } = await waiting
  return { start: report.windows[0]?.start, shortfall, endedMs, reads }
}

describe('awaitComplete', () => {
  it('does not wait for what is complete', async () => {
    const { shortfall, reads, endedMs } = await wait(15, () => ({ completeness: COMPLETE }))
    expect({ shortfall, reads }).toEqual({ shortfall: undefined, reads: 1 })
    expect(endedMs).toBeLessThanOrEqual(50)
  })

  it('sleeps until a grace after the boundary, and then looks every 150 ms', async () => {
    const { shortfall, endedMs, reads } = await wait(15, (at) => ({
      completeness: at >= 67.3 ? COMPLETE : PENDING,
    }))
    expect(shortfall).toBeUndefined()
    expect(endedMs).toBeGreaterThanOrEqual(1300)
    expect(endedMs).toBeLessThan(1500)
    expect(reads).toBeLessThanOrEqual(5)
  })

  it('gives up when its time is over, and says who is missing', async () => {
    const { shortfall, endedMs } = await wait(0.5, () => ({ completeness: PENDING }))
    expect(shortfall).toEqual({ reason: 'pending', mayPass: true, missing: ['h/1/a'] })
    expect(endedMs).toBeLessThanOrEqual(550)
    expect((await wait(0, () => ({ completeness: PENDING }))).reads).toBe(1)
  })

  it.each([
    { status: 'partial', missing: ['h/1/a'] },
    { status: 'unknown', reason: 'other counts' },
    { status: 'unknown', reason: 'python writers' },
  ] as const)('does not wait for what cannot become complete: %j', async (completeness) => {
    const { shortfall, reads } = await wait(15, () => ({ completeness }))
    expect(reads).toBe(1)
    expect(shortfall).toMatchObject({ mayPass: false })
  })

  it('waits for a master, and does not take an older window for the one that has ended', async () => {
    const turned = await wait(15, (at) => ({
      completeness: COMPLETE,
      ...(at < 67 ? { last: 55, current: 60 } : {}),
    }))
    expect(turned).toMatchObject({ start: 60, shortfall: undefined })
    const never = await wait(15, () => ({ completeness: COMPLETE, last: 55, current: 60 }))
    expect(never.shortfall).toMatchObject({ reason: 'not turned over' })
    expect(never.endedMs).toBeGreaterThanOrEqual(15_000)
    const none = await wait(0, () => ({ completeness: PENDING, current: undefined }))
    expect(none.shortfall).toMatchObject({ reason: 'not turned over' })
  })

  it('does not wait for a window that has gone into a longer one', async () => {
    const { shortfall, reads } = await wait(15, () => ({ completeness: COMPLETE, last: 50 }))
    expect({ reason: shortfall?.reason, reads }).toEqual({ reason: 'merged', reads: 1 })
  })

  it('is content with the next window where the one it waited for is gone', async () => {
    const { start, shortfall } = await wait(15, (at) =>
      at < 70
        ? { completeness: PENDING }
        : { last: 65, current: 70, completeness: at > 72 ? COMPLETE : PENDING },
    )
    expect({ start, shortfall }).toEqual({ start: 65, shortfall: undefined })
  })
})
