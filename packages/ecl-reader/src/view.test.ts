import { describe, expect, it } from '@jest/globals'
import { reportWith } from '../test/report-fixture.ts'
import { type View, viewed } from './view.ts'

const REPORT = reportWith(
  [
    ['a', 3n],
    ['b', 5n],
    ['c', 3n],
    ['d', -1n],
  ],
  { unreadable: ['x'] },
)
const STATIC = { name: 'web', events: ['a', 'b', 'c', 'd', 'x'], dynamic: false }
const DYNAMIC = { name: 'web', events: [], dynamic: true }

function names(view: Partial<View>, group = STATIC, named = true): string {
  const all: View = { events: [], top: undefined, sort: undefined, ...view }
  const { windows } = viewed(REPORT, all, group, named)
  return (windows[0]?.counts ?? []).map(([event, count]) => `${event}${count}`).join(' ')
}

describe('viewed', () => {
  it('leaves all as it is where nothing is asked for', () => {
    expect(names({})).toBe('a3 b5 c3 d-1')
  })

  it('sorts by count, and equal counts by name', () => {
    expect(names({ sort: 'count' })).toBe('b5 a3 c3 d-1')
  })

  it('takes the largest, by count unless they are wanted by name', () => {
    expect(names({ top: 2 })).toBe('b5 a3')
    expect(names({ top: 2, sort: 'name' })).toBe('a3 b5')
    expect(names({ top: 9 })).toBe('b5 a3 c3 d-1')
  })

  it('takes events by name and by glob', () => {
    expect(names({ events: ['b', 'd*'] })).toBe('b5 d-1')
    expect(names({ events: ['z*'] })).toBe('')
  })

  it('has 0 for an event by name that a dynamic group has not counted, but not for one of many groups', () => {
    expect(names({ events: ['b', 'aa'] }, DYNAMIC)).toBe('aa0 b5')
    expect(names({ events: ['b', 'aa'] }, DYNAMIC, false)).toBe('b5')
  })

  it('has no 0 for a value that cannot be read', () => {
    expect(names({ events: ['b', 'x'] })).toBe('b5')
  })

  it('refuses a name that a static group cannot have', () => {
    expect(() => names({ events: ['b', 'aa'] })).toThrow(
      'event "aa" is not configured for group "web"; there are: a, b, c, d, x',
    )
    expect(names({ events: ['b', 'aa'] }, STATIC, false)).toBe('b5')
  })
})
