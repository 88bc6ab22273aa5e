import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Range, rollUpsOf, stepStart, tilesBetween } from './levels.ts'
import { firstReads, type PlanQuery, plan, type Read, type ReadableLevel } from './plan.ts'

const HOUR = 3600
const DAY = 86_400
const END = 400 * DAY

/** A level with all its tiles, unless something else is said of it. */
function levelOf(seconds: number, given: Partial<ReadableLevel> = {}): ReadableLevel {
  return { id: seconds, seconds, keptFrom: 0, extent: { from: 0, to: END }, stale: [], ...given }
}

const LEVELS = [5, 60, HOUR, DAY].map((seconds) => levelOf(seconds))

/** Without boundaries of steps. */
const whole = (from: number, to: number): PlanQuery => {
  return { from, to, stepSeconds: 10 * END, offsetSeconds: 0 }
}

/** Each read in words. */
function planned(query: PlanQuery, levels: readonly ReadableLevel[]): string[] {
  return [...plan(query, levels)].map(({ level, from, to }) => `${level.seconds}: ${from}-${to}`)
}

describe('plan', () => {
  it('takes the longest tiles that fit, and shorter ones at the edges', () => {
    expect(planned(whole(HOUR - 5, 2 * DAY + 67), LEVELS)).toEqual([
      `5: ${HOUR - 5}-${HOUR}`,
      `3600: ${HOUR}-${DAY}`,
      `86400: ${DAY}-${2 * DAY}`,
      `60: ${2 * DAY}-${2 * DAY + 60}`,
      `5: ${2 * DAY + 60}-${2 * DAY + 67}`,
    ])
  })

  it('takes what stale tiles are made of, and no more than that', () => {
    const levels = LEVELS.map((level) => {
      const from = stepStart(HOUR + 65, level.seconds)
      return level.seconds === 5 ? level : { ...level, stale: [{ from, to: from + level.seconds }] }
    })
    expect(planned(whole(0, DAY), levels)).toEqual([
      `3600: 0-${HOUR}`,
      `60: ${HOUR}-${HOUR + 60}`,
      `5: ${HOUR + 60}-${HOUR + 120}`,
      `60: ${HOUR + 120}-${2 * HOUR}`,
      `3600: ${2 * HOUR}-${DAY}`,
    ])
  })

  it('takes no tile across the boundary of a step: days of India are made of hours and minutes', () => {
    const india: PlanQuery = {
      ...{ from: -19_800, to: DAY - 19_800, stepSeconds: DAY, offsetSeconds: -19_800 },
    }
    expect(planned({ ...india, from: DAY - 19_800, to: 3 * DAY - 19_800 }, LEVELS)).toEqual([
      `60: ${DAY - 19_800}-${DAY - 18_000}`,
      `3600: ${DAY - 18_000}-${2 * DAY - 21_600}`,
      // The end of one day, and the beginning of the next.
      `60: ${2 * DAY - 21_600}-${2 * DAY - 18_000}`,
      `3600: ${2 * DAY - 18_000}-${3 * DAY - 21_600}`,
      `60: ${3 * DAY - 21_600}-${3 * DAY - 19_800}`,
    ])
  })

  it('leaves out what no level keeps, and nothing else', () => {
    const levels = [
      levelOf(5, { keptFrom: 2 * DAY }),
      levelOf(HOUR, { keptFrom: DAY }),
      levelOf(DAY),
    ]
    expect(planned(whole(437, 2 * DAY + 437), levels)).toEqual([
      // Of the first day only its sum is kept, which holds the first minutes, too.
      `86400: ${DAY}-${2 * DAY}`,
      `5: ${2 * DAY}-${2 * DAY + 437}`,
    ])
    expect(planned(whole(DAY + 437, 3 * DAY), levels)).toEqual([
      `3600: ${DAY + HOUR}-${2 * DAY}`,
      `86400: ${2 * DAY}-${3 * DAY}`,
    ])
  })

  it('takes windows alone where each is asked for by itself', () => {
    const query = { from: 0, to: DAY, stepSeconds: undefined, offsetSeconds: 0 }
    expect(planned(query, LEVELS)).toEqual([`5: 0-${DAY}`])
  })

  it('takes nothing where there is nothing', () => {
    expect(planned(whole(0, DAY), [])).toEqual([])
    expect(planned(whole(DAY, DAY), LEVELS)).toEqual([])
    expect(planned(whole(0, DAY), [levelOf(5, { extent: undefined })])).toEqual([])
  })

  it('is not made further than it is asked for', () => {
    const forEver = { from: 0, to: 1e15, stepSeconds: 90, offsetSeconds: 7 }
    const levels = LEVELS.map((level) => ({ ...level, extent: { from: 0, to: 1e15 } }))
    expect(firstReads(forEver, levels, 50).reads.length).toBeLessThanOrEqual(50)
  })
})

/** Levels as roll-ups and retention leave them: what is stale, or too young, is kept in shorter tiles. */
const levels = fc
  .record({
    windowSeconds: fc.constantFrom(60, 300, 1800, 7),
    hours: fc.array(fc.nat(10 * 24), { maxLength: 12 }),
    kept: fc.array(fc.nat(10 * 24), { minLength: 4, maxLength: 4 }),
    extent: fc.tuple(fc.nat(5 * DAY), fc.nat(10 * DAY)),
  })
  .map(({ windowSeconds, hours, kept, extent: [begins, ends] }): ReadableLevel[] =>
    [windowSeconds, ...rollUpsOf(windowSeconds)].map((seconds, index) => {
      const starts = new Set(hours.map((hour) => stepStart(hour * HOUR, seconds)))
      return levelOf(seconds, {
        keptFrom: stepStart((kept[index] ?? 0) * HOUR, seconds),
        extent: {
          from: stepStart(begins, seconds),
          to: stepStart(Math.max(begins, ends), seconds) + seconds,
        },
        stale:
          index === 0
            ? []
            : joined(
                [...starts].sort((a, b) => a - b),
                seconds,
              ),
      })
    }),
  )

