import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import {
  type ClosedWindow,
  History,
  type HistoryRequest,
  type HistoryStep,
  type HistorySums,
  type Step,
} from 'ecl-history'
import fc from 'fast-check'
import { runsOf } from '../../src/query/runs.ts'
import type { HistorySuite } from '../exercise-history-store.ts'
import { all, at, closed } from '../history-windows.ts'

const WINDOW = 900
const HOUR = 3600
const DAY = 86_400
const DAYS = 4
const ON = new AbortController().signal
/** All days are over, and all windows have had the time to arrive. */
const NOW = at((DAYS + 1) * DAY)
const SERIES = { group: 'g', interval: '15m' } as const
const RANKED = ['complete', 'pending', 'unknown', 'partial'] as const

/** From when on windows, hours and days are kept, in their order. */
type Kept = readonly [windows: number, hours: number, days: number]

const KEEP_ALL: Kept = [0, 0, 0]

const someWindows = fc
  .record({
    first: fc.nat(DAY / WINDOW),
    last: fc.integer({ min: (3 * DAY) / WINDOW, max: (DAYS * DAY) / WINDOW - 1 }),
    // Some are missing, some not complete, some have no events.
    each: fc.array(fc.nat(39), { minLength: 97, maxLength: 97 }),
  })
  .map(({ first, last, each }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index).flatMap((n) => {
      const dice = each[n % each.length] ?? 0
      // The first and the last one are there.
      return dice === 39 && n !== first && n !== last ? [] : [windowOf(n, dice)]
    }),
  )

const requests = fc
  .record({
    from: fc.integer({ min: -DAY, max: DAYS * DAY }),
    length: fc.integer({ min: 1, max: 2 * DAYS * DAY }),
    zone: fc.constantFrom('UTC', 'Europe/Prague', 'Asia/Kolkata', 'America/St_Johns'),
    step: fc.constantFrom<Step>(
      ...(['all', 'all', 'day', 'week', 'month', 'window'] as const).map((unit) => ({ unit })),
      ...[900, 1800, HOUR, 6 * HOUR, 7 * HOUR].map((seconds) => {
        return { unit: 'seconds', seconds } as const
      }),
    ),
    events: fc.constantFrom(undefined, ['a'], ['b', 'none'], []),
  })
  .map(({ from, length, ...rest }): HistoryRequest => {
    return { ...SERIES, ...rest, from: at(from), to: at(from + length), now: NOW }
  })

