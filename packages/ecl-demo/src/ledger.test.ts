import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds, Reading, Snapshot } from 'ecl-core'
import fc from 'fast-check'
import { Ledger } from './ledger.ts'
import { sumOf } from './tally.ts'

function snapshot(start: number, counts: Record<string, number>): Snapshot {
  return {
    start: start as EpochSeconds,
    end: (start + 5) as EpochSeconds,
    counts: new Map(Object.entries(counts).map(([event, n]) => [event, BigInt(n)])),
    unreadable: [],
  }
}

function reading(
  last: [start: number, counts: Record<string, number>],
  cur: [start: number, counts: Record<string, number>],
): Reading {
  return {
    storeTimeMs: cur[0] * 1000,
    current: cur[0] as EpochSeconds,
    last: snapshot(...last),
    cur: snapshot(...cur),
  }
}

describe('Ledger', () => {
  it('adds up closed windows', () => {
    const ledger = new Ledger()
    ledger.note(reading([10, { a: 1, b: 2 }], [15, {}]))
    ledger.note(reading([15, { a: 10 }], [20, {}]))
    expect(Object.fromEntries(ledger.totals)).toEqual({ a: 11, b: 2 })
    expect(ledger.window(15)).toEqual(new Map([['a', 10]]))
    expect(ledger.window(20)).toBeUndefined()
  })

  it('takes a window that it sees again as it is now, with the counts that came late', () => {
    const ledger = new Ledger()
    ledger.note(reading([10, { a: 1 }], [15, {}]))
    ledger.note(reading([10, { a: 4 }], [15, {}]))
    expect(ledger.totals.get('a')).toBe(4)
  })

  it('adds what is in the current window, and does not count it again once it is closed', () => {
    const ledger = new Ledger()
    ledger.note(reading([10, { a: 1 }], [15, { a: 2 }]))
    expect(ledger.totals.get('a')).toBe(3)
    ledger.note(reading([15, { a: 2 }], [20, {}]))
    expect(ledger.totals.get('a')).toBe(3)
  })

  it('misses the counts of a window that was emptied', () => {
    const ledger = new Ledger()
    ledger.note(reading([10, { a: 1 }], [15, { a: 2 }]))
    ledger.note(reading([15, { a: 0 }], [20, {}]))
    expect(ledger.totals.get('a')).toBe(1)
  })

  it('relies on windows that it saw after they were settled, and on what is current at the end', () => {
    const ledger = new Ledger()
    ledger.note({ ...reading([10, { a: 1 }], [15, {}]), storeTimeMs: 17_000 })
    ledger.note({ ...reading([15, { a: 1 }], [20, {}]), storeTimeMs: 22_100 })
    expect(ledger.unsettled(5, 10_000, 22_000)).toBe(0)
    expect(ledger.unsettled(5, 5000, 22_000)).toBe(1)
  })

  it('does not rely on a window that it missed, or saw for the last time before it was settled', () => {
    const ledger = new Ledger()
    ledger.note({ ...reading([10, { a: 1 }], [15, {}]), storeTimeMs: 16_999 })
    ledger.note({ ...reading([20, { a: 1 }], [25, {}]), storeTimeMs: 27_000 })
    expect(ledger.unsettled(5, 10_000, 24_000)).toBe(2)
  })

  it('relies on what it saw after everything was counted', () => {
    const ledger = new Ledger()
    ledger.note({ ...reading([10, { a: 1 }], [15, {}]), storeTimeMs: 15_001 })
    expect(ledger.unsettled(5, 10_000, 14_900)).toBe(0)
    expect(ledger.unsettled(5, 10_000, 15_100)).toBe(2)
  })

  it('comes to the sum of what was counted, however often it looks', () => {
    const windows = fc.array(
      fc.record({ count: fc.nat(1000), looks: fc.integer({ min: 1, max: 3 }) }),
    )
    fc.assert(
      fc.property(windows, (closed) => {
        const ledger = new Ledger()
        for (const [index, { count, looks }] of closed.entries()) {
          const start = 100 + index * 5
          for (let look = 0; look < looks; look++) {
            ledger.note(reading([start, { a: count }], [start + 5, { a: look }]))
          }
          ledger.note(reading([start, { a: count }], [start + 5, {}]))
        }
        expect(sumOf(ledger.totals)).toBe(closed.reduce((sum, { count }) => sum + count, 0))
      }),
    )
  })
})
