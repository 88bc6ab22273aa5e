import { describe, expect, it } from '@jest/globals'
import { balance } from './balance.ts'
import { ansiPaint, fit, plainPaint, readerCounts, renderBalance, span } from './render.ts'

const counts = (record: Record<string, number>) => new Map(Object.entries(record))

describe('renderBalance', () => {
  const part = {
    title: 'status',
    rows: balance([counts({ '200': 9126, '404': 213 }), counts({ '200': 9126, '404': 213 })]),
    shown: 5,
  }

  it('sets the sources side by side, with a total', () => {
    expect(renderBalance(['logged', 'in 5s'], [part], plainPaint)).toBe(
      [
        '                    logged       in 5s',
        'status',
        '  200                 9126        9126',
        '  404                  213         213',
        '  total               9339        9339',
        '',
      ].join('\n'),
    )
  })

  it('marks what does not balance', () => {
    const rows = balance([counts({ a: 1, b: 2 }), counts({ a: 1, b: 3 })])
    const lines = renderBalance(['x', 'y'], [{ ...part, rows }], plainPaint).split('\n')
    expect(lines.filter((line) => line.endsWith('≠'))).toEqual([
      expect.stringMatching(/^ {2}b .* 2 .* 3 {2}≠$/),
      expect.stringMatching(/^ {2}total .* 3 .* 4 {2}≠$/),
    ])
  })

  it('stays within 100 columns, whatever the events are called', () => {
    const long = counts({ [`/${'long/'.repeat(50)}`]: 123_456_789 })
    const rows = balance([long, long, long, new Map()])
    const text = renderBalance(['a', 'b', 'c', 'd'], [{ ...part, rows }], plainPaint)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  it('adds colours and nothing else for a terminal', () => {
    const coloured = renderBalance(['a', 'b'], [part], ansiPaint)
    const plain = renderBalance(['a', 'b'], [part], plainPaint)
    expect(coloured).not.toBe(plain)
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain)
  })
})

describe('readerCounts', () => {
  it('reads what ecl-reader prints, with colons in events, too', () => {
    expect(readerCounts('error:3\nhttp://x/:12\n')).toEqual(
      new Map([
        ['error', 3],
        ['http://x/', 12],
      ]),
    )
  })

  it('reads nothing from an empty output', () => {
    expect(readerCounts('').size).toBe(0)
  })
})

describe('fit', () => {
  it('leaves alone what is short enough', () => {
    expect(fit('/index.html', 11)).toBe('/index.html')
  })

  it('cuts the middle out of what is not', () => {
    expect(fit('/a/long/path/to/index.html', 11)).toBe('/a/lo….html')
  })
})

describe('span', () => {
  it('shows a window by its local times', () => {
    expect(span(1_700_000_000, 5)).toMatch(/^\d\d:\d\d:20 – \d\d:\d\d:25$/)
  })
})
