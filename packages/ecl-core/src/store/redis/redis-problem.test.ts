import { describe, expect, it } from '@jest/globals'
import { describeProblem } from './redis-problem.ts'

describe('describeProblem', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', 'loading', /waiting for it/],
    ['BUSY Redis is busy running a script.', 'busy', /waiting for it/],
    ['MISCONF Redis is configured to save RDB snapshots', 'cannot persist', /see its log/],
    ['NOREPLICAS Not enough good replicas to write.', 'too few replicas', /replicas/],
  ])('takes %j for what may pass by itself', (text, kind, says) => {
    expect(describeProblem(new Error(text))).toMatchObject({
      kind,
      refuses: false,
      message: expect.stringMatching(says),
    })
  })

  it.each([
    ["ERR unknown command 'HRANDFIELD'", 'too old', /6\.2 or newer/],
    ["ERR The user executing the script can't run this command", 'no permission', /ACL/],
    [
      'ERR unknown command `SENTINEL`, with args beginning with: `MASTER`',
      'not a sentinel',
      /26379/,
    ],
    ['CROSSSLOT Keys in request', 'cluster', /Redis Cluster/],
  ])('takes %j for what someone has to mend', (text, kind, says) => {
    expect(describeProblem(new Error(text))).toMatchObject({
      kind,
      refuses: true,
      message: expect.stringMatching(says),
    })
  })

  it('looks into an error that has both addresses of a host in it', () => {
    const inner = Object.assign(new Error('connect ECONNREFUSED ::1:6379'), {
      code: 'ECONNREFUSED',
    })
    expect(describeProblem(new AggregateError([inner, inner])).kind).toBe('refused')
  })

  it('says an unknown error in its own words, on one line', () => {
    expect(describeProblem(new Error('odd\nat somewhere')).message).toBe('odd')
  })
})
