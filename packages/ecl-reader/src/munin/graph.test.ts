import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds, Interval } from 'ecl-core'
import { configText, type Graph, unitOf, valuesText, wrongLevels } from './graph.ts'

const interval = (spec: string, seconds: number): Interval => ({ spec, seconds })

function graph(changes: Partial<Graph> = {}): Graph {
  return {
    service: undefined,
    group: 'web',
    interval: interval('5m', 300),
    events: ['error', '/'],
    values: undefined,
    everyWindow: false,
    ...changes,
  }
}

const VALUES = {
  at: 1_700_000_100 as EpochSeconds,
  counts: new Map([['error', 9_007_199_254_740_993n]]),
}

describe('config', () => {
  it('tells the graph, and each event under its own name', () => {
    expect(configText(graph(), {})).toBe(
      'graph_title Events of web\n' +
        'graph_category ecl\n' +
        'graph_vlabel events per 5 minutes\n' +
        'graph_args --base 1000 --lower-limit 0\n' +
        'graph_scale no\n' +
        "graph_info Events of the group web, counted in windows of 5 minutes; each value is at its window's end.\n" +
        'error.label error\nerror.type GAUGE\n' +
        '_x2f.label /\n_x2f.type GAUGE\n',
    )
  })

  it('tells the values, too, where they are given', () => {
    const text = configText(graph({ values: [VALUES] }), {})
    expect(text).toMatch(/\nerror\.value 1700000100:9007199254740993\n_x2f\.value 1700000100:U\n$/)
  })

  it('sets levels for one event, or for all', () => {
    const settings = { warning: ':100', error_warning: '10', error_critical: '5:50' }
    const text = configText(graph(), settings)
    expect(text).toContain('error.warning 10\nerror.critical 5:50\n_x2f.label')
    expect(text).toMatch(/_x2f\.warning :100\n$/)
  })

  it('leaves out a level that is no range, and says so', () => {
    const settings = { error_warning: '10 or so', HOME: 'x' }
    expect(configText(graph(), settings)).not.toContain('error.warning')
    expect(wrongLevels(settings)).toEqual([
      'env.error_warning: "10 or so" is no range; write 10, 5:, :10 or 5:10',
    ])
  })

  it.each([
    ['1h', 3600, 'update_rate 3600\ngraph_data_size custom 216, 2 540, 24 450\n'],
    ['10m', 600, 'update_rate 600\ngraph_data_size custom 288, 3 432, 12 540, 144 450\n'],
    ['24h', 86_400, 'update_rate 86400\ngraph_data_size custom 450\n'],
  ])('tells a rate and archives of its own for %s', (spec, seconds, lines) => {
    expect(configText(graph({ interval: interval(spec, seconds) }), {})).toContain(lines)
  })

  it('tells the rate of windows that are shorter than its own step only where it is told all of them', () => {
    const short = { interval: interval('5s', 5) }
    expect(configText(graph(short), {})).not.toContain('update_rate')
    expect(configText(graph({ ...short, everyWindow: true }), {})).toContain(
      'update_rate 5\ngraph_data_size custom 34560, 60 576, 360 432, 1440 540, 17280 450\n',
    )
  })

  it('names its graph where there are several', () => {
    expect(configText(graph({ service: 'ecl_web' }), {})).toMatch(
      /^multigraph ecl_web\ngraph_title/,
    )
  })

  it.each([
    ['line\nbreak', 'line\\x0abreak'],
    [' blank ', '" blank "'],
    ['a'.repeat(300), `${'a'.repeat(199)}…`],
  ])('keeps the label of %j on one line', (event, label) => {
    expect(configText(graph({ events: [event] }), {})).toContain(`.label ${label}\n`)
  })
})

describe('values', () => {
  it('are at the end of their window, exact, and U where not known', () => {
    const text = valuesText(graph({ values: [VALUES], service: 'ecl_web' }))
    expect(text).toBe(
      'multigraph ecl_web\nerror.value 1700000100:9007199254740993\n_x2f.value 1700000100:U\n',
    )
  })

  it('are those of several windows, field by field', () => {
    const before = { at: 1_700_000_095 as EpochSeconds, counts: new Map([['/', 2n]]) }
    expect(valuesText(graph({ values: [before, VALUES] }))).toBe(
      'error.value 1700000095:U\nerror.value 1700000100:9007199254740993\n' +
        '_x2f.value 1700000095:2\n_x2f.value 1700000100:U\n',
    )
  })

  it('are all U where the store is not known', () => {
    const values = { at: undefined, counts: new Map<string, bigint>() }
    expect(valuesText(graph({ values: [values] }))).toBe('error.value U\n_x2f.value U\n')
  })
})

it.each([
  [1, 'second'],
  [90, '90 seconds'],
  [60, 'minute'],
  [300, '5 minutes'],
  [5400, '90 minutes'],
  [3600, 'hour'],
  [86_400, '24 hours'],
])('calls %i s "%s"', (seconds, unit) => {
  expect(unitOf(interval('x', seconds))).toBe(unit)
})
