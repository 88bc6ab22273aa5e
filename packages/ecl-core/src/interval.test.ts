import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  formatInterval,
  graceMs,
  type Interval,
  latestBoundary,
  nextBoundary,
  parseInterval,
  shortestSeconds,
  windowEnd,
  windowStart,
} from './interval.ts'

const HUNDRED_YEARS = 100 * 366 * 24 * 3600
const seconds = fc.oneof(
  fc.integer({ min: 1, max: 7200 }),
  fc.integer({ min: 1, max: HUNDRED_YEARS }),
  fc.integer({ min: 1, max: 24 * 366 }).map((hours) => hours * 3600),
)
const interval: fc.Arbitrary<Interval> = seconds.map((length) => ({
  spec: formatInterval(length),
  seconds: length,
}))
const intervals = fc.array(interval, { minLength: 1, maxLength: 6 })
/** Instants with fractions, as clocks give them, from 1970 to 2106. */
const instant = fc.double({ min: 0, max: 2 ** 32, noNaN: true })

describe('parseInterval', () => {
  test.each([
    ['1s', 1],
    ['5m', 300],
    ['2h', 7200],
    ['2H', 7200],
    ['5M', 300],
    ['1.5m', 90],
    ['.5h', 1800],
    ['0.1h', 360],
    ['007s', 7],
  ])('reads %s as %d seconds, and keeps the spelling', (spec, expected) => {
    expect(parseInterval(spec)).toEqual({ spec, seconds: expected })
  })

  test.each([
    '',
    '5',
    'm',
    '5x',
    '5 min',
    '-5m',
    '+5m',
    '5.m',
    '.m',
    '1e3s',
    '5ms',
    ' 5m',
    '5m\n',
    '٥m',
  ])('says of %j what an interval looks like', (spec) => {
    expect(parseInterval(spec)).toEqual({
      problem: 'is not an interval; write a number and s, m or h, such as "5m"',
    })
  })

  test.each(['0s', '0.5s', '0.01m', '.0001h'])('refuses %s as shorter than a second', (spec) => {
    expect(parseInterval(spec)).toEqual({
      problem: 'is shorter than a second; the shortest interval is "1s"',
    })
  })

  test.each([
    ['1.5s', 1.5],
    ['0.33m', 19.8],
  ])('refuses %s, which is not whole seconds', (spec, length) => {
    expect(parseInterval(spec)).toEqual({
      problem: `is ${length} s; an interval is a whole number of seconds`,
    })
  })

  test('refuses more than a hundred years', () => {
    expect(parseInterval(`${HUNDRED_YEARS}s`)).toHaveProperty('seconds', HUNDRED_YEARS)
    for (const spec of [`${HUNDRED_YEARS + 1}s`, `1${'0'.repeat(30)}h`]) {
      expect(parseInterval(spec)).toEqual({ problem: 'is longer than a hundred years' })
    }
  })

  test('reads back what formatInterval writes', () => {
    fc.assert(
      fc.property(seconds, (length) => {
        const spec = formatInterval(length)
        expect(parseInterval(spec)).toEqual({ spec, seconds: length })
      }),
    )
  })

  test('reads a length the same in every unit, whatever the fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (tenths) => {
        expect(parseInterval(`${tenths / 10}m`)).toHaveProperty('seconds', tenths * 6)
        expect(parseInterval(`${tenths / 10}h`)).toHaveProperty('seconds', tenths * 360)
      }),
    )
  })
})

test('formatInterval takes the largest unit that divides a length', () => {
  expect([1, 59, 60, 90, 3600, 5400, 7200].map(formatInterval)).toEqual([
    '1s',
    '59s',
    '1m',
    '90s',
    '1h',
    '90m',
    '2h',
  ])
})

describe('a window', () => {
  const fiveMinutes: Interval = { spec: '5m', seconds: 300 }

  test('holds its start, and not its end', () => {
    expect(windowStart(900, fiveMinutes)).toBe(900)
    expect(windowEnd(900, fiveMinutes)).toBe(1200)
    expect(windowStart(1199.999, fiveMinutes)).toBe(900)
    expect(windowStart(1200, fiveMinutes)).toBe(1200)
  })

  test('holds the instants that it is asked for', () => {
    fc.assert(
      fc.property(instant, interval, (at, each) => {
        expect(windowStart(at, each)).toBeLessThanOrEqual(at)
        expect(windowEnd(at, each)).toBeGreaterThan(at)
      }),
    )
  })

  test('starts at a multiple of its length, and ends where the next one starts', () => {
    fc.assert(
      fc.property(instant, interval, (at, each) => {
        const start = windowStart(at, each)
        const end = windowEnd(at, each)
        expect(start % each.seconds).toBe(0)
        expect(end - start).toBe(each.seconds)
        expect(windowStart(end, each)).toBe(end)
      }),
    )
  })
})

describe('a segment', () => {
  test('holds the instants that it is asked for', () => {
    fc.assert(
      fc.property(instant, intervals, (at, all) => {
        expect(latestBoundary(at, all)).toBeLessThanOrEqual(at)
        expect(nextBoundary(at, all)).toBeGreaterThan(at)
      }),
    )
  })

  test('crosses no boundary of any interval', () => {
    fc.assert(
      fc.property(
        instant,
        intervals,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (at, all, part) => {
          const start = latestBoundary(at, all)
          const end = nextBoundary(at, all)
          const within = Math.min(start + part * (end - start), end - 1e-3)
          for (const each of all) expect(windowStart(within, each)).toBe(windowStart(start, each))
        },
      ),
    )
  })

  test('starts and ends at a boundary of one of them', () => {
    fc.assert(
      fc.property(instant, intervals, (at, all) => {
        const isBoundary = (second: number) => all.some((each) => second % each.seconds === 0)
        expect(isBoundary(latestBoundary(at, all))).toBe(true)
        expect(isBoundary(nextBoundary(at, all))).toBe(true)
      }),
    )
  })

  test('has no boundary within, where lengths do not divide each other', () => {
    const all = [90, 60].map((length) => ({ spec: `${length}s`, seconds: length }))
    const starts = [0, 61, 91, 121].map((at) => [latestBoundary(at, all), nextBoundary(at, all)])
    expect(starts).toEqual([
      [0, 60],
      [60, 90],
      [90, 120],
      [120, 180],
    ])
  })
})

test('shortestSeconds finds the shortest interval', () => {
  fc.assert(
    fc.property(intervals, (all) => {
      const shortest = shortestSeconds(all)
      expect(all.map((each) => each.seconds)).toContain(shortest)
      expect(all.every((each) => each.seconds >= shortest)).toBe(true)
    }),
  )
})

test('the grace is 2 s, and at most half the interval', () => {
  expect([1, 2, 3, 4, 5, 3600].map(graceMs)).toEqual([500, 1000, 1500, 2000, 2000, 2000])
})
