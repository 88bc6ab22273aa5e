import { describe, expect, it } from '@jest/globals'
import type { Completeness } from 'ecl-core'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import { prometheus } from './prometheus.ts'

const PIPE = { terminal: false }

describe('prometheus', () => {
  it('prints gauges with the window they are of', () => {
    const text = prometheus([reportWith([['a', 3n]])], PIPE)
    const samples = text.split('\n').filter((line) => !line.startsWith('#'))
    expect(samples).toEqual([
      'ecl_window_events{group="web",interval="5s",window="last",event="a"} 3',
      'ecl_window_start_timestamp_seconds{group="web",interval="5s",window="last"} 60',
      'ecl_window_end_timestamp_seconds{group="web",interval="5s",window="last"} 65',
      'ecl_window_stale{group="web",interval="5s",window="last"} 0',
      '',
    ])
    expect(text).toContain('# TYPE ecl_window_events gauge\n')
  })

  it('says whether the window is complete, where that was asked for', () => {
    const missing = ['h/1/a', 'h/2/b']
    const text = prometheus([reportWith([], {}, { status: 'partial', missing })], PIPE)
    expect(text).toMatch(/^ecl_window_complete\{.*\} 0$/m)
    expect(text).toMatch(/^ecl_window_missing_loggers\{.*\} 2$/m)
    expect(prometheus([reportWith([], {}, { status: 'complete' })], PIPE)).toMatch(
      /^ecl_window_complete\{.*\} 1$/m,
    )
  })

  it.each<Completeness>([
    { status: 'complete' },
    { status: 'pending', missing: [] },
    { status: 'partial', missing: ['h/1/a'] },
    { status: 'unknown', reason: 'other counts' },
  ])('says which state the completeness is in: $status', (completeness) => {
    const text = prometheus([reportWith([['a', 3n]], {}, completeness)], PIPE)
    const window = 'group="web",interval="5s",window="last"'
    const states = ['complete', 'pending', 'partial', 'unknown']
    expect(text.split('\n').filter((line) => line.startsWith('ecl_window_completeness'))).toEqual(
      states.map(
        (state) =>
          `ecl_window_completeness{${window},ecl_window_completeness="${state}"} ${state === completeness.status ? 1 : 0}`,
      ),
    )
    // The counts' own series go on, whatever the state.
    expect(text).toContain(`\necl_window_events{${window},event="a"} 3\n`)
  })

  it('keeps the samples of a metric together, under one head', () => {
    const reports = [reportWith([['a', 1n]]), reportWith([['b', 2n]], { group: 'x' })]
    const names = prometheus(reports, { terminal: false, rate: true })
      .split('\n')
      .map((line) => /(ecl_\w+)/.exec(line)?.[1])
    const changes = names.filter((name, i) => name !== undefined && name !== names[i - 1])
    expect(changes).toEqual([...new Set(changes)])
    expect(changes).toContain('ecl_window_events_per_second')
  })

  it('escapes labels', () => {
    const text = prometheus([reportWith([['a"b\\c\nd', 1n]])], PIPE)
    expect(text).toContain('event="a\\"b\\\\c\\nd"} 1\n')
  })

  it('leaves out the times of a window that has not begun, and calls it stale', () => {
    const windows = [{ which: 'last', start: undefined, end: undefined, counts: [] }] as const
    const text = prometheus([reportWith([], { windows, current: undefined })], PIPE)
    expect(text).not.toMatch(/^ecl_window_(start|end)/m)
    expect(text).toMatch(/^ecl_window_stale\{.*\} 1$/m)
  })

  it('divides the current window by the time it has lasted so far', () => {
    const windows = [
      { which: 'current', start: seconds(65), end: seconds(70), counts: [['a', 3n]] },
    ] as const
    const text = prometheus([reportWith([], { windows, storeTimeMs: 66_500 })], {
      terminal: false,
      rate: true,
    })
    expect(text).toMatch(/^ecl_window_events_per_second\{.*event="a"\} 2$/m)
  })
})
