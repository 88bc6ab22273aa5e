import { describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { widthOf } from 'ecl-command'
import { hour, pageOf, START, stream, textOf } from '../../../test/steps-fixture.ts'
import type { HistoryStep } from '../../history.ts'
import { chart } from './chart.ts'
import { csv } from './csv.ts'
import type { Format, Page } from './format.ts'
import { json } from './json.ts'
import { plain } from './plain.ts'
import { table } from './table.ts'

const STEPS = [
  hour(0, { error: 1n, hit: 120n }),
  hour(1, undefined),
  hour(2, {}),
  hour(3, { hit: 9_007_199_254_740_993n }, { windows: 11 }),
]

function print(format: Format, steps: readonly HistoryStep[], over: Partial<Page> = {}) {
  return textOf(format(stream(steps), pageOf(steps, over)))
}

describe('plain', () => {
  it('prints a line for each event of each step, and says where nothing is known', async () => {
    expect(await print(plain, STEPS, { declared: ['error', 'hit'] })).toBe(
      [
        '2026-11-22T18:00:00Z error:1',
        '2026-11-22T18:00:00Z hit:120',
        '2026-11-22T19:00:00Z unknown',
        '2026-11-22T20:00:00Z error:0',
        '2026-11-22T20:00:00Z hit:0',
        '2026-11-22T21:00:00Z error:0',
        '2026-11-22T21:00:00Z hit:9007199254740993',
        '',
      ].join('\n'),
    )
  })

  it('prints times by the clocks of the zone, and no control characters on a terminal', async () => {
    const over = { zone: 'Europe/Prague', terminal: true }
    expect(await print(plain, [hour(0, { '\u001b[2J': 1n })], over)).toBe(
      '2026-11-22T19:00:00+01:00 \\x1b[2J:1\n',
    )
  })
})

describe('json', () => {
  it('prints a line for each step, exact, with null for counts that are not known', async () => {
    const lines = (await print(json, STEPS)).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        start: START,
        end: START + 3600,
        windows: 12,
        expected: 12,
        completeness: 'complete',
        counts: { error: 1, hit: 120 },
        max: { hit: 120 },
        mean: { hit: 10 },
      },
      { windows: 0, expected: 12, completeness: 'unknown', counts: null },
      { windows: 12, counts: {}, total: 0 },
      { windows: 11, counts: {} },
    ])
    expect(lines[3]).toContain('"hit":9007199254740993')
  })

  it('has no statistics of single windows', async () => {
    expect(await print(json, [hour(0, { hit: 1n })], { step: { unit: 'window' } })).not.toContain(
      'mean',
    )
  })
})

describe('csv', () => {
  it('prints a record for each event, and one without for a step with none or of which nothing is known', async () => {
    const records: Record<string, string>[] = parse(await print(csv, STEPS), {
      columns: true,
      record_delimiter: '\r\n',
    })
    expect(
      records.map(({ start, windows, event, count, max }) => [start, windows, event, count, max]),
    ).toEqual([
      [String(START), '12', 'error', '1', '1'],
      [String(START), '12', 'hit', '120', '120'],
      [String(START + 3600), '0', '', '', ''],
      [String(START + 7200), '12', '', '', ''],
      [String(START + 10_800), '11', 'hit', '9007199254740993', '9007199254740993'],
    ])
  })

  it('has no name that a spreadsheet would execute, where asked', async () => {
    const steps = [hour(0, { '=HYPERLINK("//x")': 1n })]
    const names = async (defuseFormulas: boolean) => {
      const page = { defuseFormulas, group: '@web' }
      const text = await print(csv, steps, page)
      const [record]: Record<string, string>[] = parse(text, {
        columns: true,
        record_delimiter: '\r\n',
      })
      return [record?.['group'], record?.['event']]
    }
    expect(await names(false)).toEqual(['@web', '=HYPERLINK("//x")'])
    expect(await names(true)).toEqual(["'@web", '\'=HYPERLINK("//x")'])
  })
})

