import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Backlog } from './backlog.ts'
import type { EpochSeconds, Interval } from './interval.ts'
import { latestBoundary } from './interval.ts'
import type { ClosedSegment } from './segment.ts'
import { FIVE_SECONDS, NOON, ONE_MINUTE } from './testing/hand-client.ts'

const INTERVALS = [FIVE_SECONDS, ONE_MINUTE]

const segment = (at: number, counts: Record<string, number>, openedMs = 0): ClosedSegment => ({
  at: at as EpochSeconds,
  counts: new Map(Object.entries(counts)),
  openedMs,
  closedMs: openedMs + 10,
})
const BYTES = 1e6
const drain = (backlog: Backlog, maxEvents = 1000, maxBytes = BYTES) => {
  const portions = []
  for (
    let one = backlog.take(maxEvents, maxBytes);
    one !== undefined;
    one = backlog.take(maxEvents, maxBytes)
  ) {
    portions.push({ at: one.at - NOON, counts: Object.fromEntries(one.counts) })
  }
  return portions
}
const LONG = 'x'.repeat(100)
const now = (seconds: number, lastHeard?: number) => ({
  now: NOON + seconds,
  lastHeard: lastHeard === undefined ? undefined : NOON + lastHeard,
})

describe('Backlog', () => {
  it('merges segments of the same windows', () => {
    const backlog = new Backlog(INTERVALS)
    backlog.add(segment(NOON, { a: 1, b: 1 }), now(1))
    backlog.add(segment(NOON, { a: 2, c: 1 }), now(2))
    expect(drain(backlog)).toEqual([{ at: 0, counts: { a: 3, b: 1, c: 1 } }])
  })

  it('hands out so many bytes of names at once, and one event at least', () => {
    const backlog = new Backlog(INTERVALS)
    backlog.add(segment(NOON, { a: 1, ä: 2, bc: 3, [LONG]: 4, d: 5 }), now(1))
    const portions = drain(backlog, 1000, 4).map(({ counts }) => Object.keys(counts))
    expect(portions).toEqual([['a', 'ä'], ['bc'], [LONG], ['d']])
    expect(backlog.total).toBe(0)
  })

  it('keeps windows apart that may still be current or last', () => {
    const backlog = new Backlog(INTERVALS)
    for (const at of [0, 5, 10]) backlog.add(segment(NOON + at, { a: 1 }), now(12, 0))
    expect(drain(backlog).map(({ at }) => at)).toEqual([0, 5, 10])
  })

  it('merges windows that can only be late, but not across a longer window', () => {
    const backlog = new Backlog(INTERVALS)
    for (let at = 0; at < 180; at += 5) backlog.add(segment(NOON + at, { a: 1 }), now(at + 1, 0))
    const portions = drain(backlog)
    expect(portions.reduce((sum, { counts }) => sum + Number(counts['a'] ?? 0), 0)).toBe(36)
    // That in which the store was last heard, one for each minute, and the two latest.
    expect(portions.map(({ at }) => at)).toEqual([0, 5, 60, 120, 170, 175])
  })

  it('tells with which window the latest counts were mixed', () => {
    const backlog = new Backlog([FIVE_SECONDS])
    for (let at = 0; at < 100; at += 5) backlog.add(segment(NOON + at, { a: 1 }), now(at + 1))
    expect(backlog.take(9, BYTES)).toMatchObject({ at: NOON, mixedWith: NOON + 85 })
    expect(backlog.take(9, BYTES)?.mixedWith).toBeUndefined()
  })

  it('keeps the window in which the store was last heard, which nobody may have turned over since', () => {
    const backlog = new Backlog([FIVE_SECONDS])
    for (let at = 0; at < 100; at += 5) backlog.add(segment(NOON + at, { a: 1 }), now(at + 1, 2))
    expect(drain(backlog).map(({ at }) => at)).toEqual([0, 5, 90, 95])
  })

  it('hands out bounded portions, oldest first, and merges nothing into what has been begun', () => {
    const backlog = new Backlog(INTERVALS)
    backlog.add(segment(NOON, { a: 1, b: 2, c: 3 }), now(1))
    expect(backlog.take(2, BYTES)?.counts).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    backlog.add(segment(NOON, { a: 10 }), now(1))
    expect(drain(backlog)).toEqual([
      { at: 0, counts: { c: 3 } },
      { at: 0, counts: { a: 10 } },
    ])
  })

  it('sends again in one interval only what failed in one interval only', () => {
    const backlog = new Backlog(INTERVALS)
    const rest = { at: NOON as EpochSeconds, intervals: [ONE_MINUTE], serial: 0 }
    backlog.addRest({ ...rest, counts: [['a', 3]] }, now(1))
    backlog.addRest({ ...rest, counts: [['a', 4]] }, now(1))
    backlog.add(segment(NOON, { a: 1 }), now(1))
    expect(backlog.take(10, BYTES)).toMatchObject({ intervals: [ONE_MINUTE], counts: [['a', 7]] })
    expect(backlog.take(10, BYTES)).toMatchObject({ intervals: INTERVALS, counts: [['a', 1]] })
  })

  it('gives stamps anew from when counts were made', () => {
    const backlog = new Backlog([FIVE_SECONDS])
    backlog.add(segment(0, { a: 1 }, 100), now(1))
    backlog.restamp((openedMs, closedMs) => (NOON + (openedMs + closedMs) / 2) as EpochSeconds)
    expect(drain(backlog)).toEqual([{ at: 105, counts: { a: 1 } }])
  })

  it('leaves the stamps of what comes back from the store as they are', () => {
    const backlog = new Backlog([FIVE_SECONDS])
    const at = NOON as EpochSeconds
    backlog.addRest({ at, intervals: [FIVE_SECONDS], serial: 1, counts: [['a', 3]] }, now(1))
    backlog.restamp(() => 0 as EpochSeconds)
    expect(backlog.take(10, BYTES)).toMatchObject({ at, isRest: true })
  })

  it('loses nothing and mixes no windows that are not late, in any order of adding and taking', () => {
    const third: Interval = { spec: '7s', seconds: 7 }
    const intervals = [FIVE_SECONDS, third]
    const action = fc.record({
      wait: fc.integer({ min: 0, max: 9 }),
      event: fc.constantFrom('a', 'b', 'c'),
      n: fc.integer({ min: -5, max: 100 }),
      take: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const backlog = new Backlog(intervals)
        let [at, added, taken] = [NOON, 0, 0]
        const takeOne = () => {
          for (const [, count] of backlog.take(2, BYTES)?.counts ?? []) taken += Number(count)
        }
        for (const { wait, event, n, take } of actions) {
          at += wait
          const stamp = latestBoundary(at, intervals)
          backlog.add(segment(stamp, { [event]: n }), { now: at, lastHeard: NOON })
          added += n
          if (take) takeOne()
          expect(backlog.total).toBe(added - taken)
          // Four windows of 5 s and three of 7 s may be told apart: memory does not grow with time.
          expect(backlog.depth).toBeLessThan(14)
        }
        while (!backlog.isEmpty) takeOne()
        expect(taken).toBe(added)
      }),
    )
  })
})
