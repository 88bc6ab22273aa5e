import { describe, expect, it } from '@jest/globals'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import { plain } from './plain.ts'

const PIPE = { terminal: false }
const TERMINAL = { terminal: true }

describe('plain', () => {
  it('prints a line for each event', () => {
    const report = reportWith([
      ['a:b', 0n],
      ['c d', -3n],
      ['e', 9_007_199_254_740_993n],
    ])
    expect(plain(report, PIPE)).toBe('a:b:0\nc d:-3\ne:9007199254740993\n')
  })

  it('prints nothing for a group without events', () => {
    expect(plain(reportWith([]), PIPE)).toBe('')
  })

  it('heads both parts with titles, empty ones, too', () => {
    const window = { start: seconds(60), end: seconds(65) }
    const windows = [
      { ...window, which: 'last', counts: [] },
      { ...window, which: 'current', counts: [['a', 1n]] },
    ] as const
    expect(plain(reportWith([], { windows, both: true }), PIPE)).toBe('Last:\nCurrent:\na:1\n')
  })

  it('shows control characters on a terminal only', () => {
    const report = reportWith([['a\x1b[31m\x07\x7f\x9bé', 1n]])
    expect(plain(report, TERMINAL)).toBe('a\\x1b[31m\\x07\\x7f\\x9bé:1\n')
    expect(plain(report, PIPE)).toBe('a\x1b[31m\x07\x7f\x9bé:1\n')
  })
})
