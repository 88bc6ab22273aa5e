import { describe, expect, it } from '@jest/globals'
import { fateOf, withToken } from './twins.ts'

describe('fateOf', () => {
  const known = { lastApplied: 12, tokens: 'aaaabbbbcccc' }

  it.each([
    [12, 'cccc', 'in'],
    [11, 'bbbb', 'in'],
    [10, 'aaaa', 'in'],
    [12, 'bbbb', 'out'],
    [10, 'cccc', 'out'],
    [13, 'cccc', 'out'],
    [9, 'aaaa', 'unknown'],
    [1, 'aaaa', 'unknown'],
  ])('of number %i with the token %s: %s', (number, token, fate) => {
    expect(fateOf({ number, token }, known)).toBe(fate)
  })

  it('is unknown where a store keeps no tokens, but for what comes later', () => {
    for (const tokens of [undefined, '']) {
      expect(fateOf({ number: 3, token: 'aaaa' }, { lastApplied: 3, tokens })).toBe('unknown')
      expect(fateOf({ number: 4, token: 'aaaa' }, { lastApplied: 3, tokens })).toBe('out')
    }
  })
})

it('the last eight tokens are remembered', () => {
  let tokens = ''
  for (let i = 0; i < 20; i++) tokens = withToken(tokens, String(1000 + i))
  expect(tokens).toBe('10121013101410151016101710181019')
})
