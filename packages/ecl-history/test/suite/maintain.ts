import { describe, expect, it } from '@jest/globals'
import type { ClosedWindow, HistoryQuery, HistoryRow } from 'ecl-history'
import fc from 'fast-check'
import type { HistorySuite } from '../exercise-history-store.ts'
import { all, at, closed } from '../history-windows.ts'

const HOUR = 3600
const DAY = 86_400
const KEEP_ALL = new Map<string, number>()
const ON = new AbortController().signal
/** Much later than all windows. */
const LATER = at(30 * DAY)

/** What roll-ups and retention do. */
export function exerciseMaintain(suite: HistorySuite): void {
  const maintain = (now = LATER, retention: ReadonlyMap<string, number> = KEEP_ALL) =>
    suite.store.maintain(now, retention, ON)
  /** Has windows of another group archived until then, as a system that is at work has. */
  const working = (until: number, seconds = 900) =>
    suite.store.archive(
      Array.from({ length: Math.ceil(until / seconds) }, (_, n) =>
        closed(n * seconds, {}, { group: 'other', interval: `${seconds}s`, seconds }),
      ),
    )
  const days = (query: Partial<HistoryQuery> = {}): HistoryQuery => ({
    ...{ group: 'g', interval: '5s', from: at(0), to: at(2 * DAY) },
    ...query,
  })
  const answers = async (query: HistoryQuery) => ({
    rows: await all(suite.store.rows(query)),
    windows: await all(suite.store.windows(query)),
  })
  const sums = async (query: HistoryQuery) =>
    (await all(suite.store.rows(query))).map(({ event, sum }) => `${event} ${sum}`)

  describe('rolling up', () => {
    it('says the same of steps as before', async () => {
      const starts = [0, 5, 55, 60, HOUR - 5, HOUR, 5 * HOUR + 600, DAY - 5, DAY, DAY + 5 * HOUR]
      await suite.store.archive(
        starts.map((start, n) => closed(start, { a: n + 1, [`b${n % 3}`]: n })),
      )
      const queries = [60, 120, HOUR, 6 * HOUR, DAY, 2 * DAY].flatMap((stepSeconds) =>
        [0, HOUR, 1800, -7 * 60].map((offsetSeconds) => days({ stepSeconds, offsetSeconds })),
      )
      const odd = days({ from: at(5), to: at(DAY + 5 * HOUR), stepSeconds: HOUR })
      const before = await Promise.all([...queries, odd].map(answers))
      const nothing = { done: true, rolledUp: 0, removedWindows: 0 }
      expect(await maintain()).toMatchObject({ ...nothing, rolledUp: 8 + 6 + 2 })
      expect(await maintain()).toMatchObject(nothing)
      expect(await Promise.all([...queries, odd].map(answers))).toEqual(before)
      expect(await sums(days({ stepSeconds: DAY, top: 1 }))).toEqual(['a 36', 'a 19'])
    })

    it('leaves steps that are not over', async () => {
      await suite.store.archive([closed(0, { a: 1 }), closed(60, { a: 2 }), closed(HOUR, { a: 3 })])
      expect(await maintain(at(HOUR + 59))).toMatchObject({ rolledUp: 2 + 1 })
      expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 6'])
      expect(await maintain(at(HOUR + 60))).toMatchObject({ rolledUp: 1 })
      expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 6'])
    })

    it('makes steps anew where counts came late', async () => {
      await suite.store.archive([closed(0, { a: 1, gone: 1 }), closed(5, { a: 2 })])
      await maintain()
      await suite.store.archive([closed(0, { a: 7 }, { revision: 2 })])
      for (const round of ['before', 'after']) {
        expect([round, await sums(days({ stepSeconds: HOUR }))]).toEqual([round, ['a 9']])
        expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 9'])
        await maintain()
      }
    })

    it('says what the windows say, whatever comes in between', async () => {
      const window = fc.record({
        start: fc.integer({ min: 0, max: 40 }).map((n) => n * 900),
        revision: fc.integer({ min: 1, max: 3 }),
        counts: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -2, max: 9 }), {
          maxKeys: 3,
        }),
      })
      const steps = fc.array(fc.oneof({ weight: 4, arbitrary: window }, fc.constant('maintain')), {
        ...{ minLength: 5, maxLength: 25 },
      })
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 0, max: 40 }), async (script, nowAt) => {
          await suite.clear()
          const known = new Map<number, ClosedWindow>()
          for (const step of script) {
            if (typeof step === 'string') {
              await maintain(at(nowAt * 900))
              continue
            }
            const { start, revision, counts } = step
            // One version says one thing.
            const same = known.get(start)?.revision === revision ? known.get(start) : undefined
            const given = { interval: '15m', seconds: 900, revision, publishedMs: start }
            const archived = same ?? closed(start, counts, given)
            await suite.store.archive([archived])
            if (revision >= (known.get(start)?.revision ?? 0)) known.set(start, archived)
          }
          for (const stepSeconds of [900, HOUR, 6 * HOUR]) {
            const query = days({ interval: '15m', stepSeconds })
            expect(await all(suite.store.rows(query))).toEqual(
              expectedRows([...known.values()], stepSeconds),
            )
          }
        }),
        { numRuns: 8 },
      )
    })

    it('is exact where the sum of a step leaves 64 bits', async () => {
      const most = 2n ** 63n - 1n
      await suite.store.archive([
        closed(0, { a: most }),
        closed(5, { a: most }),
        closed(60, { a: 1 }),
      ])
      await maintain()
      expect(await sums(days({ stepSeconds: 60 }))).toEqual([`a ${2n * most}`, 'a 1'])
      expect(await sums(days({ stepSeconds: DAY }))).toEqual([`a ${2n * most + 1n}`])
    })

    it('is done once where several processes begin with it', async () => {
      await suite.store.archive(Array.from({ length: 300 }, (_, n) => closed(n * 60, { a: 1 })))
      const others = [suite.open(), suite.open(), suite.store]
      const rounds = await Promise.all(others.map((one) => one.maintain(LATER, KEEP_ALL, ON)))
      expect(rounds.reduce((sum, { rolledUp }) => sum + rolledUp, 0)).toBe(300 + 5 + 1)
      expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 300'])
    })

    it('ends when it is told to, and goes on the next time', async () => {
      await suite.store.archive([closed(0, { a: 1 })])
      await expect(
        suite.store.maintain(LATER, KEEP_ALL, AbortSignal.abort(new Error('enough'))),
      ).rejects.toThrow('enough')
      expect(await maintain()).toMatchObject({ done: true, rolledUp: 3 })
    })
  })

  describe('retention', () => {
    const keep = new Map([
      ['5s', HOUR],
      ['1m', DAY],
    ])

    it('removes what is older, and keeps what was made of it', async () => {
      await suite.store.archive([
        closed(0, { a: 1 }),
        closed(5, { b: 2 }),
        closed(4 * HOUR, { a: 4 }),
      ])
      await working(60 * HOUR)
      expect(await maintain(at(4 * HOUR + 60), keep)).toMatchObject({
        removedWindows: 2,
        expired: [
          {
            group: 'g',
            interval: '5s',
            stepSeconds: undefined,
            keptFrom: at(3 * HOUR + 60),
            removed: 2,
          },
        ],
      })
      expect(await sums(days())).toEqual(['a 4'])
      expect(await suite.store.series()).toMatchObject([
        { group: 'g', first: at(0), keptFrom: at(3 * HOUR + 60) },
        { group: 'other' },
      ])
      for (const stepSeconds of [60, HOUR, DAY]) {
        const found = (await sums(days({ stepSeconds }))).sort()
        expect(found).toEqual(stepSeconds < DAY ? ['a 1', 'a 4', 'b 2'] : ['a 5', 'b 2'])
      }
      expect(await maintain(at(26 * HOUR), keep)).toMatchObject({ removedWindows: 1 })
      expect(await sums(days({ stepSeconds: 60 }))).toEqual(['a 4'])
      expect(await sums(days({ stepSeconds: HOUR }))).toEqual(['a 1', 'b 2', 'a 4'])
      expect(await maintain(at(60 * HOUR), keep)).toMatchObject({ removedWindows: 0 })
      expect(await sums(days({ stepSeconds: 60 }))).toEqual([])
      expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 5', 'b 2'])
    })

    it('keeps nothing of windows that come when their time is no longer kept, and says so', async () => {
      await suite.store.archive([closed(0, { a: 1 }), closed(4 * HOUR, { a: 4 })])
      await working(4 * HOUR + 60)
      await maintain(at(4 * HOUR + 60), keep)
      expect(
        await suite.store.archive([
          closed(5, { a: 9 }),
          closed(0, { a: 9 }, { revision: 2 }),
          closed(4 * HOUR + 5, { a: 1 }),
        ]),
      ).toEqual({ expired: 2 })
      await maintain(at(4 * HOUR + 60), keep)
      expect(await sums(days({ stepSeconds: HOUR }))).toEqual(['a 1', 'a 5'])
    })

    it('removes nothing of which not everything is made', async () => {
      await suite.store.archive([closed(0, { a: 1 })])
      // The minute is over, the windows older than is kept, but the time of the round is before that.
      const soon = new Map([['5s', 1]])
      await working(70, 1)
      expect(await maintain(at(30), soon)).toMatchObject({ removedWindows: 0 })
      expect(await maintain(at(70), soon)).toMatchObject({ removedWindows: 1 })
      expect(await sums(days({ stepSeconds: DAY }))).toEqual(['a 1'])
    })

    describe('by a clock that is wrong', () => {
      const windows = () => suite.store.archive([0, 1, 2, 3].map((n) => closed(n * HOUR, { a: 1 })))
      const kept = async () => (await sums(days())).length

      it('removes nothing, however far ahead it is, and goes on to archive what comes', async () => {
        await windows()
        const round = await maintain(at(400 * DAY), new Map([['5s', 30 * DAY]]))
        expect(round).toMatchObject({ removedWindows: 0, expired: [], refused: [] })
        expect(await suite.store.archive([closed(4 * HOUR, { a: 1 })])).toEqual({ expired: 0 })
        expect(await kept()).toBe(5)
      })

      it('removes no more than what is older than the newest window allows', async () => {
        await windows()
        await working(4 * HOUR)
        expect(await maintain(at(400 * DAY), new Map([['5s', 2 * HOUR]]))).toMatchObject({
          expired: [{ keptFrom: at(2 * HOUR), removed: 2 }],
        })
      })

      it('removes nothing where windows of that clock are there, too, and says what it has left', async () => {
        await windows()
        await suite.store.archive([closed(40 * DAY, { a: 1 }), closed(40 * DAY + 5, { a: 1 })])
        const keep30 = new Map([['5s', 30 * DAY]])
        const refused = [{ group: 'g', interval: '5s', keptFrom: at(10 * DAY), removed: 0 }]
        expect(await maintain(at(41 * DAY), keep30)).toMatchObject({ expired: [], refused })
        expect(await kept()).toBe(4)
        expect(await suite.store.archive([closed(5 * HOUR, { a: 1 })])).toEqual({ expired: 0 })
        // The older half of what is kept has filled: it was no jump.
        await suite.store.archive([closed(11 * DAY, { a: 1 })])
        expect(await maintain(at(41 * DAY), keep30)).toMatchObject({
          removedWindows: 5,
          refused: [],
        })
      })

      it('removes it where an operator vouches for the clock', async () => {
        await windows()
        const force = { force: true }
        const round = await suite.store.maintain(at(40 * DAY), new Map([['5s', DAY]]), ON, force)
        expect(round).toMatchObject({ removedWindows: 4, refused: [] })
      })

      it('archives nothing less where everything was forgotten by it, once that is taken back', async () => {
        await windows()
        await maintain(at(400 * DAY), KEEP_ALL)
        await suite.forgetUntil(at(20_000 * DAY))
        expect(await kept()).toBe(0)
        const late = closed(4 * HOUR, { a: 1 })
        await expect(suite.store.archive([late])).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining('a clock was wrong once; "ecl-history CONFIG prune"'),
        })
        const { restored, expired } = await maintain(at(5 * HOUR), KEEP_ALL)
        expect(restored).toContainEqual(
          expect.objectContaining({ interval: '5s', keptFrom: at(0) }),
        )
        expect(expired).toEqual([])
        expect(await suite.store.archive([late])).toEqual({ expired: 0 })
        expect(await kept()).toBe(5)
      })
    })

    it('knows intervals and roll-ups by their length, however they are spelled', async () => {
      await suite.store.archive([closed(0, { a: 1 }, { interval: '60s', seconds: 60 })])
      await working(30 * DAY)
      await maintain(
        LATER,
        new Map([
          ['1m', HOUR],
          ['1d', DAY],
        ]),
      )
      expect(await sums(days({ interval: '60s' }))).toEqual([])
      expect(await sums(days({ interval: '60s', stepSeconds: HOUR }))).toEqual(['a 1'])
      expect(await sums(days({ interval: '60s', stepSeconds: DAY }))).toEqual(['a 1'])
    })
  })
}

/** What the rows of steps must be, made of the windows one by one. */
function expectedRows(windows: readonly ClosedWindow[], stepSeconds: number): HistoryRow[] {
  const stepOf = (start: number) => Math.floor(start / stepSeconds) * stepSeconds
  const steps = [...new Set(windows.map(({ start }) => stepOf(start)))].sort((a, b) => a - b)
  return steps.flatMap((step) => {
    const within = windows.filter(({ start }) => stepOf(start) === step)
    const events = [...new Set(within.flatMap(({ counts }) => [...counts.keys()]))].sort()
    return events.map((event) => {
      const counts = within.map((window) => window.counts.get(event) ?? 0n)
      const sum = counts.reduce((a, b) => a + b, 0n)
      return {
        ...{ start: at(step - at(0)), event, sum },
        min: counts.reduce((a, b) => (a < b ? a : b)),
        max: counts.reduce((a, b) => (a > b ? a : b)),
        mean: Number(sum) / within.length,
      }
    })
  })
}
