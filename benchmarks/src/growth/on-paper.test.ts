import { describe, expect, it } from '@jest/globals'
import { needOf } from './on-paper.ts'

describe('what many loggers need', () => {
  it('is the server’s time of their flushes, on nodes that are half at work', () => {
    expect(needOf(10_000, 2, { events: 100, cpuMs: 0.2 })).toEqual({
      ...{ syncIntervalSeconds: 2, flushesPerSecond: 5000, cores: 1, nodes: 2 },
    })
  })

  it('is one node at least, and no more for what rounding leaves', () => {
    expect(needOf(10, 60, { events: 10, cpuMs: 0.05 }).nodes).toBe(1)
    expect(needOf(10_000, 10, { events: 10, cpuMs: 0.15 }).nodes).toBe(1)
    expect(needOf(10_000, 1, { events: 10, cpuMs: 0.15 }).nodes).toBe(3)
  })
})