describe('table', () => {
  it('has a column for each event, the largest first, one line for what is not known, and says what is not complete', async () => {
    const steps = [
      hour(0, { error: 1n, hit: 120n }),
      hour(1, undefined),
      hour(2, undefined),
      hour(3, { hit: 7n }, { windows: 11 }),
      hour(4, { error: 2n }, { completeness: 'partial' }),
    ]
    expect(await print(table, steps, { declared: ['error', 'hit', 'miss'] })).toBe(
      [
        'web, windows of 5m, by 1h: 2026-11-22 18:00 to 2026-11-22 23:00 UTC',
        'start             hit  error  miss  total  windows',
        '2026-11-22 18:00  120      1     0    121',
        '2026-11-22 19:00  –  nothing is known to 2026-11-22 21:00: 24 windows',
        '2026-11-22 21:00    7      0     0      7  11 of 12',
        '2026-11-22 22:00    0      2     0      2  partial',
        '',
      ].join('\n'),
    )
  })

  it('has as many columns as fit, and at least one', async () => {
    const counts = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`event-${i}`, BigInt(100 - i)]),
    )
    const text = await print(table, [hour(0, counts)], { columns: 80 })
    expect(text).toContain('event-0  event-1  event-2')
    expect(text).toMatch(/… and \d+ more events; --event chooses, --format csv has all\n$/)
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(80)
    const narrow = await print(table, [hour(0, counts), hour(1, undefined)], { columns: 40 })
    expect(narrow).toContain('event-0  total')
    for (const line of narrow.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(40)
  })
})

describe('chart', () => {
  it('draws a curve for each event, from 0 on, with times at its foot', async () => {
    const steps = [0, 2, 4, 8, 8, 4, 0, 1].map((n, i) => hour(i, { hit: BigInt(n) }))
    expect(await print(chart, steps, { columns: 50 })).toBe(
      [
        'web, windows of 5m, by 1h: 2026-11-22 18:00 to 20…',
        '',
        'hit: 27 in all, at most 8 in 1h',
        '      8 ┤               ╭─────────╮',
        '      7 ┤               │         │',
        '      6 ┤               │         │',
        '      5 ┤               │         │',
        '      4 ┤          ╭────╯         ╰────╮',
        '      3 ┤          │                   │',
        '      2 ┤     ╭────╯                   │',
        '      1 ┤     │                        │    ╭────',
        '      0 ┤─────╯                        ╰────╯',
        '        └────────────────────────────────────────',
        '         2026-11-22 18:00        2026-11-23 02:00',
        '',
      ].join('\n'),
    )
    const narrow = await print(chart, steps, { columns: 18 })
    expect(narrow).toContain('      0 ┤─╯    ╰╯\n        └────────\n')
  })

  it('leaves gaps where nothing is known, also around a single step', async () => {
    const steps = [4n, 4n, undefined, 8n, undefined, undefined, 8n].map((n, i) =>
      hour(i, n === undefined ? undefined : { hit: n }),
    )
    const lines = (await print(chart, steps, { columns: 18 })).split('\n')
    expect(lines[3]).toBe('      8 ┤   ─  ─')
    expect(lines[7]).toBe('      4 ┤──')
    expect(lines[12]).toBe('        └──·─··─')
    expect(lines.at(-2)).toBe('··· windows are missing')
  })

  it('says of an event that has not happened just that, and draws corrections below 0', async () => {
    const zeroes = await print(chart, [hour(0, {}), hour(1, {})], { declared: ['hit'] })
    expect(zeroes).toContain('\nhit: 0\n')
    expect(await print(chart, [hour(0, { hit: -8n }), hour(1, { hit: 8n })])).toContain(
      '     -8 ┤─',
    )
  })

  it('is no wider than the terminal', async () => {
    const steps = Array.from({ length: 31 }, (_, i) => hour(i, { ['long '.repeat(20)]: BigInt(i) }))
    for (const line of (await print(chart, steps, { columns: 40 })).split('\n')) {
      expect(widthOf(line)).toBeLessThanOrEqual(40)
    }
  })
})
