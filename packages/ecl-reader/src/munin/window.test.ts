import { describe, expect, it } from '@jest/globals'
import { type EpochSeconds, type Reading, resolveGroups, type Snapshot } from 'ecl-core'
import type { Target } from './targets.ts'
import { eventsOf, everyValueOf, pastRange, unsettledMs, valuesOf } from './window.ts'

const NOW = 1_700_000_400
const at = (value: number) => value as EpochSeconds

function target(dynamic = false): Target {
  const [group] = resolveGroups({
    web: {
      events: ['a', 'b'],
      intervals: ['5m'],
      auto_declare_events: dynamic,
      ...(dynamic && { max_events: 3 }),
    },
  })
  const [interval] = group?.intervals ?? []
  if (group === undefined || interval === undefined) throw new Error('no group')
  return { name: 'web', group, interval }
}

function reading(
  counts: Record<string, bigint>,
  changes: Partial<Reading & Snapshot> = {},
): Reading {
  const { start = at(NOW - 300), end = at(NOW), unreadable = [], ...others } = changes
  const last = { start, end, unreadable, counts: new Map(Object.entries(counts)) }
  return { storeTimeMs: NOW * 1000 + 5000, current: at(NOW), last, ...others }
}

describe('a value', () => {
  it('is what was counted, and a true 0 where nothing was', () => {
    expect(valuesOf(target(), reading({ a: 3n, b: 0n }), ['a', 'b', 'c'])).toEqual({
      at: NOW,
      counts: new Map([
        ['a', 3n],
        ['b', 0n],
        ['c', 0n],
      ]),
    })
  })

  it('is not known where the stored one is no number', () => {
    const { counts } = valuesOf(target(), reading({ a: 0n }, { unreadable: ['a'] }), ['a', 'b'])
    expect(counts).toEqual(new Map([['b', 0n]]))
  })

  it('is not known where no master has turned the window over', () => {
    const stale = reading({ a: 3n }, { storeTimeMs: (NOW + 303) * 1000 })
    expect(valuesOf(target(), stale, ['a'])).toEqual({ at: NOW + 300, counts: new Map() })
  })

  it('is not known before the first window has ended, nor where windows were missed', () => {
    const none = {
      ...reading({}),
      last: { start: undefined, end: undefined, counts: new Map<string, bigint>(), unreadable: [] },
    }
    expect(valuesOf(target(), none, ['a'])).toEqual({ at: NOW, counts: new Map() })
    const missed = reading({ a: 3n }, { start: at(NOW - 900), end: at(NOW - 600) })
    expect(valuesOf(target(), missed, ['a'])).toEqual({ at: NOW, counts: new Map() })
  })

  it('is still the last one within a grace of the next boundary', () => {
    const early = reading({ a: 3n }, { storeTimeMs: (NOW + 301) * 1000 })
    expect(valuesOf(target(), early, ['a'])).toEqual({ at: NOW, counts: new Map([['a', 3n]]) })
  })

  it('may have been counted under the overflow event, and is then not known', () => {
    const full = reading({ a: 3n, other: 2n })
    expect(valuesOf(target(true), full, ['a', 'c']).counts).toEqual(new Map([['a', 3n]]))
  })
})

describe('values of every window', () => {
  const short = { ...target(), interval: { spec: '5s', seconds: 5 } }

  it('are asked for where a window is shorter than the time between two questions', () => {
    expect(pastRange(target(), NOW)).toBeUndefined()
    expect(pastRange(short, NOW + 3)).toEqual({ from: NOW - 600, to: NOW })
  })

  const latest = (after: number, counts: Record<string, bigint> = { a: 9n }) => {
    return { at: at(NOW + after), counts: new Map(Object.entries(counts)) }
  }
  const past = new Map([
    [at(NOW - 20), new Map([['a', 1n]])],
    [at(NOW - 10), new Map([['b', 2n]])],
  ])
  const known = [
    { at: NOW - 15, counts: new Map(Object.entries({ a: 1n, b: 0n })) },
    { at: NOW - 10, counts: new Map() },
    { at: NOW - 5, counts: new Map(Object.entries({ a: 0n, b: 2n })) },
  ]

  it('are each at its own end, unknown where missing in between, and the latest behind them', () => {
    expect(everyValueOf(short, past, ['a', 'b'], latest(0))).toEqual([...known, latest(0)])
    expect(everyValueOf(short, past, ['a', 'b'], latest(-5))).toEqual(known)
  })

  it('leave out the latest until the window before it is known, or where it is not known itself', () => {
    expect(everyValueOf(short, past, ['a', 'b'], latest(5))).toEqual(known)
    expect(everyValueOf(short, past, ['a', 'b'], latest(0, {}))).toEqual(known)
    expect(everyValueOf(short, new Map(), ['a'], latest(0, {}))).toEqual([latest(0, {})])
  })
})

it('waits for a grace after a boundary', () => {
  const interval = { spec: '5m', seconds: 300 }
  expect(unsettledMs(NOW * 1000, interval)).toBe(2000)
  expect(unsettledMs(NOW * 1000 + 1500, interval)).toBe(500)
  expect(unsettledMs(NOW * 1000 + 2000, interval)).toBe(0)
  expect(unsettledMs(NOW * 1000 + 299_000, interval)).toBe(0)
})

it('keeps the order of events, and with it their colours', () => {
  expect(eventsOf(target(true), ['z', 'a'], reading({ a: 1n, y: 1n, x: 1n }))).toEqual([
    ...['a', 'b', 'z', 'x', 'y'],
  ])
})
