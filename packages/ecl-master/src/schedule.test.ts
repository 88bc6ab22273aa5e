import { describe, expect, it } from '@jest/globals'
import {
  type EpochSeconds,
  type GroupSpec,
  graceMs,
  type Interval,
  type WindowRef,
  type WindowState,
} from 'ecl-core'
import fc from 'fast-check'
import { planRotations, settleDelayMs } from './schedule.ts'

/** A boundary of 5 s, of 1 min and of 1 h. */
const NOON = 1_700_000_000 - (1_700_000_000 % 3600)

const GROUP: GroupSpec = {
  name: 'g',
  events: ['a'],
  intervals: [],
  dynamic: false,
  syncIntervalMs: undefined,
  syncLimit: undefined,
  maxEvents: undefined,
  overflowEvent: 'other',
  replayLimit: 0,
  pythonWriters: false,
  layout: 'keys',
}

function windowOf(seconds: number): WindowRef {
  const interval: Interval = { spec: `${seconds}s`, seconds }
  return { group: GROUP, interval }
}

function state(current: number | undefined, foreign = false): WindowState {
  return { current: current as EpochSeconds | undefined, foreign }
}

/** The plan for one interval of 5 s, at so many ms after noon. */
function planAt(ms: number, current: number | undefined, foreign = false, seconds = 5) {
  const { due, nextLookMs } = planRotations(
    [windowOf(seconds)],
    [state(current, foreign)],
    NOON * 1000 + ms,
  )
  return { due: due.length === 1, nextLookMs }
}

