import { describe, expect, it } from '@jest/globals'
import { alerts, parseRange } from './range.ts'

function alarms(text: string, values: readonly number[]): number[] {
  const range = parseRange(text)
  if ('problem' in range) throw new Error(range.problem)
  return values.filter((value) => alerts(range, value))
}

describe('a range', () => {
  const values = [-1, 0, 9.9, 10, 15, 20, 20.1]

  // The table of the guidelines for monitoring plugins.
  it.each([
    ['10', [-1, 15, 20, 20.1]],
    ['0:10', [-1, 15, 20, 20.1]],
    [':10', [-1, 15, 20, 20.1]],
    ['10:', [-1, 0, 9.9]],
    ['~:10', [15, 20, 20.1]],
    ['10:20', [-1, 0, 9.9, 20.1]],
    ['@10:20', [10, 15, 20]],
    ['@10', [0, 9.9, 10]],
    ['@~:0', [-1, 0]],
    ['-1.5:-.5', [0, 9.9, 10, 15, 20, 20.1]],
    ['0', [-1, 9.9, 10, 15, 20, 20.1]],
    ['~:', []],
  ])('%s raises an alarm for what it should', (text, expected) => {
    expect(alarms(text, values)).toEqual(expected)
  })

  it.each(['', '@', ':', '@:', '~', 'x', '10:x', '1:2:3', '10 :20', '1e3', '10:~', '--5', '5%'])(
    'is not written as "%s"',
    (text) => {
      expect(parseRange(text)).toHaveProperty('problem', expect.stringMatching(/not a range/))
    },
  )

  it('does not start after its end', () => {
    expect(parseRange('20:10')).toEqual({ problem: 'its start is greater than its end' })
  })
})
