import { describe, expect, it } from '@jest/globals'
import type { BenchmarkCase } from './benchmark.ts'
import { reportOf } from './report.ts'
import { type CaseResult, verdicts } from './results.ts'

const benchmark: BenchmarkCase = {
  id: 'speed',
  title: 'Speed',
  measures: { ns: { title: 'a call', unit: 'ns' }, rate: { title: 'calls', unit: 'a second' } },
  contestants: [
    { id: 'ecl', title: 'ECL', kind: 'ours', run: async () => ({}) },
    { id: 'peer', title: 'a peer', kind: 'peer', run: async () => ({}) },
    { id: 'python', title: 'the original', kind: 'peer', needs: 'python', run: async () => ({}) },
  ],
  goals: [
    { says: 'ECL to a peer', measure: 'ns', of: 'ecl', against: 'peer', atMost: 0.5 },
    { says: 'ECL in all', measure: 'ns', of: 'ecl', atMost: 11 },
    { says: 'the original to ECL', measure: 'ns', of: 'python', against: 'ecl', atLeast: 3 },
  ],
}
const result: CaseResult = {
  benchmark,
  rounds: new Map([
    [
      'ecl',
      [
        { ns: 10, rate: 100 },
        { ns: 20, rate: 100 },
        { ns: 9, rate: 100 },
      ],
    ],
    ['peer', [{ ns: 15, rate: 250 }, { ns: 40, rate: 250 }, undefined]],
  ]),
}

describe('goals', () => {
  it('are held against the ratio within each round, or against the figure', () => {
    expect(verdicts(result).map(({ verdict, measured }) => [verdict, measured?.median])).toEqual([
      ['missed', (10 / 15 + 0.5) / 2],
      ['met', 10],
      ['not measured', undefined],
    ])
  })
})

describe('the report', () => {
  const report = reportOf([result], 'A machine.')

  it('marks a goal that was missed', () => {
    expect(report).toMatch(
      /\| ECL to a peer +\| ≤ 0.500 \| 0.583 \(0.500 – 0.667\) \| \*\*missed\*\*/,
    )
  })

  it('says where another one is ahead, and by how much', () => {
    expect(report).toContain('- Speed, calls: a peer, is ahead by a factor of 2.50.')
    expect(report).not.toContain('Speed, a call: a peer')
  })

  it('has what nobody measured as not measured', () => {
    expect(report).toMatch(/\| the original \| not measured/)
  })
})
