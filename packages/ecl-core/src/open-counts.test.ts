import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Bound, NOWHERE, OpenCounts } from './open-counts.ts'

const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Counts as a recorder does, without looks at a clock. */
function log(counts: OpenCounts, event: string): void {
  if (counts.hit(event)) return
  if (counts.has(event)) counts.resume(event)
  else counts.add(event, 1)
}

/** Counts by a handle as a recorder does. */
function inc(counts: OpenCounts, counter: Bound, event: string): void {
  const left = (counter.lefts[counter.place] ?? 0) - 1
  counter.lefts[counter.place] = left
  if (left > 0) return
  if (counter.lefts !== NOWHERE) counts.resume(event)
  else {
    counts.add(event, 1)
    counts.bind(counter, event)
  }
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
          const handle = handles.get(event) ?? { lefts: NOWHERE, place: 0 }
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

  it('pause exactly where one of them reaches the limit, and then no more', () => {
    const counts = new OpenCounts(100)
    counts.add('a', 1)
    const paused: number[] = []
    for (let n = 2; n <= 500; n++) {
      if (counts.hit('a')) continue
      paused.push(n)
      if (n === 100) counts.passLimit()
      counts.resume('a')
    }
    expect(paused).toContain(100)
    expect(paused.every((n) => n <= 100)).toBe(true)
  })

  it.each([1, 10, 1000])('pause each thousand hits or so, of %d events in turn', (events) => {
    const counts = new OpenCounts(NO_LIMIT)
    for (let event = 0; event < events; event++) counts.add(String(event), 1)
    let [since, longest] = [0, 0]
    for (let n = 0; n < 100_000; n++) {
      const event = String(n % events)
      since++
      if (counts.hit(event)) continue
      counts.resume(event)
      longest = Math.max(longest, since)
      since = 0
    }
    expect(longest).toBeGreaterThan(500)
    expect(longest).toBeLessThan(2100)
  })
})
