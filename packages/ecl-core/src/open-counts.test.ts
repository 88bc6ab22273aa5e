import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Bound, NOWHERE, OpenCounts } from './open-counts.ts'

const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Counts as a recorder does, without looks at a clock. */
function log(counts: OpenCounts, event: string): void {
  if (!counts.hit(event)) counts.add(event, 1)
}

/** A handle that has no place yet. */
const newHandle = (): Bound => ({ lefts: NOWHERE, place: 0 })

/** Counts by a handle as a recorder does. */
function inc(counts: OpenCounts, counter: Bound, event: string): void {
  const left = counter.lefts[counter.place] ?? 0
  if (left > 1) {
    counter.lefts[counter.place] = left - 1
    return
  }
  counts.add(event, 1)
  if (counter.lefts === NOWHERE) counts.bind(counter, event)
}

describe('the counts of the open segment', () => {
  it('are what was counted, by name, by handle and in numbers, of however many events', () => {
    const step = fc.record({
      event: fc.integer({ min: 0, max: 60 }).map(String),
      how: fc.oneof(fc.constantFrom('log', 'inc'), fc.integer({ min: -5000, max: 1e12 })),
      times: fc.integer({ min: 1, max: 3000 }),
    })
    fc.assert(
      fc.property(fc.array(step), fc.option(fc.integer({ min: 1, max: 9000 })), (steps, limit) => {
        const counts = new OpenCounts(limit ?? NO_LIMIT)
        const handles = new Map<string, Bound>()
        const truth = new Map<string, number>()
        for (const { event, how, times } of steps) {
          const handle = handles.get(event) ?? newHandle()
          handles.set(event, handle)
          const n = typeof how === 'number' ? how : times
          if (typeof how === 'number') counts.add(event, how)
          for (let hit = 0; typeof how === 'string' && hit < times; hit++) {
            if (how === 'log') log(counts, event)
            else inc(counts, handle, event)
          }
          truth.set(event, (truth.get(event) ?? 0) + n)
        }
        expect(counts.sum).toBe([...truth.values()].reduce((sum, n) => sum + n, 0))
        for (const [event, n] of truth) expect(counts.of(event)).toBe(n)
        expect(counts.close()).toEqual(truth)
        expect([...handles.values()].every(({ lefts }) => lefts === NOWHERE)).toBe(true)
      }),
    )
  })

  it('tell exactly where one of them reaches the limit, by whichever way, and then no more', () => {
    const counts = new OpenCounts(100)
    const handle = newHandle()
    const told: number[] = []
    for (let n = 1; n <= 500; n++) {
      if (n % 2 === 0 && handle.lefts === NOWHERE) counts.bind(handle, 'a')
      const left = n % 2 === 0 ? (handle.lefts[handle.place] ?? 0) : 0
      if (left > 1) handle.lefts[handle.place] = left - 1
      else if (!counts.hit('a') && counts.add('a', 1)) {
        told.push(counts.of('a'))
        counts.passLimit()
      }
    }
    expect(counts.of('a')).toBe(500)
    expect(told).toEqual([100])
  })

  it.each([1, 10, 1000])('have a look each thousand hits or so, of %d events in turn', (events) => {
    const counts = new OpenCounts(NO_LIMIT)
    for (let event = 0; event < events; event++) counts.add(String(event), 1)
    let [since, longest] = [0, 0]
    for (let n = 0; n < 100_000; n++) {
      const event = String(n % events)
      since++
      if (counts.hit(event)) continue
      expect(counts.isDue(event, 1)).toBe(true)
      counts.add(event, 1)
      longest = Math.max(longest, since)
      since = 0
    }
    expect(longest).toBeGreaterThan(500)
    expect(longest).toBeLessThan(2100)
  })

  it('have a look before so many are added at once that one would be due among them', () => {
    const counts = new OpenCounts(NO_LIMIT)
    expect(counts.isDue('a', 1)).toBe(true)
    for (const n of [1, 5000]) counts.add('a', n)
    expect([1023, 1024, 5000].map((n) => counts.isDue('a', n))).toEqual([false, true, true])
    counts.add('a', 1000)
    expect([23, 24].map((n) => counts.isDue('a', n))).toEqual([false, true])
    expect([0, -1].map((n) => counts.isDue('a', n))).toEqual([true, true])
  })
})
