import { describe, expect, it } from '@jest/globals'
import { reportWith, seconds } from '../test/report-fixture.ts'
import { masterNotice, unreadableNotice } from './notices.ts'

describe('masterNotice', () => {
  it('says nothing while windows are turned over', () => {
    expect(masterNotice(reportWith([]))).toBeUndefined()
  })

  it('leaves a master the grace after a boundary', () => {
    expect(masterNotice(reportWith([], { storeTimeMs: 71_999 }))).toBeUndefined()
    expect(masterNotice(reportWith([], { storeTimeMs: 72_000 }))).toBe(
      'ecl-reader: group "web", 5s: the window that ended at 1970-01-01T00:01:10Z has not been turned over; is ecl-master running?',
    )
  })

  it('leaves half the interval where that is shorter', () => {
    const interval = { spec: '1s', seconds: 1 }
    const current = seconds(65)
    expect(masterNotice(reportWith([], { interval, current, storeTimeMs: 66_499 }))).toBeUndefined()
    expect(masterNotice(reportWith([], { interval, current, storeTimeMs: 66_500 }))).toBeDefined()
  })

  it('says that there is no window yet', () => {
    expect(masterNotice(reportWith([], { current: undefined }))).toBe(
      'ecl-reader: group "web", 5s: no window yet; is ecl-master running?',
    )
  })
})

describe('unreadableNotice', () => {
  it('says nothing where everything can be read', () => {
    expect(unreadableNotice(reportWith([]))).toBeUndefined()
  })

  it('names ten events at most', () => {
    const unreadable = Array.from({ length: 12 }, (_, i) => `e${i}`)
    expect(unreadableNotice(reportWith([], { unreadable }))).toMatch(/: "e0", .*"e9" and 2 more;/)
  })
})
