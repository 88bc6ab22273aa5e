import { describe, expect, it } from '@jest/globals'
import { FIVE_SECONDS, NOON } from '../../testing/hand-client.ts'
import { parseCount, parseMarks, parseRotated, parseTime, windowStarts } from './replies.ts'

describe('windowStarts', () => {
  const starts = (curTs: string | null, curBy: string | null, lastTs: string | null) =>
    windowStarts({ curTs, curBy, lastTs }, FIVE_SECONDS)

  it('trusts the start of last where our master wrote it', () => {
    expect(starts(`${NOON}`, `${NOON}`, `${NOON - 300}`)).toEqual({
      cur: NOON,
      last: NOON - 300,
      foreign: false,
    })
  })

  it("aligns the Python master's wall time, and takes last for the window before", () => {
    expect(starts(`${NOON + 1}`, `${NOON - 5}`, `${NOON - 10}`)).toEqual({
      cur: NOON,
      last: NOON - 5,
      foreign: true,
    })
    expect(starts(`${NOON + 1}`, null, null)).toMatchObject({ cur: NOON, foreign: true })
  })

  it.each([null, '', 'x', '1e9', '-5', '99999999999999999999'])(
    'finds no window in %j',
    (curTs) => {
      expect(starts(curTs, null, null)).toEqual({ cur: undefined, last: undefined, foreign: false })
    },
  )
})

describe('replies', () => {
  it('are refused where they cannot be understood', () => {
    expect(() => parseTime('noon')).toThrow('unexpected reply to TIME')
    expect(() => parseTime(['x', '0'])).toThrow('unexpected reply')
    expect(() => parseRotated(['moved', '1', '0', '1'], FIVE_SECONDS)).toThrow('rotate')
    expect(() => parseMarks(null)).toThrow('MGET')
  })

  it.each([
    ['0', 0n],
    ['-12', -12n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['', undefined],
    ['1.5', undefined],
    ['0x1', undefined],
    ['many', undefined],
  ])('read %j as a count of %s', (text, count) => {
    expect(parseCount(text)).toBe(count)
  })
})
