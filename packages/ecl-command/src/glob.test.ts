import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { matches } from './glob.ts'

describe('a glob', () => {
  it.each([
    ['error', 'error', true],
    ['error', 'error2', false],
    ['err*', 'error', true],
    ['*or', 'error', true],
    ['*r*r', 'error', true],
    ['*', '', true],
    ['?', '\u{1f600}', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['a**b', 'ab', true],
    ['*a*b', 'aXbYa', false],
    ['a*b', 'a*b', true],
  ])('%s and %s: %s', (glob, name, expected) => {
    expect(matches(glob, name)).toBe(expected)
  })

  it('agrees with a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (glob, name) => {
        const pattern = glob.replaceAll('*', '[^]*').replaceAll('?', '[^]')
        expect(matches(glob, name)).toBe(new RegExp(`^${pattern}$`).test(name))
      }),
    )
  })
})
