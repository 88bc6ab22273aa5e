import { describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import { csv } from './csv.ts'

const PIPE = { terminal: false }

function eventsIn(text: string): string[] {
  const records: { event: string }[] = parse(text, { columns: true, record_delimiter: '\r\n' })
  return records.map(({ event }) => event)
}

describe('csv', () => {
  it('prints a header and a record for each event, in CRLF', () => {
    const report = reportWith([
      ['a', 9_007_199_254_740_993n],
      ['b "c", d', -2n],
    ])
    expect(csv([report], PIPE)).toBe(
      'group,interval,which,start,end,event,count\r\n' +
        'web,5s,last,60,65,a,9007199254740993\r\n' +
        'web,5s,last,60,65,"b ""c"", d",-2\r\n',
    )
  })

  it('prints one header for many windows, and nothing for the times of one that has not begun', () => {
    const windows = [
      { which: 'last', start: undefined, end: undefined, counts: [['a', 1n]] },
      { which: 'current', start: seconds(65), end: seconds(70), counts: [['a', 2n]] },
    ] as const
    const text = csv([reportWith([], { windows }), reportWith([['b', 3n]], { group: 'x' })], PIPE)
    expect(parse(text, { columns: true })).toMatchObject([
      { group: 'web', which: 'last', start: '', end: '', event: 'a', count: '1' },
      { group: 'web', which: 'current', start: '65', event: 'a', count: '2' },
      { group: 'x', which: 'last', event: 'b', count: '3' },
    ])
  })

  it('prints rates in a column of their own', () => {
    const text = csv([reportWith([['a', 7n]])], { terminal: false, rate: true })
    expect(parse(text, { columns: true })).toMatchObject([{ count: '7', per_second: '1.4' }])
  })

  it('is read by another parser whatever the names are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (names) => {
        const counts = names.map((name) => [name, 1n] as const)
        expect(eventsIn(csv([reportWith(counts)], PIPE))).toEqual(names)
      }),
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', '=HYPERLINK("x","y")'])(
    'defuses the formula %j, where asked',
    (name) => {
      const report = reportWith([[name, 1n]])
      expect(eventsIn(csv([report], { ...PIPE, defuseFormulas: true }))).toEqual([`'${name}`])
      expect(eventsIn(csv([report], PIPE))).toEqual([name])
    },
  )

  it('shows control characters on a terminal', () => {
    expect(csv([reportWith([['\x1b[2J', 1n]])], { terminal: true })).toContain(',\\x1b[2J,1')
  })
})
