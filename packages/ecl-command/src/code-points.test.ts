import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { sortByCodePoints } from './code-points.ts'

describe('sortByCodePoints', () => {
  it('puts upper case before lower case, and no locale in between', () => {
    expect(sortByCodePoints(['b', 'ä', 'a', 'B', '_', '10', '9'])).toEqual([
      '10',
      '9',
      'B',
      '_',
      'a',
      'b',
      'ä',
    ])
  })

  it('puts what UTF-16 writes with surrogates behind everything else', () => {
    expect(sortByCodePoints(['\u{1f600}', '\uff21', '\u{1f600}a', 'a'])).toEqual([
      'a',
      '\uff21',
      '\u{1f600}',
      '\u{1f600}a',
    ])
  })

  it('agrees with the order of the bytes of UTF-8', () => {
    const names = fc.array(fc.string({ unit: 'binary', maxLength: 5 }))
    fc.assert(
      fc.property(names, (all) => {
        const byBytes = [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(sortByCodePoints(all)).toEqual(byBytes)
      }),
    )
  })

  it('leaves what it was given as it is', () => {
    const names = ['b', 'a']
    sortByCodePoints(names)
    expect(names).toEqual(['b', 'a'])
  })
})