/** Answers before and after retention. */
export function exerciseRetain(suite: HistorySuite): void {
  /** Rolls up everything, and removes what is older than so many hours. Says from when on each level is kept. */
  async function retain(hours: { windows: number; hours: number; days: number }): Promise<Kept> {
    const spelled = [
      ['15m', hours.windows * HOUR],
      ['1h', hours.hours * HOUR],
      ['1d', hours.days * HOUR],
    ] as const
    // No other group is at work, whose windows tell that so much time has passed.
    await suite.store.maintain(NOW, new Map(spelled), ON, { force: true })
    const since = (length: number, unit: number) => Math.floor((NOW - length) / unit) * unit
    // A roll-up is kept at least for as long as what it is made of.
    const [ofWindows, ofHours, ofDays] = spelled.map(([, length]) => length)
    const oldestHours = Math.max(ofWindows ?? 0, ofHours ?? 0)
    return [
      since(ofWindows ?? 0, HOUR),
      since(oldestHours, DAY),
      since(Math.max(oldestHours, ofDays ?? 0), DAY),
    ]
  }

  describe('an answer', () => {
    it('is the same before and after roll-up and retention, or says what is missing, whatever is asked', async () => {
      const history = new History(suite.store)
      const kept = fc.record({
        windows: fc.integer({ min: 24, max: 5 * 24 }),
        hours: fc.integer({ min: 24, max: 6 * 24 }),
        days: fc.constantFrom(1, 3 * 24, 90 * 24),
      })
      await fc.assert(
        fc.asyncProperty(
          someWindows,
          fc.array(requests, { minLength: 6, maxLength: 6 }),
          kept,
          fc.array(fc.nat(DAYS * 96), { maxLength: 4 }),
          async (archived, asked, keep, late) => {
            await suite.clear()
            await suite.store.archive(archived)
            await expectAnswers(history, asked, archived, KEEP_ALL)
            const keptFrom = await retain(keep)
            await expectAnswers(history, asked, archived, keptFrom)
            const changed = archived.map((window, n) =>
              late.includes(n) && window.start >= keptFrom[0]
                ? closed(window.start - at(0), { late: n }, { ...OF_LENGTH, revision: 2 })
                : window,
            )
            await suite.store.archive(changed.filter(({ revision }) => revision === 2))
            await expectAnswers(history, asked, changed, keptFrom)
            await retain(keep)
            await expectAnswers(history, asked, changed, keptFrom)
          },
        ),
        // To make 400 windows fewer takes minutes, and shows no more.
        { numRuns: 4, endOnFailure: true },
      )
    }, 60_000)

    it('is a sum of days that are rolled up, though it begins and ends within an hour', async () => {
      const history = new History(suite.store)
      const archived = Array.from({ length: (DAYS * DAY) / WINDOW }, (_, n) => windowOf(n, 0))
      await suite.store.archive(archived)
      const request = {
        ...{ ...SERIES, from: at(437), to: at(DAYS * DAY), now: NOW },
        step: { unit: 'all' },
      } as const
      const before = await history.sums(request)
      await retain({ windows: 48, hours: 24, days: 90 * 24 })
      const after = await history.sums(request)
      expect(before).toMatchObject({ windows: 384, expected: 384 })
      expect(after).toEqual(before)
      // Of the first day only the sum of all of it is kept, which holds more than was asked for.
      expect(await history.sums({ ...request, from: at(WINDOW) })).toMatchObject({
        windows: 3 * 96,
        expected: 383,
      })
      const [one, ...others] = await steps(history, { ...request, from: at(WINDOW) })
      expect(one).toMatchObject({ windows: 3 * 96, expected: 383, completeness: 'unknown' })
      expect(others).toEqual([])
    })

    it('does not take a beginning for complete of which nothing is kept any more', async () => {
      const history = new History(suite.store)
      const archived = Array.from({ length: 96 }, (_, n) => windowOf(n, 0))
      const isThere = (n: number) => n < 4 || n >= 20
      await suite.store.archive(archived.filter((_, n) => isThere(n)))
      const request = {
        ...{ ...SERIES, from: at(0), to: at(DAY), now: NOW },
        step: { unit: 'day' },
      } as const
      const [before] = await steps(history, request)
      expect(before).toMatchObject({ windows: 80, expected: 96, completeness: 'unknown' })
      await retain({ windows: 24, hours: 24, days: 90 * 24 })
      expect(await steps(history, request)).toEqual([before])
      expect(await suite.store.series()).toMatchObject([
        { ...SERIES, first: at(0), last: at(DAY - WINDOW), keptFrom: at(DAYS * DAY) },
      ])
      await retain({ windows: 24, hours: 24, days: 24 })
      expect(await steps(history, request)).toMatchObject([
        { windows: 0, expected: 96, completeness: 'unknown', rows: [] },
      ])
    })

    it('has what roll-ups are made of for as long as they may have to be made anew', async () => {
      const history = new History(suite.store)
      const archived = Array.from({ length: 2 * 96 }, (_, n) => windowOf(n, 0))
      await suite.store.archive(archived)
      // Hours are to be kept for less time than the windows that they are made of.
      const keep = { windows: 4 * 24 + 7, hours: 1, days: 90 * 24 }
      await retain(keep)
      const late = closed(DAY - WINDOW, { a: 1000 }, { ...OF_LENGTH, revision: 2 })
      await suite.store.archive([late])
      await retain(keep)
      const request = { ...SERIES, from: at(0), to: at(2 * DAY), now: NOW } as const
      expect(await history.sums(request)).toMatchObject({ windows: 2 * 96, expected: 2 * 96 })
    })
  })
}

const OF_LENGTH = { interval: '15m', seconds: WINDOW } as const

function windowOf(n: number, dice: number): ClosedWindow {
  const completeness = RANKED[Math.max(0, dice - 35)] ?? 'complete'
  const counts = dice % 5 === 4 ? {} : { a: n + 1, [`b${dice % 3}`]: 1 - dice, b: dice % 2 }
  return closed(n * WINDOW, counts, { ...OF_LENGTH, completeness, late: BigInt(dice % 2) })
}

