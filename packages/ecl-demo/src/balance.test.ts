import { describe, expect, it } from '@jest/globals'
import { balance, foldRows, totalOf } from './balance.ts'

const counts = (record: Record<string, number>) => new Map(Object.entries(record))

describe('balance', () => {
  it('sets the sources side by side, the most frequent event first, then by name', () => {
    const logged = counts({ b: 1, c: 5, a: 1 })
    expect(balance([logged, counts({ a: 1, b: 1, c: 5 })])).toEqual([
      { event: 'c', counts: [5, 5], same: true },
      { event: 'a', counts: [1, 1], same: true },
      { event: 'b', counts: [1, 1], same: true },
    ])
  })

  it('finds an event that one source counted differently, or does not know, or invented', () => {
    const rows = balance([counts({ a: 2, b: 2 }), counts({ a: 3, c: 1 }), counts({ a: 2, b: 2 })])
    expect(rows).toEqual([
      { event: 'a', counts: [2, 3, 2], same: false },
      { event: 'b', counts: [2, 0, 2], same: false },
      { event: 'c', counts: [0, 1, 0], same: false },
    ])
  })

  it('takes an event that nobody has counted for one that was counted 0 times', () => {
    expect(balance([counts({}), counts({ a: 0 })])).toEqual([
      { event: 'a', counts: [0, 0], same: true },
    ])
  })
})

describe('totalOf', () => {
  it('does not balance when two differences cancel out', () => {
    const rows = balance([counts({ a: 1, b: 2 }), counts({ a: 2, b: 1 })])
    expect(totalOf(rows, 'total')).toEqual({ event: 'total', counts: [3, 3], same: false })
  })
})

describe('foldRows', () => {
  it('keeps the first rows and sums up the others', () => {
    const rows = balance([counts({ a: 4, b: 3, c: 2, d: 1 }), counts({ a: 4, b: 3, c: 2, d: 1 })])
    expect(foldRows(rows, 2).map(({ event }) => event)).toEqual(['a', 'b', '2 others'])
    expect(foldRows(rows, 2).at(-1)).toEqual({ event: '2 others', counts: [3, 3], same: true })
  })

  it('sums up rows that do not balance when there are many of them, and marks the sum', () => {
    const events = Array.from({ length: 30 }, (_, index) => [`e${index}`, 1] as const)
    const folded = foldRows(balance([new Map(events), new Map()]), 5)
    expect(folded).toHaveLength(11)
    expect(folded.at(-1)).toEqual({ event: '20 others', counts: [20, 0], same: false })
  })

  it('does not hide a row that does not balance', () => {
    const rows = balance([counts({ a: 4, b: 3, c: 2, d: 1 }), counts({ a: 4, b: 3, c: 2, d: 0 })])
    expect(foldRows(rows, 1).map(({ event }) => event)).toEqual(['a', 'd', '2 others'])
  })

  it('does not sum up a single row', () => {
    const rows = balance([counts({ a: 4, b: 3 }), counts({ a: 4, b: 3 })])
    expect(foldRows(rows, 1)).toEqual(rows)
  })
})
