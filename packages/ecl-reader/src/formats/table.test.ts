import { describe, expect, it } from '@jest/globals'
import { widthOf } from 'ecl-command'
import fc from 'fast-check'
import { reportWith } from '../../test/report-fixture.ts'
import { table } from './table.ts'

const TERMINAL = { terminal: true, columns: 40 }

describe('table', () => {
  it('aligns names and counts, with bars', () => {
    const report = reportWith([
      ['error', 3n],
      ['日本', 120n],
      ['none', 0n],
    ])
    expect(table([report], TERMINAL)).toBe(
      [
        'web 5s, last window: 1970-01-01T00:01:00Z to 1970-01-01T00:01:05Z',
        'event  count',
        'error      3  ▋',
        '日本     120  ██████████████████████████',
        'none       0',
        'total    123',
        '',
      ].join('\n'),
    )
  })

  it('prints rates', () => {
    expect(table([reportWith([['a', 7n]])], { ...TERMINAL, rate: true })).toMatch(/^a +1\.4 /m)
  })

  it.each([
    [{ status: 'complete' }, ', complete'],
    [{ status: 'pending', missing: [] }, ', pending'],
    [{ status: 'pending', missing: ['a', 'b'] }, ', pending: 2 loggers missing'],
    [{ status: 'partial', missing: ['a'] }, ', partial: 1 logger missing'],
    [{ status: 'unknown', reason: 'other counts' }, ', completeness unknown'],
  ] as const)('says in its title that the window is %j', (completeness, end) => {
    const [title] = table([reportWith([], {}, completeness)], TERMINAL).split('\n')
    expect(title).toBe(`web 5s, last window: 1970-01-01T00:01:00Z to 1970-01-01T00:01:05Z${end}`)
  })

  it('shows names that would turn the text about', () => {
    const report = reportWith([['a\u202eb\x1b]0;x\x07', 1n]])
    expect(table([report], TERMINAL)).toContain('a\\u202eb\\x1b]0;x\\x07')
  })

  it('is never wider than the terminal, and sends it no control character, whatever the names are', () => {
    const counts = fc.array(
      fc.tuple(fc.string({ unit: 'binary', maxLength: 60 }), fc.bigInt(-1000n, 1000n)),
    )
    fc.assert(
      fc.property(counts, fc.integer({ min: 30, max: 200 }), (all, columns) => {
        const [, ...lines] = table([reportWith(all)], { terminal: true, columns }).split('\n')
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns)
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
        }
      }),
    )
  })
})
