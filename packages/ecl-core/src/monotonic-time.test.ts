import { beforeEach, describe, expect, it } from '@jest/globals'
import { MonotonicTime } from './monotonic-time.ts'

describe('monotonic time', () => {
  let steadyMs: number
  let wallMs: number
  let uptimeMs: number
  let uptimeAsked: number
  let stallMs: number
  let time: MonotonicTime

  beforeEach(() => {
    steadyMs = 500.25
    wallMs = 1_700_000_000_000
    uptimeMs = 86_400_000
    uptimeAsked = 0
    stallMs = 0
    time = new MonotonicTime({
      steadyMs: () => steadyMs,
      wallMs: () => wallMs,
      uptimeMs: () => {
        uptimeAsked++
        pass(stallMs)
        return uptimeMs
      },
    })
    time.nowMs()
  })
  const pass = (ms: number) => {
    steadyMs += ms
    wallMs += ms
    uptimeMs += ms
  }
  const suspend = (ms: number) => {
    wallMs += ms
    uptimeMs += ms
  }
  const passed = (what: () => void) => {
    const beforeMs = time.nowMs()
    what()
    return time.nowMs() - beforeMs
  }

  it('goes on as steady time does, and asks for nothing dear', () => {
    uptimeAsked = 0
    expect(passed(() => pass(7_200_000.5))).toBe(7_200_000.5)
    expect(uptimeAsked).toBe(0)
  })

  it('goes on over a suspension, and over the next one', () => {
    expect(passed(() => suspend(600_000))).toBe(600_000)
    pass(1000)
    expect(passed(() => suspend(3_600_000))).toBe(3_600_000)
  })

  it.each([3_600_000, -3_600_000])('does not follow when the time of day is set by %d ms', (ms) => {
    expect(
      passed(() => {
        wallMs += ms
      }),
    ).toBe(0)
    uptimeAsked = 0
    expect(passed(() => pass(10))).toBe(10)
    expect(uptimeAsked).toBe(0)
  })

  it('tells a suspension from the time of day being set when the machine wakes', () => {
    expect(
      passed(() => {
        suspend(600_000)
        wallMs += 5000
      }),
    ).toBe(600_000)
  })

  it('takes no stop between two looks for a suspension', () => {
    // Steady time was read before, the uptime after it.
    stallMs = 5000
    expect(
      passed(() => {
        wallMs += 10_000
      }),
    ).toBeLessThanOrEqual(15_000)
    stallMs = 0
    expect(passed(() => pass(10))).toBe(10)
  })

  it('goes on as steady time does where there is no uptime', () => {
    uptimeMs = Number.NaN
    expect(passed(() => suspend(600_000))).toBe(0)
    expect(passed(() => pass(10))).toBe(10)
  })
})