const queries = fc
  .record({
    from: fc.nat(5 * DAY),
    length: fc.nat(5 * DAY),
    stepSeconds: fc.oneof(
      fc.constantFrom(undefined, 60, HOUR, DAY, 7 * HOUR),
      fc.integer({ min: 60, max: 2 * DAY }),
    ),
    offsetSeconds: fc.oneof(fc.constantFrom(0, 1800, HOUR), fc.integer({ min: -DAY, max: DAY })),
  })
  .map(({ from, length, ...query }): PlanQuery => ({ ...query, from, to: from + length }))

describe('any plan', () => {
  it('reads a time from the longest tiles that are kept, up to date, and within one step; no time twice', () => {
    fc.assert(
      fc.property(levels, queries, (all, query) => {
        const reads = [...plan(query, all)]
        let at = query.from
        for (const { from, to } of reads) {
          if (from < at || to <= from) expect([at, from, to]).toBe('in order')
          at = to
        }
        expect(at).toBeLessThanOrEqual(Math.max(query.from, query.to))
        // At the beginning of each shortest tile, and wherever something changes.
        const probes = probesOf(query, all)
        const readAt = (probe: number) =>
          reads.find(({ from, to }) => from <= probe && probe < to)?.level.seconds
        expect(probes.map(readAt)).toEqual(probes.map((probe) => longestAt(probe, query, all)))
      }),
      { numRuns: 200 },
    )
  })

  it('goes on, from any place where it was cut, as it would have gone on', () => {
    fc.assert(
      fc.property(levels, queries, fc.integer({ min: 1, max: 200 }), (all, query, atMost) => {
        const pieces: Read[] = []
        for (let from = query.from; from < query.to; ) {
          const { reads, to } = firstReads({ ...query, from }, all, atMost)
          const tiles = reads.map((read) => tilesBetween(read.from, read.to, read.level.seconds))
          const isBound = tiles.reduce((sum, n) => sum + n, 0) <= atMost
          if (to <= from || !isBound) expect({ from, to, tiles }).toBe(`${atMost} tiles at most`)
          pieces.push(...reads)
          from = to
        }
        const tiles = (reads: readonly Read[]) =>
          reads.flatMap(({ level: { seconds }, from, to }) =>
            Array.from(
              { length: tilesBetween(from, to, seconds) },
              (_, n) => `${seconds}: ${(Math.ceil(from / seconds) + n) * seconds}`,
            ),
          )
        expect(tiles(pieces)).toEqual(tiles([...plan(query, all)]))
      }),
      { numRuns: 60 },
    )
  })
})

/** By the definition, tile by tile: of what length the longest tile is that may be read at an instant. */
function longestAt(
  at: number,
  { from, to, stepSeconds, offsetSeconds }: PlanQuery,
  all: readonly ReadableLevel[],
): number | undefined {
  const fits = ({ seconds, keptFrom, extent, stale }: ReadableLevel, index: number): boolean => {
    const isWithin = (one: number) =>
      one >= Math.max(keptFrom, extent?.from ?? Infinity) && one < (extent?.to ?? 0)
    if (index === 0) return isWithin(at)
    const tile = stepStart(at, seconds)
    const end = tile + seconds
    if (stepSeconds === undefined || tile < from || end > to || !isWithin(tile)) return false
    if (stale.some((range) => range.from < end && tile < range.to)) return false
    return (
      stepStart(tile, stepSeconds, offsetSeconds) === stepStart(end - 1, stepSeconds, offsetSeconds)
    )
  }
  return all.findLast(fits)?.seconds
}

function probesOf({ from, to }: PlanQuery, all: readonly ReadableLevel[]): number[] {
  const every = Array.from({ length: 100 }, (_, n) => from + Math.floor((n * (to - from)) / 100))
  const edges = all.flatMap(({ keptFrom, extent, stale }) => [
    ...[keptFrom, extent?.from ?? 0, extent?.to ?? 0],
    ...stale.flatMap((range) => [range.from, range.to]),
  ])
  const around = [...edges, from, to].flatMap((edge) => [edge - 1, edge])
  return [...every, ...around].filter((at) => at >= from && at < to)
}

function joined(starts: readonly number[], seconds: number): Range[] {
  const ranges: Range[] = []
  for (const from of starts) {
    const last = ranges.at(-1)
    if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to: from + seconds }
    else ranges.push({ from, to: from + seconds })
  }
  return ranges
}

describe('levels', () => {
  it('are rolled up to lengths that windows fill without a rest', () => {
    expect([5, 60, 90, 300, 7, 3600, 86_400].map((seconds) => rollUpsOf(seconds))).toEqual([
      ...[[60, 3600, 86_400], [3600, 86_400], [3600, 86_400], [3600, 86_400], [], [86_400], []],
    ])
  })

  it('have tiles that begin an offset away from multiples of their length', () => {
    expect(stepStart(10, 60, 15)).toBe(-45)
    expect(stepStart(15, 60, 15)).toBe(15)
  })

  it('have the tiles that begin in a range', () => {
    expect(tilesBetween(1, 60, 5)).toBe(11)
    expect(tilesBetween(0, 60, 5)).toBe(12)
    expect(tilesBetween(61, 62, 5)).toBe(0)
    expect(tilesBetween(60, 0, 5)).toBe(0)
  })
})
