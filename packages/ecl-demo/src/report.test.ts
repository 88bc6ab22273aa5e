import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { Ledger } from './ledger.ts'
import { reportBalance } from './report.ts'
import { liveScenario } from './scenario.ts'
import { Screen } from './screen.ts'
import { Tally } from './tally.ts'

const options = { input: undefined, seconds: 5, window: 5, redis: undefined }

/** Whose windows hold these counts of "requests", and nothing else. */
function observerOf(counts: Record<string, Record<string, number>>, storeTimeMs: number) {
  return {
    ledger(group: string, interval: string) {
      const ledger = new Ledger()
      const found = group === 'requests' ? (counts[interval] ?? {}) : {}
      const start = (interval === '1m' ? 60 : 100) as EpochSeconds
      const snapshot = {
        start,
        end: start,
        counts: new Map(Object.entries(found).map(([event, n]) => [event, BigInt(n)])),
        unreadable: [],
      }
      ledger.note({ storeTimeMs, current: start, last: snapshot })
      return ledger
    },
  }
}

function report(
  counts: Record<string, Record<string, number>>,
  { printedJobs = 7, seenMs = 107_000, archived = { job: 7 } } = {},
) {
  const printed: string[] = []
  const out = { isTTY: false, write: (text: string) => printed.push(text) > 0 }
  const logged = new Tally()
  logged.add('requests', 'job', 7)
  const same = reportBalance(new Screen(out), liveScenario(options), options, {
    logged,
    fromMs: 100_000,
    doneMs: 104_900,
    printed: new Map([['job', printedJobs]]),
    observer: observerOf(counts, seenMs),
    archive: { counts: (group) => new Map(group === 'requests' ? Object.entries(archived) : []) },
  })
  return { same, text: printed.join('') }
}

describe('reportBalance', () => {
  it('says that all is the same to the unit', () => {
    const { same, text } = report({ '5s': { job: 7, error: 0 }, '1m': { job: 7, error: 0 } })
    expect(same).toBe(true)
    expect(text).toMatch(/^ {2}job +7 +7 +7 +7$/m)
    expect(text).toContain(
      'The same to the unit: logged 7, counted 7 in windows of 5s and of 1m, and archived.',
    )
    expect(text).not.toContain('came in')
    expect(text).not.toContain('busy')
  })

  it('proves nothing by windows that it has not seen since they were settled', () => {
    const counts = { '5s': { job: 7 }, '1m': { job: 7 } }
    const { same, text } = report(counts, { seenMs: 104_000 })
    expect(same).toBe(false)
    expect(text).toContain('1 window of 5s passed before the demo could look')
    expect(text).toContain('1 window of 1m passed before the demo could look')
    expect(text).not.toContain('The same')
  })

  it('finds a single count too few in one of the intervals', () => {
    const { same, text } = report({ '5s': { job: 7 }, '1m': { job: 6 } })
    expect(same).toBe(false)
    expect(text).toMatch(/^ {2}job +7 +7 +6 +7 {2}≠$/m)
    expect(text).toContain('NOT THE SAME: 1 event counted wrongly: "job"')
  })

  it('finds counts of an event that nobody has logged', () => {
    const { same, text } = report({ '5s': { job: 7, error: 1 }, '1m': { job: 7, error: 1 } })
    expect(same).toBe(false)
    expect(text).toMatch(/^ {2}error +0 +1 +1 +0 {2}≠$/m)
  })

  it('finds a count that has not come into SQL', () => {
    const archived = { job: 6 }
    const { same, text } = report({ '5s': { job: 7 }, '1m': { job: 7 } }, { archived })
    expect(same).toBe(false)
    expect(text).toMatch(/^ {2}job +7 +7 +7 +6 {2}≠$/m)
  })

  it('tells of counts that the reader was too early for, which is no fault', () => {
    const { same, text } = report({ '5s': { job: 7 }, '1m': { job: 7 } }, { printedJobs: 5 })
    expect(same).toBe(true)
    expect(text).toContain('add up to 5 of the 7 in "requests": the rest came in after')
  })
})
