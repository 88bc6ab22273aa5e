import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { seededRandom } from './random.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('seededRandom', () => {
  it('gives the same numbers for the same seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [one, other] = [seededRandom(seed), seededRandom(seed)]
        for (let i = 0; i < 20; i++) expect(one.next()).toBe(other.next())
      }),
    )
  })

  it('stays within its bounds, and reaches both', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = seededRandom(seed)
        const drawn = new Set(Array.from({ length: 300 }, () => random.int(3, 6)))
        expect(drawn).toEqual(new Set([3, 4, 5, 6]))
      }),
    )
  })

  it('has nothing to pick from an empty list', () => {
    expect(() => seededRandom(1).pick([])).toThrow(RangeError)
  })
})
