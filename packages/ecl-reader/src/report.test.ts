import { describe, expect, it } from '@jest/globals'
import { seconds } from '../test/report-fixture.ts'
import { reportOf } from './report.ts'

const INTERVAL = { spec: '5s', seconds: 5 }

describe('reportOf', () => {
  it('sorts events, puts the last window first, and leaves out what cannot be read', () => {
    const window = { start: seconds(60), end: seconds(65) }
    const report = reportOf({ group: 'web', which: 'both' }, INTERVAL, {
      storeTimeMs: 66_000,
      current: seconds(65),
      cur: { ...window, counts: new Map([['b', 2n]]), unreadable: ['z', 'y'] },
      last: {
        ...window,
        counts: new Map([
          ['y', 0n],
          ['c', 3n],
          ['a', 1n],
        ]),
        unreadable: ['y'],
      },
    })
    expect(report.windows).toEqual([
      {
        ...window,
        which: 'last',
        counts: [
          ['a', 1n],
          ['c', 3n],
        ],
      },
      { ...window, which: 'current', counts: [['b', 2n]] },
    ])
    expect(report.unreadable).toEqual(['y', 'z'])
    expect(report.both).toBe(true)
  })
})
