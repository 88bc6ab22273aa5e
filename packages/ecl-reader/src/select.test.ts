import { describe, expect, it } from '@jest/globals'
import { select } from './select.ts'

const GROUPS = {
  one: { events: ['a'], intervals: ['5m'] },
  two: { events: ['a'], intervals: ['5s', '1H'] },
}

describe('select', () => {
  it('takes the only interval where none is asked for', () => {
    expect(select(GROUPS, { group: 'one', interval: undefined }).interval.spec).toBe('5m')
  })

  it('takes the interval that is asked for', () => {
    expect(select(GROUPS, { group: 'two', interval: '1H' }).interval.seconds).toBe(3600)
  })

  it('names the intervals where one has to be chosen', () => {
    expect(() => select(GROUPS, { group: 'two', interval: undefined })).toThrow(
      'group "two" has several intervals; choose one with -i: 5s, 1H',
    )
  })

  it.each(['1h', '3600s', '5 s'])(
    'does not take %s for an interval spelled otherwise',
    (interval) => {
      expect(() => select(GROUPS, { group: 'two', interval })).toThrow('there are: 5s, 1H')
    },
  )

  it('names the groups where there is none of that name', () => {
    const selection = { group: 'toString', interval: undefined }
    expect(() => select(GROUPS, selection)).toThrow('there are: one, two')
  })
})
