import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fieldName } from './field-name.ts'

const FIELD = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Names made of what the escapes are made of collide first. */
const TRICKY = fc.string({
  unit: fc.constantFrom('_', 'x', '2', 'f', '5', '/', ':', ' ', 'a', '\u00e9', '\u{1f600}', '\0'),
  maxLength: 12,
})
const LONG = fc.string({
  unit: fc.constantFrom('a', '_', 'x', '/'),
  minLength: 110,
  maxLength: 140,
})
const NAME = fc.oneof(TRICKY, LONG, fc.string(), fc.constantFrom('root', '_root', 'graph_title'))

describe('a field', () => {
  it.each([
    ['error', 'error'],
    ['_private', '_private'],
    ['/', '_x2f'],
    ['/ips', '_x2fips'],
    ['400_bad_request', '_400_bad_request'],
    ['_400_bad_request', '_x5f400_bad_request'],
    ['a:b', 'a_x3ab'],
    ['a b', 'a_x20b'],
    ['a_b', 'a_b'],
    ['a_x3ab', 'a_x5fx3ab'],
    ['root', '_x72oot'],
    ['graph_title', '_x67raph_title'],
    ['\u00e9', '_xc3_xa9'],
    ['', '_x'],
  ])('of %j is %s', (event, field) => {
    expect(fieldName(event)).toBe(field)
  })

  it('has a form that Munin accepts, and is short enough for the name of a file', () => {
    fc.assert(
      fc.property(NAME, (event) => {
        const field = fieldName(event)
        expect(field).toMatch(FIELD)
        expect(field.length).toBeLessThanOrEqual(120)
      }),
    )
  })

  it("is no two events' at once", () => {
    fc.assert(
      fc.property(NAME, NAME, (one, other) => {
        expect(fieldName(one) === fieldName(other)).toBe(one === other)
      }),
      { numRuns: 2000 },
    )
    const all = fc.sample(TRICKY, 20_000)
    expect(new Set(all.map(fieldName)).size).toBe(new Set(all).size)
  })
})
