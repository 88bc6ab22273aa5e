import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { eventIdProblem, groupNameProblem } from '../../names.ts'
import { groupSpec } from '../../testing/hand-client.ts'
import { countKey, escapeGlob, indexKey, parseCountKey, startKey, writtenByKey } from './keys.ts'

describe('key names', () => {
  it('are those of the Python original', () => {
    const group = groupSpec({ name: 'requests', intervals: [{ spec: '5m', seconds: 300 }] })
    const [interval] = group.intervals
    if (interval === undefined) throw new Error('no interval')
    expect(countKey(group, interval, 'cur', 'req1')).toBe('requests:5m:cur:req1')
    expect(countKey(group, interval, 'last', 'a:b c')).toBe('requests:5m:last:a:b c')
    expect(startKey(group, interval, 'cur')).toBe('requests:5m:cur:@ts')
    expect(writtenByKey(group, interval)).toBe('requests:5m:cur:@by')
    expect(indexKey(group, interval, 'last')).toBe('requests:5m:last:@ids')
  })

  it('can be taken apart again, for any names that are allowed', () => {
    const name = fc
      .string({ unit: 'grapheme' })
      .filter((text) => groupNameProblem(text) === undefined)
    const event = fc
      .string({ unit: 'grapheme' })
      .filter((text) => eventIdProblem(text) === undefined)
    fc.assert(
      fc.property(
        name,
        event,
        fc.constantFrom('cur' as const, 'last' as const),
        (group, id, part) => {
          const interval = { spec: '1.5m', seconds: 90 }
          const key = countKey(groupSpec({ name: group }), interval, part, id)
          expect(parseCountKey(key)).toEqual({ group, interval: '1.5m', part, event: id })
        },
      ),
    )
  })

  it.each(['g:5s:cur:@ts', 'g:5s:cur:@ids', 'g:@clients', 'g:5s:now:x', 'g', 'other'])(
    'leaves %s alone, which is no count',
    (key) => {
      expect(parseCountKey(key)).toBeUndefined()
    },
  )

  it('writes patterns that match one text only', () => {
    expect(escapeGlob('a*b?[c]^\\')).toBe('a\\*b\\?\\[c\\]\\^\\\\')
  })
})
