import { describe, expect, it } from '@jest/globals'
import { formatPath, quote, showValue } from './problem.ts'

describe('formatPath', () => {
  it.each([
    [[], ''],
    [['groups', 'web', 'intervals', 1], 'groups.web.intervals[1]'],
    [['groups', '{requests}', 'events'], 'groups.{requests}.events'],
    [['groups', 'a.b'], 'groups["a.b"]'],
    [['groups', 'a b', 'events', 0], 'groups["a b"].events[0]'],
    [['groups', 'a\nb'], 'groups["a\\nb"]'],
    [['groups', ''], 'groups[""]'],
  ])('writes %j as %j', (path, text) => {
    expect(formatPath(path)).toBe(text)
  })
})

describe('quote', () => {
  it.each([
    ['5 min', '"5 min"'],
    ['a "b"', '"a \\"b\\""'],
    ['a\nb', '"a\\nb"'],
    ['\u0085\u2028\u202e', '"\\u0085\\u2028\\u202e"'],
    ['ž/😀', '"ž/😀"'],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  ])('shows %j as %s', (text, shown) => {
    expect(quote(text)).toBe(shown)
  })
})

describe('showValue', () => {
  it('keeps a password back, and a URL, which may hold one', () => {
    expect(showValue(['redis', 'password'], 's3cret')).toBe('the value')
    expect(showValue(['redis'], 'redis://:s3cret@h')).toBe('the value')
    expect(showValue(['redis', 'port'], 70000)).toBe('70000')
  })
})
