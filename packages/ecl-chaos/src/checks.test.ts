import { describe, expect, it } from '@jest/globals'
import {
  checkConservation,
  checkHistory,
  checkReading,
  checkRotations,
  checkWindows,
  type Stored,
  storedOf,
} from './checks.ts'
import type { ReadLine } from './journal.ts'
import type { Bounds, Move } from './truth.ts'

const NOON = 1_700_000_000 - (1_700_000_000 % 3600)
const lengths = new Map([['web:2s', 2]])
const stored = (windows: Readonly<Record<number, number>>): Stored =>
  new Map([
    [
      'web:2s',
      new Map(
        Object.entries(windows).map(([start, n]) => [NOON + Number(start), new Map([['hit', n]])]),
      ),
    ],
  ])
const expected = (windows: Readonly<Record<number, Bounds>>) =>
  new Map([
    [
      'web:2s',
      new Map(
        Object.entries(windows).map(([start, bounds]) => [
          NOON + Number(start),
          new Map([['hit', bounds]]),
        ]),
      ),
    ],
  ])
const moves = (...some: { stamp: number; acked: number; n: number }[]) =>
  new Map([
    [
      'web:2s',
      new Map<string, readonly Move[]>([
        [
          'hit',
          some.map(({ stamp, acked, n }) => ({
            event: 'hit',
            stamp: NOON + stamp,
            ackedMs: (NOON + acked) * 1000,
            n,
          })),
        ],
      ]),
    ],
  ])
const exactly = (n: number): Bounds => ({ low: n, high: n })

describe('checkConservation', () => {
  const totals = (bounds: Bounds) => new Map([['web:2s', new Map([['hit', bounds]])]])

  it('is content when as much is stored as was logged', () => {
    expect(checkConservation(stored({ 0: 3, 2: 4 }), totals(exactly(7)))).toEqual([])
    expect(checkConservation(stored({ 0: 3 }), totals({ low: 2, high: 7 }))).toEqual([])
  })

  it('finds what is missing, and what is there twice, by one', () => {
    for (const windows of [
      { 0: 3, 2: 3 },
      { 0: 3, 2: 5 },
    ]) {
      const [finding, ...others] = checkConservation(stored(windows), totals(exactly(7)))
      expect(finding?.check).toBe('conservation')
      expect(others).toEqual([])
    }
  })

  it('finds what nobody logged, and what nothing is stored of', () => {
    expect(checkConservation(stored({ 0: 1 }), new Map())).toHaveLength(1)
    expect(checkConservation(new Map(), totals(exactly(1)))).toHaveLength(1)
  })
})

describe('checkWindows', () => {
  const check = (
    found: Readonly<Record<number, number>>,
    wanted: Readonly<Record<number, Bounds>>,
    moved = moves(),
  ) => checkWindows(stored(found), expected(wanted), moved, lengths)

  it('is content when each window has what was logged in it', () => {
    expect(check({ 0: 3, 2: 4 }, { 0: exactly(3), 2: exactly(4) })).toEqual([])
  })

  it('finds one event in the next window', () => {
    const findings = check({ 0: 2, 2: 5 }, { 0: exactly(3), 2: exactly(4) })
    expect(findings.length).toBeGreaterThanOrEqual(2)
    expect(new Set(findings.map((finding) => finding.check))).toEqual(new Set(['right window']))
  })

  it('takes as many for moved as the store has said it moved, and no more', () => {
    const wanted = { 0: exactly(3), 2: exactly(4) }
    const moved = moves({ stamp: 0, acked: 3, n: 1 })
    expect(check({ 0: 2, 2: 5 }, wanted, moved)).toEqual([])
    expect(check({ 0: 1, 2: 6 }, wanted, moved)).not.toEqual([])
  })

  it('takes nothing for moved that was acknowledged at another time', () => {
    const wanted = { 0: exactly(3), 100: exactly(4) }
    expect(check({ 0: 2, 100: 5 }, wanted, moves({ stamp: 0, acked: 3, n: 1 }))).not.toEqual([])
  })
})

describe('checkHistory', () => {
  it('is content with the windows that were there, and with empty ones', () => {
    const kept = new Map([...stored({ 0: 3, 2: 4 })])
    expect(checkHistory(kept, stored({ 0: 3, 2: 4 }))).toEqual([])
    kept.set('web:3s', new Map([[NOON, new Map()]]))
    expect(checkHistory(kept, stored({ 0: 3, 2: 4 }))).toEqual([])
  })

  it('finds a window that is missing, one that is not what it was, and one that was undone', () => {
    for (const kept of [{ 0: 3 }, { 0: 3, 2: 5 }, { 0: 3, 2: 4, 4: 1 }]) {
      const findings = checkHistory(stored(kept), stored({ 0: 3, 2: 4 }))
      expect(findings.map(({ check }) => check)).toEqual(['history'])
    }
  })
})

describe('checkRotations', () => {
  const rotated = (...starts: number[]) => new Map([['web:2s', { windows: [], rotated: starts }]])

  it('is content with boundaries that come one after the other, some missed', () => {
    expect(checkRotations(rotated(2, 4, 10))).toEqual([])
  })

  it('finds a boundary that was passed twice, or backwards', () => {
    expect(checkRotations(rotated(2, 4, 4))).toHaveLength(1)
    expect(checkRotations(rotated(2, 6, 4))).toHaveLength(1)
  })
})

describe('checkReading', () => {
  const read = (counts: Record<string, number>, group = 'dynamic'): ReadLine => ({
    ...{ t: 'read', group, interval: '2s', which: 'last', start: NOON, storeMs: NOON * 1000 },
    ...{ counts, completeness: 'unknown' },
  })

  it('is content when the events add up to "all"', () => {
    expect(checkReading(read({ all: 3, a: 1, b: 2 }))).toBeUndefined()
  })

  it('finds a reading that has missed an event, or is of two windows', () => {
    expect(checkReading(read({ all: 3, a: 1 }))?.check).toBe('mixed window')
    expect(checkReading(read({ all: 3, a: 1, b: 3 }))?.check).toBe('mixed window')
  })

  it('asks no more of a group whose events do not fit into one batch', () => {
    expect(checkReading(read({ all: 3, rest: 1 }, 'wide'))).toBeUndefined()
  })
})

describe('storedOf', () => {
  it('adds up the windows of one start, without zeroes, by the names that are looked at', () => {
    const window = {
      start: NOON,
      counts: new Map([
        ['page 1', 2n],
        ['page 2', 3n],
        ['all', 0n],
      ]),
    }
    const found = storedOf(new Map([['wide:7s', { windows: [window, window], rotated: [] }]]))
    expect(found.get('wide:7s')?.get(NOON)).toEqual(new Map([['rest', 10]]))
  })
})
