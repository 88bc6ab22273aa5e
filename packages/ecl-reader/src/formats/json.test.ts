import { describe, expect, it } from '@jest/globals'
import type { Completeness } from 'ecl-core'
import fc from 'fast-check'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import { json } from './json.ts'

describe('json', () => {
  it('prints one line with the window and its counts', () => {
    expect(json(reportWith([['a', 1n]], {}, { status: 'complete' }))).toBe(
      '{"group":"web","interval":"5s","which":"last","start":60,"end":65,"counts":{"a":1},"completeness":"complete"}\n',
    )
  })

  it('names the loggers whose counts are missing, if there are any', () => {
    const textOf = (completeness: Completeness) => json(reportWith([], {}, completeness))
    expect(textOf({ status: 'partial', missing: ['h/1/a', 'h/2/"\x9b'] })).toContain(
      ',"completeness":"partial","missing":["h/1/a","h/2/\\"\\u009b"]}',
    )
    expect(textOf({ status: 'pending', missing: [] })).toContain('"pending","missing":[]}')
    expect(textOf({ status: 'unknown', reason: 'other counts' })).toContain('"unknown"}')
  })

  it('keeps integers exact that a double cannot hold', () => {
    expect(json(reportWith([['a', 9_007_199_254_740_993n]]))).toContain('"a":9007199254740993}')
  })

  it('keeps the order of names that look like numbers', () => {
    const counts = json(
      reportWith([
        ['/', 1n],
        ['200', 2n],
        ['1e3', 3n],
      ]),
    )
    expect(counts).toContain('{"/":1,"200":2,"1e3":3}')
  })

  it('prints both windows in one object', () => {
    const windows = [
      { which: 'last', start: seconds(60), end: seconds(65), counts: [] },
      { which: 'current', start: seconds(65), end: seconds(70), counts: [['a', 1n]] },
    ] as const
    expect(JSON.parse(json(reportWith([], { windows, both: true })))).toMatchObject({
      last: { which: 'last', start: 60, counts: {} },
      current: { which: 'current', start: 65, counts: { a: 1 } },
    })
  })

  it('prints null for a window that has not begun', () => {
    const windows = [{ which: 'last', start: undefined, end: undefined, counts: [] }] as const
    expect(JSON.parse(json(reportWith([], { windows })))).toMatchObject({ start: null, end: null })
  })

  it('can be parsed whatever the names are, and holds no control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const text = json(reportWith([[name, 1n]]))
        expect(Object.entries(JSON.parse(text).counts)).toEqual([[name, 1]])
        expect(text).toMatch(/^[^\u0000-\u001f\u007f-\u009f]*\n$/)
      }),
    )
  })
})
