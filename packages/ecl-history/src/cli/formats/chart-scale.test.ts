import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { labelsOf, scaleFor, shortNumber } from './chart-scale.ts'

describe('scaleFor', () => {
  it.each([
    ['one', [1], ['1', '', '', '', '', '', '', '', '0']],
    ['few', [0, 3], ['3', '', '2', '', '1', '', '0']],
    ['some', [23], ['24', '21', '18', '15', '12', '9', '6', '3', '0']],
    ['many', [104_000], ['120k', '100k', '80k', '60k', '40k', '20k', '0']],
    ['corrections', [-3, 4], ['4', '3', '2', '1', '0', '-1', '-2', '-3']],
  ])('has whole numbers for %s', (_, values, labels) => {
    expect(labelsOf(scaleFor(values))).toEqual(labels)
  })

  it('holds all values and 0, on few lines', () => {
    const integers = fc.array(fc.integer({ min: -1e12, max: 1e12 }), { minLength: 1 })
    fc.assert(
      fc.property(integers, (values) => {
        const { min, max, height } = scaleFor(values)
        expect(min).toBeLessThanOrEqual(Math.min(0, ...values))
        expect(max).toBeGreaterThanOrEqual(Math.max(0, ...values))
        expect(height).toBeGreaterThanOrEqual(4)
        expect(height).toBeLessThanOrEqual(10)
      }),
    )
  })
})

describe('shortNumber', () => {
  it.each([
    [0, '0'],
    [950, '950'],
    [1250, '1.25k'],
    [999_999, '1000k'],
    [-3_500_000, '-3.5M'],
    [2 ** 60, '1.15E'],
  ])('writes %d as %s', (value, text) => {
    expect(shortNumber(value)).toBe(text)
  })
})
