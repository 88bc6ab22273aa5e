import { describe, expect, it } from '@jest/globals'
import type { HistoryQuery } from 'ecl-history'
import type { HistorySuite } from '../exercise-history-store.ts'
import { all, at, closed } from '../history-windows.ts'

const MINUTE = { group: 'g', interval: '5s', from: at(0), to: at(60) } as const

/** What is read of windows, and of steps. */
export function exerciseRead(suite: HistorySuite): void {
  const sums = async (query: Partial<HistoryQuery>) =>
    (await all(suite.store.rows({ ...MINUTE, ...query }))).map(
      ({ start, event, sum }) => `${start - at(0)} ${event} ${sum}`,
    )

  describe('reading', () => {
    it('gives the windows that begin in the time asked for', async () => {
      await suite.store.archive([0, 5, 10, 15].map((start) => closed(start, { a: start + 1 })))
      expect(await sums({ from: at(5), to: at(15) })).toEqual(['5 a 6', '10 a 11'])
      expect(await sums({ from: at(1), to: at(6) })).toEqual(['5 a 6'])
      expect(await sums({ from: at(5), to: at(5) })).toEqual([])
    })

    it('gives nothing of what is not known', async () => {
      expect(await sums({})).toEqual([])
      expect(await all(suite.store.windows({ ...MINUTE, stepSeconds: 60 }))).toEqual([])
      expect(await all(suite.store.closed(MINUTE))).toEqual([])
      expect(await suite.store.series()).toEqual([])
      await suite.store.archive([closed(0, { a: 1 })])
      expect(await sums({ group: 'other' })).toEqual([])
      expect(await sums({ interval: '5S' })).toEqual([])
    })

    it('gives only the events asked for', async () => {
      await suite.store.archive([
        closed(0, { a: 1, b: 2, c: 3 }),
        closed(5, { b: 4 }),
        closed(10, {}),
      ])
      expect(await sums({ events: ['c', 'b', 'b', 'unheard of'] })).toEqual([
        ...['0 b 2', '0 c 3', '5 b 4'],
      ])
      expect(await sums({ events: ['unheard of'] })).toEqual([])
      expect(await sums({ events: [] })).toEqual([])
    })

    it('gives the same of many events that are asked for as of a few, in windows and in roll-ups', async () => {
      const counts = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`e${n + 100}`, n]))
      await suite.store.archive([closed(0, counts), closed(5, { e100: 7, other: 1 })])
      const many = Object.keys(counts).slice(0, 80)
      for (const stepSeconds of [undefined, 60]) {
        const query = { events: many, stepSeconds }
        const found = await sums(query)
        expect(found).toHaveLength(stepSeconds === undefined ? 81 : 80)
        const few = [many.slice(0, 30), many.slice(30, 60), many.slice(60)]
        const each = await Promise.all(few.map((events) => sums({ events, stepSeconds })))
        expect(found.toSorted()).toEqual(each.flat().toSorted())
        await suite.store.maintain(at(86_400), new Map(), new AbortController().signal)
        expect(await sums(query)).toEqual(found)
      }
    })

    it('gives the events with the largest sums, the first by name of equal ones', async () => {
      await suite.store.archive([
        closed(0, { a: 5, b: 1, c: 3, d: 3 }),
        closed(5, { b: 9 }),
        closed(60, { a: 100 }),
      ])
      expect(await sums({ top: 1 })).toEqual(['0 b 1', '5 b 9'])
      expect(await sums({ top: 3 })).toEqual(['0 a 5', '0 b 1', '0 c 3', '5 b 9'])
      expect(await sums({ top: 9 })).toHaveLength(5)
      expect(await sums({ top: 1, events: ['c', 'd'] })).toEqual(['0 c 3'])
      expect(await sums({ top: 0 })).toEqual([])
    })

    it('gives sum, least, most and mean of the windows of a step, those without the event as 0', async () => {
      await suite.store.archive([
        closed(0, { a: 4, b: 2, c: -1 }),
        closed(5, { a: 8 }, { completeness: 'unknown', late: 1n, revision: 7 }),
        closed(10, { b: 4, a: 6 }, { late: 2n }),
        closed(60, {}),
      ])
      const query = { ...MINUTE, to: at(120), stepSeconds: 60 }
      expect(await all(suite.store.rows(query))).toEqual([
        { start: at(0), event: 'a', sum: 18n, min: 4n, max: 8n, mean: 6 },
        { start: at(0), event: 'b', sum: 6n, min: 0n, max: 4n, mean: 2 },
        { start: at(0), event: 'c', sum: -1n, min: -1n, max: 0n, mean: -1 / 3 },
      ])
      expect(await all(suite.store.windows(query))).toEqual([
        {
          ...{
            start: at(0),
            windows: 3,
            expected: 12,
            completeness: 'unknown',
            late: 3n,
            total: 23n,
          },
          ...{ publishedMs: at(17) * 1000, revision: 7 },
        },
        {
          ...{
            start: at(60),
            windows: 1,
            expected: 12,
            completeness: 'complete',
            late: 0n,
            total: 0n,
          },
          ...{ publishedMs: at(67) * 1000, revision: 1 },
        },
      ])
    })

    it('begins steps where an offset says, and expects no more windows than were asked for', async () => {
      const half = 1800
      await suite.store.archive(
        [0, half, 2 * half, 3 * half].map((start) =>
          closed(start, { a: 1 }, { interval: '30m', seconds: half }),
        ),
      )
      const query = {
        ...{ group: 'g', interval: '30m', from: at(0), to: at(4 * half) },
        ...{ stepSeconds: 3600, offsetSeconds: half },
      }
      expect(await all(suite.store.windows(query))).toMatchObject([
        { start: at(-half), windows: 1, expected: 1 },
        { start: at(half), windows: 2, expected: 2 },
        { start: at(3 * half), windows: 1, expected: 1 },
      ])
      expect(await sums({ ...query, offsetSeconds: -half })).toEqual([
        ...['-1800 a 1', '1800 a 2', '5400 a 1'],
      ])
    })

    it('gives many windows piece by piece, each once, in their order', async () => {
      const windows = Array.from({ length: 700 }, (_, index) =>
        closed(
          index * 5,
          Object.fromEntries([...Array(40).keys()].map((n) => [`e${n}`, index + 1])),
        ),
      )
      await suite.store.archive(windows)
      const found = await all(
        suite.store.rows({ ...MINUTE, to: at(3500), stepSeconds: 35, offsetSeconds: at(0) % 35 }),
      )
      expect(found).toHaveLength(100 * 40)
      expect(found.map(({ start }) => start)).toEqual(
        found.map(({ start }) => start).sort((a, b) => a - b),
      )
      expect(found.reduce((sum, row) => sum + row.sum, 0n)).toBe(BigInt((40 * 700 * 701) / 2))
      const starts = (await all(suite.store.windows({ ...MINUTE, to: at(3500) }))).map(
        ({ start }) => start,
      )
      expect(starts).toEqual(windows.map(({ start }) => start))
    })

    it('gives windows as they were published, in parts of at most 1,000 events', async () => {
      const large = Object.fromEntries(
        Array.from({ length: 1500 }, (_, n) => [`e${10_000 + n}`, n]),
      )
      const first = Object.fromEntries(Object.entries(large).slice(0, 1000))
      const second = Object.fromEntries(Object.entries(large).slice(1000))
      const windows = [
        closed(0, {}, { completeness: 'unknown' }),
        closed(5, first, { part: 1, parts: 2, total: 1_124_250n, late: 3n, revision: 4 }),
        closed(5, second, { part: 2, parts: 2, total: 1_124_250n, late: 3n, revision: 4 }),
        closed(10, { a: 1 }),
      ]
      await suite.store.archive(windows)
      expect(await all(suite.store.closed(MINUTE))).toEqual(windows)
    })

    it('does not call a window complete, of which a part is missing, when it hands it on', async () => {
      await suite.store.archive([closed(0, { a: 1 }, { parts: 2, part: 2, total: 8n })])
      expect(await all(suite.store.closed(MINUTE))).toEqual([
        closed(0, { a: 1 }, { completeness: 'pending', total: 8n }),
      ])
    })
  })
}
