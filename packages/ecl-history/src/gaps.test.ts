import { expect, it } from '@jest/globals'
import { hour, START, stream } from '../test/steps-fixture.ts'
import { type Gap, gapsOf } from './gaps.ts'

it('joins windows that are missing or not complete for the same reason', async () => {
  const windows = [
    hour(0, {}),
    hour(1, undefined),
    hour(2, undefined),
    hour(3, {}, { completeness: 'partial' }),
    hour(4, {}),
    hour(5, {}, { completeness: 'partial' }),
  ]
  const gaps: Gap[] = []
  for await (const gap of gapsOf(stream(windows))) gaps.push(gap)
  expect(gaps).toEqual([
    { start: START + 3600, end: START + 3 * 3600, windows: 2, what: 'missing' },
    { start: START + 3 * 3600, end: START + 4 * 3600, windows: 1, what: 'partial' },
    { start: START + 5 * 3600, end: START + 6 * 3600, windows: 1, what: 'partial' },
  ])
})
