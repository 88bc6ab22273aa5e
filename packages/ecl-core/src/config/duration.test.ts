import { describe, expect, it } from '@jest/globals'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['5s', 5],
    ['14d', 14 * 86_400],
    ['2Y', 2 * 365 * 86_400],
    ['1.5h', 5400],
    ['.5m', 30],
    ['3w', 21 * 86_400],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ seconds })
  })

  it.each([
    ['14', 'is no length of time; write a number and s, m, h, d, w or y, such as "14d"'],
    ['-1d', 'is no length of time; write a number and s, m, h, d, w or y, such as "14d"'],
    ['1d 2h', 'is no length of time; write a number and s, m, h, d, w or y, such as "14d"'],
    ['0d', 'is shorter than a second'],
    ['1001y', 'is longer than a thousand years'],
  ])('refuses %j', (text, problem) => {
    expect(parseDuration(text)).toEqual({ problem })
  })
})
