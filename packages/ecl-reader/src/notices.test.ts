import { describe, expect, it } from '@jest/globals'
import { reportWith, seconds } from '../test/report-fixture.ts'
import { masterNotice, searchNotice, shortfallNotice, unreadableNotice } from './notices.ts'

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

describe('searchNotice', () => {
  it('says nothing where all was looked at, and else what may be missing, and what to do', () => {
    expect(searchNotice(reportWith([]))).toBeUndefined()
    expect(searchNotice(reportWith([], { searchCutShort: true }))).toMatch(
      /^ecl-reader: group "web": events .* Python services, may be missing: .*; run ecl-master, or set python_writers to/,
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

describe('shortfallNotice', () => {
  const notice = (missing: readonly string[]) =>
    shortfallNotice(reportWith([]), { reason: 'pending', mayPass: true, missing })

  it('names ten loggers at most, and none at any length', () => {
    const missing = Array.from({ length: 12 }, (_, i) => `h/${i}/${'x'.repeat(i * 100)}`)
    expect(notice(missing)).toMatch(
      /not everything has come of 12 loggers: "h\/0\/", .* and 2 more$/,
    )
    expect(notice(missing).length).toBeLessThan(1300)
  })

  it('says that a window has just ended where nobody is missing', () => {
    expect(notice([])).toMatch(/1970-01-01T00:01:00Z is not complete yet, it has just ended$/)
  })

  it('says that a window is about to be turned over', () => {
    const report = reportWith([], { storeTimeMs: 70_001 })
    expect(shortfallNotice(report, { reason: 'not turned over', mayPass: true })).toMatch(
      /the window that ended at 1970-01-01T00:01:10Z has not been turned over yet$/,
    )
  })

  it('says where the counts of a window are that nobody turned over', () => {
    expect(shortfallNotice(reportWith([]), { reason: 'merged', mayPass: false })).toMatch(
      /no master ran when the last window ended; /,
    )
  })
})