describe('planRotations', () => {
  it('lets a window run to its end', () => {
    expect(planAt(0, NOON).due).toBe(false)
    expect(planAt(4999.999, NOON).due).toBe(false)
  })

  it('rotates what has ended, at the boundary and ever after', () => {
    expect(planAt(5000, NOON).due).toBe(true)
    expect(planAt(5001, NOON).due).toBe(true)
    expect(planAt(9_000_000, NOON).due).toBe(true)
  })

  it('begins where there is no window yet, in the middle of one, too', () => {
    expect(planAt(0, undefined).due).toBe(true)
    expect(planAt(4321, undefined).due).toBe(true)
  })

  it('bears a window that is a little ahead, and has one of the far future set back', () => {
    expect(planAt(4000, NOON + 5).due).toBe(false)
    expect(planAt(4000, NOON + 10).due).toBe(false)
    expect(planAt(4000, NOON + 15).due).toBe(true)
    expect(planAt(4000, NOON + 15, true).due).toBe(true)
  })

  it('lets a foreign master go first: for a second, or a quarter of a short window', () => {
    expect(planAt(5000, NOON, true)).toEqual({ due: false, nextLookMs: 500 })
    expect(planAt(5999, NOON, true)).toEqual({ due: false, nextLookMs: 1 })
    expect(planAt(6000, NOON, true).due).toBe(true)
    expect(planAt(2000, NOON, true, 2)).toEqual({ due: false, nextLookMs: 500 })
    expect(planAt(2400, NOON, true, 2)).toEqual({ due: false, nextLookMs: 100 })
    expect(planAt(2500, NOON, true, 2).due).toBe(true)
    expect(planAt(1240, NOON, true, 1)).toEqual({ due: false, nextLookMs: 10 })
    expect(planAt(1250, NOON, true, 1).due).toBe(true)
  })

  it('does not wait for a foreign master that has gone first', () => {
    expect(planAt(5020, NOON + 5, true)).toEqual({ due: false, nextLookMs: 500 })
  })

  it('looks again just after the nearest boundary of any interval, or in half a second', () => {
    const nextLookMs = (ms: number) =>
      planRotations(
        [windowOf(3600), windowOf(5), windowOf(60)],
        [state(NOON), state(NOON), state(NOON)],
        NOON * 1000 + ms,
      ).nextLookMs
    expect(nextLookMs(1)).toBe(500)
    expect(nextLookMs(4400)).toBe(500)
    expect(nextLookMs(4700)).toBe(301)
    expect(nextLookMs(4999.5)).toBe(1.5)
    expect(nextLookMs(5000)).toBe(500)
  })

  it('names what is due, and only that', () => {
    const windows = [windowOf(3600), windowOf(5), windowOf(60)]
    const states = [state(NOON), state(NOON), state(NOON)]
    expect(planRotations(windows, states, (NOON + 59) * 1000).due).toEqual([windows[1]])
    expect(planRotations(windows, states, (NOON + 60) * 1000).due).toEqual([windows[1], windows[2]])
    expect(planRotations([], [], NOON * 1000)).toEqual({
      due: [],
      settled: [],
      nextLookMs: 500,
    })
  })

  it('has a window published when it has settled, and looks again then', () => {
    const planFrom = (ms: number, fromMs: number | undefined, current = NOON) => {
      const window = windowOf(5)
      const publication = fromMs === undefined ? {} : { publishFromMs: NOON * 1000 + fromMs }
      const { settled, due, nextLookMs } = planRotations(
        [window],
        [{ ...state(current), ...publication }],
        NOON * 1000 + ms,
      )
      return { settled: settled.length, due: due.length, nextLookMs }
    }
    expect(planFrom(1000, 2000)).toEqual({ settled: 0, due: 0, nextLookMs: 500 })
    expect(planFrom(1700, 2000)).toEqual({ settled: 0, due: 0, nextLookMs: 301 })
    expect(planFrom(2000, 2000)).toEqual({ settled: 1, due: 0, nextLookMs: 500 })
    expect(planFrom(4000, undefined)).toEqual({ settled: 0, due: 0, nextLookMs: 500 })
    // Its rotation does that.
    expect(planFrom(5000, 2000)).toEqual({ settled: 0, due: 1, nextLookMs: 500 })
  })

  it('never sleeps over a boundary, nor longer than half a second, nor not at all', () => {
    const someWindow = fc.record({
      seconds: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100_000 })),
      /** How many windows behind the clock the store is; undefined: it has none. */
      behind: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
      foreign: fc.boolean(),
    })
    const someTimeMs = fc
      .tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }))
      .map(([seconds, us]) => seconds * 1000 + us / 1000)
    fc.assert(
      fc.property(fc.array(someWindow, { maxLength: 5 }), someTimeMs, (given, nowMs) => {
        const each = given.map((one) => ({ ...one, ref: windowOf(one.seconds) }))
        const windows = each.map(({ ref }) => ref)
        const states = given.map(({ seconds, behind, foreign }) =>
          state(
            behind === undefined
              ? undefined
              : (Math.floor(nowMs / 1000 / seconds) - behind) * seconds,
            foreign,
          ),
        )
        const { due, nextLookMs } = planRotations(windows, states, nowMs)
        expect(nextLookMs).toBeGreaterThan(0)
        expect(nextLookMs).toBeLessThanOrEqual(500)
        each.forEach(({ seconds, behind, foreign, ref }) => {
          const lengthMs = seconds * 1000
          const sinceMs = nowMs % lengthMs
          expect(nextLookMs).toBeLessThanOrEqual(lengthMs - sinceMs + 1.001)
          const isDue = due.includes(ref)
          if (behind === undefined) return
          if (behind <= 0) expect(isDue).toBe(behind < -2)
          else if (!foreign) expect(isDue).toBe(true)
          // Ended, and left to a foreign master: looked at again when its time is over.
          else if (!isDue) {
            expect(nextLookMs).toBeLessThanOrEqual(Math.min(1000, lengthMs / 4) - sinceMs + 0.001)
          }
        })
      }),
    )
  })
})

describe('settleDelayMs', () => {
  const FIVE_SECONDS: Interval = { spec: '5s', seconds: 5 }
  const delayAt = (ms: number) =>
    settleDelayMs(FIVE_SECONDS, NOON as EpochSeconds, NOON * 1000 + ms)

  it('waits until one grace after the boundary', () => {
    expect(delayAt(0)).toBe(2000)
    expect(delayAt(30)).toBe(1970)
    expect(delayAt(2000)).toBe(0)
  })

  it('gives loggers a grace after a rotation that was late itself', () => {
    expect(delayAt(2001)).toBeGreaterThan(1499)
    expect(delayAt(4000)).toBe(500)
  })

  it('is always over before the next boundary', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (seconds, part) => {
          const sinceMs = seconds * 1000 * part
          const interval = { spec: `${seconds}s`, seconds }
          const delayMs = settleDelayMs(interval, 0 as EpochSeconds, sinceMs)
          expect(delayMs).toBeGreaterThanOrEqual(0)
          expect(sinceMs + delayMs).toBeLessThan(seconds * 1000)
          expect(delayMs).toBeLessThanOrEqual(graceMs(seconds))
        },
      ),
    )
  })
})
