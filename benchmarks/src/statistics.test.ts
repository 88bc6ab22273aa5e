import { describe, expect, it } from '@jest/globals'
import { median, quantile, spreadOf } from './statistics.ts'

describe('figures over rounds', () => {
  it('have the one in the middle as their median, or the mean of two', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(() => median([])).toThrow(RangeError)
  })

  it('are given with the least and the most', () => {
    expect(spreadOf([10, 9, 30])).toEqual({ median: 10, least: 9, most: 30 })
  })

  it('have quantiles', () => {
    const values = Array.from({ length: 100 }, (_, n) => n)
    expect(quantile(values, 0.99)).toBe(99)
    expect(quantile(values, 0.5)).toBe(50)
    expect(quantile([7], 0.99)).toBe(7)
  })
})
