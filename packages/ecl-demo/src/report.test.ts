import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { Ledger } from './ledger.ts'
import { reportBalance } from './report.ts'
import { liveScenario } from './scenario.ts'
import { Screen } from './screen.ts'
import { Tally } from './tally.ts'

const options = { input: undefined, seconds: 5, window: 5 }

/** Whose windows hold these counts of "requests", and nothing else. */
function observerOf(counts: Record<string, Record<string, number>>) {
  return {
    ledger(group: string, interval: string) {
      const ledger = new Ledger()
      const found = group === 'requests' ? (counts[interval] ?? {}) : {}
      const snapshot = {
        start: 100 as EpochSeconds,
        end: 105 as EpochSeconds,
        counts: new Map(Object.entries(found).map(([event, n]) => [event, BigInt(n)])),
        unreadable: [],
      }
      ledger.note({ storeTimeMs: 0, current: 105 as EpochSeconds, last: snapshot })
      return ledger
    },
  }
}

function report(counts: Record<string, Record<string, number>>, printedJobs = 7) {
  const printed: string[] = []
  const out = { isTTY: false, write: (text: string) => printed.push(text) > 0 }
  const logged = new Tally()
  logged.add('requests', 'job', 7)
  const same = reportBalance(new Screen(out), liveScenario(options), options, {
    logged,
    printed: new Map([['job', printedJobs]]),
    observer: observerOf(counts),
  })
  return { same, text: printed.join('') }
}

describe('reportBalance', () => {
  it('says that all is the same to the unit', () => {
    const { same, text } = report({ '5s': { job: 7, error: 0 }, '1m': { job: 7, error: 0 } })
    expect(same).toBe(true)
    expect(text).toMatch(/^ {2}job +7 +7 +7$/m)
    expect(text).toContain('The same to the unit: logged 7, counted 7 in windows of 5s and of 1m.')
    expect(text).not.toContain('came in')
  })

  it('finds a single count too few in one of the intervals', () => {
    const { same, text } = report({ '5s': { job: 7 }, '1m': { job: 6 } })
    expect(same).toBe(false)
    expect(text).toMatch(/^ {2}job +7 +7 +6 {2}≠$/m)
    expect(text).toContain('NOT THE SAME: 1 event counted wrongly: "job"')
  })

  it('finds counts of an event that nobody has logged', () => {
    const { same, text } = report({ '5s': { job: 7, error: 1 }, '1m': { job: 7, error: 1 } })
    expect(same).toBe(false)
    expect(text).toMatch(/^ {2}error +0 +1 +1 {2}≠$/m)
  })

  it('tells of counts that the reader was too early for, which is no fault', () => {
    const { same, text } = report({ '5s': { job: 7 }, '1m': { job: 7 } }, 5)
    expect(same).toBe(true)
    expect(text).toContain('2 of "requests" came in after the reader had looked.')
  })
})
