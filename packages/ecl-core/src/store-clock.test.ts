import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clock } from './clock.ts'
import { StoreClock } from './store-clock.ts'

const WALL_MS = 1_700_000_000_000

/** Time that stands still until it is told to go on. */
class FakeClock implements Clock {
  nowMs = 0
  monotonicMs(): number {
    return this.nowMs
  }
  wallMs(): number {
    return WALL_MS + this.nowMs
  }
  after(): never {
    throw new Error('the clock under test sets no timers')
  }
}

/** How long a request and its reply take, and by how much the store's clock was set before. */
interface Exchange {
  thereMs: number
  backMs: number
  /** For how long the process is then kept from its work. */
  keptMs?: number
  stepMs?: number
}

/** A store whose clock differs from ours by a fixed offset, and a link to it. */
function storeAhead(offsetMs: number) {
  const clock = new FakeClock()
  const storeClock = new StoreClock(clock)
  return {
    clock,
    storeClock,
    storeNowMs: () => clock.nowMs + offsetMs,
    /** One request: the store reads its clock between the two ways. */
    exchange: ({ thereMs, backMs, keptMs = 0, stepMs = 0 }: Exchange) => {
      const sentMs = clock.nowMs
      clock.nowMs += thereMs
      const storeTimeMs = clock.nowMs + offsetMs + stepMs
      clock.nowMs += backMs + keptMs
      storeClock.observe({ storeTimeMs, sentMs })
    },
  }
}

describe('before the store has been heard', () => {
  test("the time is the machine's own", () => {
    const { clock, storeClock } = storeAhead(5000)
    clock.nowMs = 42
    expect(storeClock.known).toBe(false)
    expect(storeClock.nowMs()).toBe(WALL_MS + 42)
    expect(storeClock.atMonotonicMs(40)).toBe(WALL_MS + 40)
  })
})

describe('once it has been heard', () => {
  test('the time is exact where both ways take as long', () => {
    const { storeClock, storeNowMs, exchange, clock } = storeAhead(5000)
    exchange({ thereMs: 10, backMs: 10 })
    expect(storeClock.known).toBe(true)
    expect(storeClock.nowMs()).toBe(storeNowMs())
    clock.nowMs += 1234
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test('an instant of the monotonic clock has its time, past or to come', () => {
    const { storeClock, exchange } = storeAhead(5000)
    exchange({ thereMs: 10, backMs: 10 })
    expect(storeClock.atMonotonicMs(3)).toBe(5003)
    expect(storeClock.atMonotonicMs(999)).toBe(5999)
  })

  test('the fastest reply wins, whatever comes after it', () => {
    const { storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 1, backMs: 1 })
    exchange({ thereMs: 300, backMs: 0 })
    exchange({ thereMs: 0, backMs: 300 })
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test('a reply to which the process comes late gives way to one to which it comes at once', () => {
    const { clock, storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 1, backMs: 1, keptMs: 98 })
    expect(storeClock.errorMs).toBe(50)
    expect(Math.abs(storeClock.nowMs() - storeNowMs())).toBeLessThan(50)
    exchange({ thereMs: 2, backMs: 2 })
    clock.nowMs += 1
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test('a slow reply gives way to a faster one', () => {
    const { clock, storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 0, backMs: 200 })
    expect(storeClock.nowMs()).toBe(storeNowMs() - 100)
    exchange({ thereMs: 2, backMs: 2 })
    clock.nowMs += 1
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test('an old sample gives way to a slower reply when it may have drifted further than that is wrong', () => {
    const { clock, storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 0, backMs: 0 })
    clock.nowMs += 100_000
    expect(storeClock.errorMs).toBeCloseTo(10)
    exchange({ thereMs: 0, backMs: 100 })
    expect(storeClock.nowMs()).toBe(storeNowMs())
    clock.nowMs += 500_000
    exchange({ thereMs: 0, backMs: 100 })
    clock.nowMs += 200
    expect(storeClock.nowMs()).toBe(storeNowMs() - 50)
  })

  test('who waits for an instant hears of each correction', () => {
    const { storeClock, exchange } = storeAhead(5000)
    let corrections = 0
    storeClock.onCorrection(() => corrections++)
    exchange({ thereMs: 0, backMs: 200 })
    exchange({ thereMs: 0, backMs: 300 })
    expect(corrections).toBe(1)
    exchange({ thereMs: 2, backMs: 2 })
    expect(corrections).toBe(2)
  })
})

describe('the time as it is seen', () => {
  test('stands still, rather than go back a little, when a better sample says that it was ahead', () => {
    const { clock, storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 12, backMs: 0 })
    const ahead = storeClock.nowMs()
    expect(ahead).toBe(storeNowMs() + 6)
    exchange({ thereMs: 1, backMs: 1 })
    expect(storeClock.nowMs()).toBe(ahead)
    clock.nowMs += 10
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test('is right at once when a better sample says that it was far ahead', () => {
    const { storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 200, backMs: 0 })
    expect(storeClock.nowMs()).toBe(storeNowMs() + 100)
    exchange({ thereMs: 1, backMs: 1 })
    expect(storeClock.nowMs()).toBe(storeNowMs())
  })

  test.each([
    ['ahead', 3_600_000],
    ['back', -3_600_000],
  ])("follows at once when the store's clock is set %s by an hour", (_, stepMs) => {
    const { storeClock, storeNowMs, exchange } = storeAhead(5000)
    exchange({ thereMs: 1, backMs: 1 })
    storeClock.nowMs()
    exchange({ thereMs: 200, backMs: 200, stepMs })
    expect(storeClock.nowMs()).toBe(storeNowMs() + stepMs)
  })

  test('is wrong by half the fastest round trip, the drift since, and as much as it is held back', () => {
    const way = fc.double({ min: 0, max: 500, noNaN: true })
    const exchanges = fc.array(
      fc.record({ thereMs: way, backMs: way, keptMs: way, pauseMs: way }),
      {
        minLength: 1,
      },
    )
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e12 }), exchanges, (offsetMs, all) => {
        const { clock, storeClock, storeNowMs, exchange } = storeAhead(offsetMs)
        let fastestMs = Number.POSITIVE_INFINITY
        const startedMs = clock.nowMs
        for (const { pauseMs, ...ways } of all) {
          exchange(ways)
          fastestMs = Math.min(fastestMs, ways.thereMs + ways.backMs + ways.keptMs)
          // Doubles of this size have steps of 0.1 µs.
          const boundMs = fastestMs / 2 + (clock.nowMs - startedMs) * 1e-4 + 1e-2
          expect(Math.abs(storeClock.atMonotonicMs(clock.nowMs) - storeNowMs())).toBeLessThan(
            boundMs,
          )
          expect(Math.abs(storeClock.nowMs() - storeNowMs())).toBeLessThan(boundMs + 10)
          clock.nowMs += pauseMs
        }
      }),
    )
  })
})
