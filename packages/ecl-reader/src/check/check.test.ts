import { describe, expect, it } from '@jest/globals'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import type { Report } from '../report.ts'
import { type CheckOptions, check, unknown } from './check.ts'
import { parseRange, type Range } from './range.ts'

function range(text: string): Range {
  const parsed = parseRange(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

function answer(report: Report, options: Partial<CheckOptions> = {}): string {
  const levels = { warning: range('10'), critical: range('~:100') }
  const { code, text } = check(report, {
    ...levels,
    each: true,
    absent: [],
    rate: false,
    ...options,
  })
  return `${code} ${text}`
}

describe('check', () => {
  it('says OK with the value and performance data', () => {
    expect(answer(reportWith([['a', 3n]]))).toBe("0 ECL OK - web 5s: a 3 | 'a'=3;10;~:100\n")
  })

  it('puts the worst first and says which range it left', () => {
    const counts = [
      ['a', 3n],
      ['b', 11n],
      ['c', 101n],
    ] as const
    expect(answer(reportWith(counts))).toBe(
      '2 ECL CRITICAL - web 5s: c 101 (not in ~:100), b 11 (not in 10), a 3' +
        " | 'a'=3;10;~:100 'b'=11;10;~:100 'c'=101;10;~:100\n",
    )
    expect(answer(reportWith(counts.slice(0, 2)))).toMatch(/^1 ECL WARNING - web 5s: b 11 \(not in/)
  })

  it('compares the total where no event is named', () => {
    const counts = [
      ['a', 6n],
      ['b', 5n],
    ] as const
    expect(answer(reportWith(counts), { each: false, critical: undefined })).toBe(
      "1 ECL WARNING - web 5s: total 11 (not in 10) | 'total'=11;10;\n",
    )
  })

  it('compares rates', () => {
    expect(answer(reportWith([['a', 7n]]), { rate: true, warning: range('@1:2') })).toBe(
      "1 ECL WARNING - web 5s per second: a 1.4 (in 1:2) | 'a'=1.4;@1:2;~:100\n",
    )
  })

  it('takes a glob that matches nothing for 0', () => {
    const options = { absent: ['error*'], warning: range('5:') }
    expect(answer(reportWith([]), options)).toMatch(/^1 .* error\* 0 \(not in 5:\) \| 'error\*'=0;/)
  })

  it('writes names so that they end neither the line, the text nor the label', () => {
    const text = answer(reportWith([["it's=\n|\x1b[2J", 1n]]))
    expect(text).toBe(
      "0 ECL OK - web 5s: it's=; \\x7c\\x1b[2J 1 | 'it''s\\x3d\\x0a\\x7c\\x1b[2J'=1;10;~:100\n",
    )
  })

  it.each([
    ['no master turns the windows over', reportWith([['a', 3n]], { storeTimeMs: 999_000 })],
    ['there is no window', reportWith([], { current: undefined })],
    [
      'the last window is from before an outage of the masters',
      reportWith([['a', 3n]], { current: seconds(80), storeTimeMs: 81_000 }),
    ],
    ['a count cannot be read', reportWith([['a', 3n]], { unreadable: ['b'] })],
  ])('is UNKNOWN where %s', (_why, report) => {
    expect(answer(report)).toMatch(/^3 ECL UNKNOWN - group "web", 5s: [^|]+\n$/)
  })

  it('gives the reason for UNKNOWN in one line', () => {
    expect(unknown('ecl.yml:1: a\necl.yml:2: b | c').text).toBe(
      'ECL UNKNOWN - ecl.yml:1: a; ecl.yml:2: b \\x7c c\n',
    )
  })
})
