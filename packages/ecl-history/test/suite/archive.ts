import { describe, expect, it } from '@jest/globals'
import { type ClosedWindow, UnfitWindowError } from 'ecl-history'
import fc from 'fast-check'
import type { HistorySuite } from '../exercise-history-store.ts'
import { all, at, closed } from '../history-windows.ts'

const EVER = { group: 'g', interval: '5s', from: at(-86_400), to: at(86_400) } as const
const MOST = 2n ** 63n - 1n

/** What becomes of windows that are archived. */
export function exerciseArchive(suite: HistorySuite): void {
  const rows = () => all(suite.store.rows(EVER))
  const windows = () => all(suite.store.windows(EVER))

  describe('archiving', () => {
    it('keeps a window and its counts', async () => {
      await suite.store.archive([
        closed(0, { b: 3, a: 4 }, { completeness: 'partial', late: 2n, total: 7n, revision: 9 }),
      ])
      expect(await rows()).toEqual([
        { start: at(0), event: 'a', sum: 4n, min: 4n, max: 4n, mean: 4 },
        { start: at(0), event: 'b', sum: 3n, min: 3n, max: 3n, mean: 3 },
      ])
      expect(await windows()).toEqual([
        {
          ...{ start: at(0), windows: 1, expected: 1, completeness: 'partial' },
          ...{ publishedMs: at(7) * 1000, revision: 9, late: 2n, total: 7n },
        },
      ])
    })

    it('tells a window without events from one that is not known', async () => {
      await suite.store.archive([closed(0, {}), closed(10, {})])
      expect((await windows()).map(({ start }) => start)).toEqual([at(0), at(10)])
      expect(await rows()).toEqual([])
    })

    it('is harmless to repeat, by another process, too', async () => {
      const batch = [closed(0, { a: 1 }), closed(5, { a: 2, b: 1 })]
      await suite.store.archive(batch)
      await suite.store.archive([...batch, ...batch])
      await suite.open().archive(batch)
      expect((await rows()).map(({ event, sum }) => [event, sum])).toEqual([
        ['a', 1n],
        ['a', 2n],
        ['b', 1n],
      ])
    })

    it('takes nothing at all', async () => {
      expect(await suite.store.archive([])).toEqual({ expired: 0 })
    })

    it('knows a window as pending until all its parts have come', async () => {
      const part = (number: number, counts: Record<string, number>) =>
        closed(0, counts, { part: number, parts: 3, total: 6n })
      await suite.store.archive([part(3, { c: 3 })])
      await suite.store.archive([part(1, { a: 1 }), part(3, { c: 3 })])
      expect(await windows()).toMatchObject([{ completeness: 'pending', total: 6n }])
      await suite.store.archive([part(2, { b: 2 })])
      expect(await windows()).toMatchObject([{ completeness: 'complete', total: 6n }])
      expect((await rows()).map(({ sum }) => sum)).toEqual([1n, 2n, 3n])
    })

    it('puts a later version in the place of an earlier one, whichever comes first', async () => {
      const first = closed(0, { a: 1, b: 2 })
      const later = closed(0, { a: 5, c: 1 }, { revision: 2 })
      const latest = closed(0, { d: 1 }, { publishedMs: first.publishedMs + 1, revision: 1 })
      await suite.store.archive([later])
      await suite.store.archive([first])
      expect((await rows()).map(({ event, sum }) => [event, sum])).toEqual([
        ['a', 5n],
        ['c', 1n],
      ])
      await suite.store.archive([first, latest, later])
      expect((await rows()).map(({ event }) => event)).toEqual(['d'])
      expect(await windows()).toMatchObject([{ revision: 1, total: 1n }])
    })

    it('ends with the latest version whole, in whatever order and batches parts come, and how often', async () => {
      const parts = [1, 2, 3].flatMap((revision) =>
        Array.from({ length: revision }, (_, index) =>
          closed(
            0,
            { [`r${revision}p${index}`]: 1, shared: revision },
            { revision, part: index + 1, parts: revision, total: 9n },
          ),
        ),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray([...parts, ...parts], { minLength: parts.length * 2 }),
          fc.integer({ min: 1, max: 4 }),
          async (shuffled, size) => {
            await suite.clear()
            for (let from = 0; from < shuffled.length; from += size) {
              await suite.store.archive(shuffled.slice(from, from + size))
            }
            expect((await rows()).map(({ event, sum }) => `${event} ${sum}`)).toEqual([
              ...['r3p0 1', 'r3p1 1', 'r3p2 1', 'shared 3'],
            ])
            expect(await windows()).toMatchObject([{ completeness: 'complete', revision: 3 }])
          },
        ),
        { numRuns: 10 },
      )
    })

    it('keeps counts of all of 64 bits', async () => {
      await suite.store.archive([
        closed(0, { most: MOST, least: -MOST - 1n }, { total: -1n, late: -MOST }),
      ])
      expect((await rows()).map(({ sum }) => sum)).toEqual([-MOST - 1n, MOST])
      expect(await windows()).toMatchObject([{ total: -1n, late: -MOST }])
    })

    it.each<[string, ClosedWindow]>([
      ['another length than others of its interval', closed(5, { a: 1 }, { seconds: 7 })],
      ['a part that is not of its parts', closed(5, { a: 1 }, { part: 2 })],
    ])('refuses %s, and with it the whole batch', async (_, unfit) => {
      await suite.store.archive([closed(60, {})])
      await expect(suite.store.archive([closed(0, { a: 1 }), unfit])).rejects.toThrow(
        UnfitWindowError,
      )
      expect(await windows()).toHaveLength(1)
      // What was undone is not taken for known.
      await suite.store.archive([closed(0, { a: 1 })])
      expect(await rows()).toMatchObject([{ event: 'a', sum: 1n }])
    })

    it.each<[string, Record<string, bigint>, RegExp]>([
      ['a count beyond 64 bits', { big: MOST + 1n }, /^the count of "big": \d+ is beyond 64 bits$/],
      [
        'a count below 64 bits',
        { low: -MOST - 2n },
        /^the count of "low": -\d+ is beyond 64 bits$/,
      ],
      ['a name with a NUL', { 'n\0': 1n }, /^the count of "n\\u0000": its name has a NUL$/],
      ['a name of half a character', { 's\ud83d': 1n }, /its name is no Unicode$/],
    ])(
      'leaves out %s alone, and says so; its window is partial, and all others are whole',
      async (_, bad, reason) => {
        const before = closed(5, { a: 1, b: 2, ...bad }, { total: 3n })
        const batch = [closed(0, { a: 1 }), before, closed(10, { b: 1 })]
        for (let n = 0; n < 2; n++) {
          expect(await suite.store.archive(batch)).toEqual({
            expired: 0,
            unfit: [{ window: before, reasons: [expect.stringMatching(reason)] }],
          })
          expect((await rows()).map(({ event, sum }) => [event, sum])).toEqual([
            ...[
              ['a', 1n],
              ['a', 1n],
              ['b', 2n],
              ['b', 1n],
            ],
          ])
          expect((await windows()).map(({ completeness }) => completeness)).toEqual([
            ...['complete', 'partial', 'complete'],
          ])
        }
      },
    )

    it.each([[[1, 2]], [[2, 1]]])(
      'leaves out one count of a window in parts, which is partial whichever comes first: %j',
      async (order) => {
        const part = (number: number) =>
          closed(0, number === 1 ? { a: 1 } : { b: 2, big: MOST + 1n }, {
            ...{ part: number, parts: 2, total: 3n },
          })
        for (const number of order) await suite.store.archive([part(number)])
        expect((await rows()).map(({ sum }) => sum)).toEqual([1n, 2n])
        expect(await windows()).toMatchObject([{ completeness: 'partial', total: 3n }])
      },
    )

    it('keeps the counts of a window whose total is beyond 64 bits', async () => {
      const window = closed(0, { a: MOST, b: 1 })
      const reasons = ['its total is beyond 64 bits']
      expect(await suite.store.archive([window])).toEqual({
        expired: 0,
        unfit: [{ window, reasons }],
      })
      expect((await rows()).map(({ sum }) => sum)).toEqual([MOST, 1n])
      expect(await windows()).toMatchObject([{ completeness: 'partial', total: MOST }])
    })

    it('keeps a name of any length, and the counts of all others with it', async () => {
      // Nothing in it comes twice, so that no compression makes it fit into an index.
      const long = (length: number) =>
        Array.from({ length: length / 5 }, (__, n) =>
          ((n * n * 7919 + 1) % 60_466_176).toString(36).padStart(5, '0'),
        ).join('')
      const counts = { a: 1, [long(2705)]: 2, [long(20_000)]: 3, [`${long(20_000)}!`]: 4 }
      for (let n = 0; n < 2; n++) {
        expect(await suite.store.archive([closed(n * 5, counts)])).toEqual({ expired: 0 })
      }
      const found = new Map((await rows()).map(({ event, sum }) => [event, Number(sum)]))
      expect(Object.fromEntries(found)).toEqual(counts)
      expect(await windows()).toMatchObject([
        { completeness: 'complete' },
        { completeness: 'complete' },
      ])
    })

    it('keeps names as they are, and tells them by their code points', async () => {
      const names = ['', '\u{1f600}', '\uff21', 'a', 'A', "it's", 'ä', 'a b', 'x'.repeat(2000)]
      const counts = Object.fromEntries(names.map((name, index) => [`n${name}`, index + 1]))
      await suite.store.archive([closed(0, counts)])
      const found = (await rows()).map(({ event }) => event)
      const byBytes = Object.keys(counts).sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      )
      expect(found).toEqual(byBytes)
    })

    it('keeps groups and intervals apart', async () => {
      await suite.store.archive([
        closed(0, { a: 1 }),
        closed(0, { a: 2 }, { group: 'h' }),
        closed(0, { a: 3 }, { interval: '1m', seconds: 60 }),
      ])
      expect((await rows()).map(({ sum }) => sum)).toEqual([1n])
      expect(await suite.store.series()).toEqual([
        { group: 'g', interval: '5s', first: at(0), last: at(0), keptFrom: 0 },
        { group: 'g', interval: '1m', first: at(0), last: at(0), keptFrom: 0 },
        { group: 'h', interval: '5s', first: at(0), last: at(0), keptFrom: 0 },
      ])
    })

    describe('a window that says that those behind it may have been undone', () => {
      const LOSS_MS = 2500
      const second = (start: number, counts: Record<string, number>, given: object = {}) =>
        closed(start, counts, { seconds: 1, publishedMs: at(start + 1) * 1000 + 200, ...given })
      /** Published again after a crash, when windows had been missed. */
      const again = (start: number, counts: Record<string, number>, given: object = {}) =>
        second(start, counts, {
          publishedMs: at(10) * 1000,
          undone: { next: at(9), lossWindowMs: LOSS_MS, mayHoldForeign: false },
          ...given,
        })
      const starts = async () =>
        (await windows()).map(({ start, total, completeness }) => [
          start - at(0),
          total,
          completeness,
        ])
      const totals = async () => (await windows()).map(({ total }) => total)

      it('has them withdrawn, and no others', async () => {
        await suite.store.archive([
          ...[second(1, { a: 1 }), second(2, { a: 2 }), second(3, { a: 3 }), second(4, { b: 4 })],
          second(9, { a: 5 }, { publishedMs: at(9) * 1000 + 999 }),
          closed(3, { a: 3 }, { group: 'h', seconds: 1, publishedMs: at(4) * 1000 }),
        ])
        const told = again(2, { a: 2, b: 1 }, { revision: 7 })
        for (let n = 0; n < 2; n++) {
          await suite.store.archive([told])
          expect(await starts()).toEqual([
            [1, 1n, 'complete'],
            [2, 3n, 'complete'],
            [3, 0n, 'unknown'],
            [4, 0n, 'unknown'],
            [9, 5n, 'complete'],
          ])
        }
        expect((await rows()).map(({ event, sum }) => [event, sum])).toEqual([
          ...[
            ['a', 1n],
            ['a', 2n],
            ['b', 1n],
            ['a', 5n],
          ],
        ])
        const undone = (await windows()).slice(2, 4)
        expect(undone.map(({ publishedMs, revision }) => [publishedMs, revision])).toEqual([
          ...[
            [at(10) * 1000, 7],
            [at(10) * 1000, 7],
          ],
        ])
        const others = await all(suite.store.rows({ ...EVER, group: 'h' }))
        expect(others.map(({ sum }) => sum)).toEqual([3n])
      })

      it('has each part of it tell that, whichever comes first', async () => {
        await suite.store.archive([second(2, { a: 2 }), second(3, { a: 3 })])
        const part = (number: number, counts: Record<string, number>) =>
          again(2, counts, { part: number, parts: 2, total: 3n })
        await suite.store.archive([part(2, { b: 1 })])
        await suite.store.archive([part(1, { a: 2 })])
        expect(await totals()).toEqual([3n, 0n])
        expect((await rows()).map(({ event, sum }) => [event, sum])).toEqual([
          ...[
            ['a', 2n],
            ['b', 1n],
          ],
        ])
      })

      it('does not have them brought back by who archives them again', async () => {
        await suite.store.archive([second(2, { a: 2 }), second(3, { a: 3 })])
        await suite.store.archive([again(2, { a: 2 })])
        await suite.store.archive([second(3, { a: 3 }), second(2, { a: 2 })])
        expect(await totals()).toEqual([2n, 0n])
        // It was turned over after all, by a clock that was behind.
        await suite.store.archive([second(3, { a: 4 }, { publishedMs: at(11) * 1000 })])
        expect(await totals()).toEqual([2n, 4n])
      })

      it.each([
        [
          'as long after the first of them began as loggers keep what they have sent',
          3,
          LOSS_MS,
          0n,
        ],
        ['later', 3, LOSS_MS + 1, 3n],
        [
          'so long after it, which came late as nobody had turned the one before over',
          7,
          LOSS_MS,
          0n,
        ],
        ['later than that', 7, LOSS_MS + 1, 3n],
      ])(
        'has all withdrawn or none: the latest was published %s',
        async (_, from, afterMs, left) => {
          const soon = { publishedMs: at(from) * 1000 + 1 }
          const latest = { publishedMs: at(from) * 1000 + afterMs }
          await suite.store.archive([
            ...[second(2, { a: 2 }), second(from, { a: 3 }, soon), second(8, {}, latest)],
            // Of another time.
            second(1, { a: 1 }, latest),
          ])
          // Told again, as the window was published again.
          for (const [seconds, revision] of [
            ...[
              [20, 0],
              [32, 1],
            ],
          ] as const) {
            const version = { publishedMs: at(seconds) * 1000, revision }
            await suite.store.archive([again(2, { a: 2 }, version)])
            expect((await totals()).slice(2)).toEqual([left, 0n])
            expect((await windows())[3]?.completeness).toBe(left === 0n ? 'unknown' : 'complete')
          }
        },
      )

      it.each([
        ['leaves late counts where they may be of programs that send nothing once more', true, 3n],
        ['has late counts withdrawn where they are of loggers', false, 0n],
      ])('%s', async (_, mayHoldForeign, left) => {
        await suite.store.archive([
          second(3, { a: 3 }, { late: 1n, completeness: 'unknown' }),
          second(4, { a: 4 }),
        ])
        const undone = { next: at(9), lossWindowMs: LOSS_MS, mayHoldForeign }
        await suite.store.archive([again(2, { a: 2 }, { undone })])
        expect(await totals()).toEqual([2n, left, 0n])
      })

      it('leaves those that were published later', async () => {
        const later = { publishedMs: at(10) * 1000 }
        await suite.store.archive([second(3, { a: 3 }), second(4, { a: 4 }, later)])
        await suite.store.archive([again(2, { a: 2 })])
        expect(await totals()).toEqual([2n, 0n, 4n])
      })

      it('has roll-ups made anew', async () => {
        const minutes = async () => {
          const steps = await all(suite.store.rows({ ...EVER, stepSeconds: 60 }))
          return steps.map(({ sum }) => sum)
        }
        await suite.store.archive([second(2, { a: 2 }), second(3, { a: 3 })])
        await suite.store.maintain(at(600), new Map(), new AbortController().signal)
        expect(await minutes()).toEqual([5n])
        await suite.store.archive([again(2, { a: 2 }), second(9, { a: 3 }, { late: 3n })])
        expect(await minutes()).toEqual([5n])
        await suite.store.maintain(at(600), new Map(), new AbortController().signal)
        expect(await minutes()).toEqual([5n])
      })
    })

    it('is done once by several at once', async () => {
      const parts = Array.from({ length: 6 }, (_, index) =>
        closed(
          5 * (index % 2),
          { [`e${index}`]: 1, all: index % 2 },
          {
            ...{ part: Math.floor(index / 2) + 1, parts: 3, total: 3n },
          },
        ),
      )
      const archivers = Array.from({ length: 3 }, () => suite.open())
      await Promise.all(
        archivers.map((archiver, index) =>
          archiver.archive([...parts.slice(index * 2), ...parts.slice(0, index * 2)].slice(0, 4)),
        ),
      )
      expect((await rows()).filter(({ event }) => event !== 'all')).toHaveLength(6)
      expect(await windows()).toMatchObject([
        { completeness: 'complete' },
        { completeness: 'complete' },
      ])
    })
  })
}