function steps(history: History, request: HistoryRequest): Promise<HistoryStep[]> {
  return all(history.query(request))
}

async function expectAnswers(
  history: History,
  asked: readonly HistoryRequest[],
  archived: readonly ClosedWindow[],
  kept: Kept,
): Promise<void> {
  for (const request of asked) {
    const found = await steps(history, request)
    const expected = found.map((step) => stepOf(step, request, archived, kept))
    expect({ request, kept, found }).toEqual({ request, kept, found: expected })
    expectWholeTime(found, request, archived)
    const sums = await history.sums(request)
    expect({ request, kept, sums }).toEqual({
      request,
      kept,
      sums: sumsOf(request, archived, kept),
    })
  }
}

function sumsOf(
  request: HistoryRequest,
  archived: readonly ClosedWindow[],
  kept: Kept,
): HistorySums {
  const { step = { unit: 'window' }, zone = 'UTC' } = request
  const runs = [...runsOf(request, step, WINDOW, zone)]
  const [start, end] = [runs.at(0)?.from ?? at(0), runs.at(-1)?.to ?? at(0)]
  const asOne = { ...request, step: { unit: 'all' } } as const
  const { windows, expected, rows } = stepOf({ start, end }, asOne, archived, kept)
  const sums = rows.map(({ event, sum }) => [event, sum] as const)
  return { windows, expected, sums: sums.sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0)) }
}

/** The steps follow on each other, and hold all of the time in which there have been windows. */
function expectWholeTime(
  found: readonly HistoryStep[],
  request: HistoryRequest,
  archived: readonly ClosedWindow[],
): void {
  const within = archived.filter(({ start, end }) => end > request.from && start < request.to)
  const [first, last] = [within.at(0), within.at(-1)]
  for (const [i, { start }] of found.entries()) if (i > 0) expect(start).toBe(found[i - 1]?.end)
  if (first === undefined || last === undefined) return
  expect(found.at(0)?.start).toBeLessThanOrEqual(first.start)
  expect(found.at(-1)?.end).toBeGreaterThanOrEqual(last.end)
}

/** What a step must be, made of the windows one by one that are kept, or are in a tile that is. */
function stepOf(
  { start, end }: { readonly start: EpochSeconds; readonly end: EpochSeconds },
  { step, events }: HistoryRequest,
  archived: readonly ClosedWindow[],
  [keptWindows, keptHours, keptDays]: Kept,
): HistoryStep {
  const isWindow = step === undefined || step.unit === 'window' || end - start === WINDOW
  const isIn = (instant: number, seconds: number, kept: number) => {
    const tile = Math.floor(instant / seconds) * seconds
    return !isWindow && tile >= kept && tile >= start && tile + seconds <= end
  }
  const known = archived.filter(
    (window) =>
      window.start >= start &&
      window.start < end &&
      (window.start >= keptWindows ||
        isIn(window.start, HOUR, keptHours) ||
        isIn(window.start, DAY, keptDays)),
  )
  const from = Math.max(start, archived[0]?.start ?? 0)
  const to = Math.min(end, NOW - 17)
  const expected = Math.max(known.length, Math.floor(Math.max(0, to - from) / WINDOW))
  const worst = Math.max(0, ...known.map(({ completeness }) => RANKED.indexOf(completeness)))
  const names = [...new Set(known.flatMap(({ counts }) => [...counts.keys()]))].sort()
  return {
    ...{ start, end, windows: known.length, expected },
    completeness:
      known.length < expected || known.length === 0 ? 'unknown' : (RANKED[worst] ?? 'unknown'),
    late: known.reduce((sum, { late }) => sum + late, 0n),
    total: known.reduce((sum, { total }) => sum + total, 0n),
    rows: names
      .filter((event) => events?.includes(event) ?? true)
      .map((event) => {
        const counts = known.map((window) => window.counts.get(event) ?? 0n)
        const sum = counts.reduce((a, b) => a + b, 0n)
        return {
          ...{ start, event, sum },
          min: counts.reduce((a, b) => (a < b ? a : b)),
          max: counts.reduce((a, b) => (a > b ? a : b)),
          mean: Number(sum) / known.length,
        }
      }),
  }
}
