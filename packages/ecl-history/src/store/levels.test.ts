import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  type Level,
  levelsFor,
  planStretches,
  stepStart,
  stepsOf,
  windowsBetween,
} from './levels.ts'

const LEVELS: readonly Level[] = [5, 60, 3600, 86_400].map((seconds, id) => ({
  ...{ id, seconds, keptFrom: 0 },
}))
const [WINDOWS, MINUTES, HOURS, DAYS] = LEVELS

/** The stale steps of levels, where windows that begin at some instants have changed. */
function staleBy(changed: readonly number[]) {
  return ({ seconds }: Level, from: number, to: number): number[] => {
    const steps = new Set(changed.map((at) => stepStart(at, seconds)))
    return [...steps].filter((at) => at >= from && at < to).sort((a, b) => a - b)
  }
}

const never = staleBy([])
const instant = fc.integer({ min: 0, max: 3 * 86_400 })

describe('planStretches', () => {
  it('takes the longest steps that are whole, and shorter ones at the ends', () => {
    expect(planStretches(LEVELS, 3595, 2 * 86_400 + 60, never)).toEqual([
      { level: WINDOWS, from: 3595, to: 3600 },
      { level: HOURS, from: 3600, to: 86_400 },
      { level: DAYS, from: 86_400, to: 2 * 86_400 },
      { level: MINUTES, from: 2 * 86_400, to: 2 * 86_400 + 60 },
    ])
  })

  it('takes what stale steps are made of, and no more than that', () => {
    expect(planStretches(LEVELS, 0, 86_400, staleBy([3600 + 65]))).toEqual([
      { level: HOURS, from: 0, to: 3600 },
      { level: MINUTES, from: 3600, to: 3660 },
      { level: WINDOWS, from: 3660, to: 3720 },
      { level: MINUTES, from: 3720, to: 7200 },
      { level: HOURS, from: 7200, to: 86_400 },
    ])
  })

  it('reads nothing that is no longer kept, and what is made of it', () => {
    const kept = LEVELS.map((level) => (level === WINDOWS ? { ...level, keptFrom: 7200 } : level))
    expect(planStretches(kept.slice(0, 1), 0, 10_000, never)).toMatchObject([
      { from: 7200, to: 10_000 },
    ])
    expect(planStretches(kept, 0, 10_000, never).map(({ from, to }) => [from, to])).toEqual([
      ...[
        [0, 7200],
        [7200, 9960],
        [9960, 10_000],
      ],
    ])
  })

  it('covers all of the time once, in its order, with no stale step', () => {
    fc.assert(
      fc.property(instant, instant, fc.array(instant, { maxLength: 8 }), (a, b, changed) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const stale = staleBy(changed)
        let at = from
        for (const stretch of planStretches(LEVELS, from, to, stale)) {
          expect(stretch.from).toBe(at)
          expect(stretch.to).toBeGreaterThan(at)
          at = stretch.to
          if (stretch.level === WINDOWS) continue
          expect(stretch.from % stretch.level.seconds).toBe(0)
          expect(stretch.to % stretch.level.seconds).toBe(0)
          expect(stale(stretch.level, stretch.from, stretch.to)).toEqual([])
        }
        expect(at).toBe(to)
      }),
    )
  })
})

describe('levelsFor', () => {
  it.each<[number | undefined, number, readonly (Level | undefined)[]]>([
    [undefined, 0, [WINDOWS]],
    [90, 0, [WINDOWS]],
    [7200, 0, [WINDOWS, MINUTES, HOURS]],
    [86_400, 0, LEVELS],
    [86_400, -3600, [WINDOWS, MINUTES, HOURS]],
    [86_400, 19_800, [WINDOWS, MINUTES]],
  ])('takes those whose steps cross no boundary of %p s, %p s away', (step, offset, levels) => {
    expect(levelsFor(LEVELS, step, offset)).toEqual(levels)
  })
})

describe('steps', () => {
  it('are of lengths that windows fill without a rest', () => {
    expect([5, 60, 90, 300, 7, 3600, 86_400].map((seconds) => stepsOf(seconds))).toEqual([
      ...[[60, 3600, 86_400], [3600, 86_400], [3600, 86_400], [3600, 86_400], [], [86_400], []],
    ])
  })

  it('begin an offset away from multiples of their length', () => {
    expect(stepStart(10, 60, 15)).toBe(-45)
    expect(stepStart(15, 60, 15)).toBe(15)
  })

  it('hold the windows that begin in them', () => {
    expect(windowsBetween(1, 60, 5)).toBe(11)
    expect(windowsBetween(0, 60, 5)).toBe(12)
    expect(windowsBetween(61, 62, 5)).toBe(0)
    expect(windowsBetween(60, 0, 5)).toBe(0)
  })
})
