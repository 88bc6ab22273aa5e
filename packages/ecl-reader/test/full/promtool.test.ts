import { spawnSync } from 'node:child_process'
import { expect, it } from '@jest/globals'
import { prometheus } from '../../src/formats/prometheus.ts'
import { reportWith } from '../report-fixture.ts'

it.each([
  ['counts', { terminal: false }],
  ['counts and rates', { terminal: false, rate: true }],
])('promtool has nothing to say against %s', (_what, destination) => {
  const names = ['a', '', 'a"b\\c\nd', '\x1b[31m', '日本', '\u{1f600}', '\u202e', ' ', '{}', '#']
  const counts = names.map((name, i) => [name, BigInt(i) - 2n] as const)
  const windows = [{ which: 'last', start: undefined, end: undefined, counts: [] }] as const
  const reports = [
    reportWith(counts),
    reportWith(counts, { group: 'done' }, { status: 'complete' }),
    reportWith(counts, { group: 'new' }, { status: 'pending', missing: [] }),
    reportWith(counts, { group: 'dead' }, { status: 'partial', missing: ['h/1/a'] }),
    reportWith(counts, { group: 'old' }, { status: 'unknown', reason: 'other counts' }),
    reportWith([['big', 2n ** 63n - 1n]], { group: 'we"b' }),
    reportWith([], { group: 'empty', windows, current: undefined }),
  ]
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: prometheus(reports, destination),
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
})
