import { cutTo, timeText } from 'ecl-command'
import { graceMs, searchCutShortText, tooManyClientsText, windowStart } from 'ecl-core'
import type { Shortfall } from './complete/shortfall.ts'
import type { Report } from './report.ts'

/** How many names a notice lists. */
const MAX_NAMES = 10
/** Names of loggers are `host/pid/random`, unless somebody else has written them. */
const MAX_NAME_COLUMNS = 100

/** Says that no master turns the windows over, if that is so: what is printed is older than it seems. */
export function masterNotice(report: Report): string | undefined {
  const { group, interval, current, storeTimeMs } = report
  const where = `ecl-reader: group "${group}", ${interval.spec}`
  if (current === undefined) return `${where}: no window yet; is ecl-master running?`
  const latest = windowStart((storeTimeMs - graceMs(interval.seconds)) / 1000, interval)
  if (current >= latest) return undefined
  return `${where}: the window that ended at ${timeText(current + interval.seconds)} has not been turned over; is ecl-master running?`
}

/** Names the events whose stored value is no count, if there are any. */
export function unreadableNotice({ group, interval, unreadable }: Report): string | undefined {
  if (unreadable.length === 0) return undefined
  return (
    `ecl-reader: group "${group}", ${interval.spec}: left out, as what is stored is not a whole number: ` +
    `${someOf(unreadable)}; delete these keys or fields`
  )
}

/** Says that events may be missing among the counts, if that is so. */
export function searchNotice({ group, searchCutShort }: Report): string | undefined {
  return searchCutShort && `ecl-reader: ${searchCutShortText(group)}`
}

/** Says why a window is not the complete one that was asked for. */
export function shortfallNotice(report: Report, shortfall: Shortfall): string {
  const { group, interval, current, windows } = report
  const where = `ecl-reader: group "${group}", ${interval.spec}`
  const start = windows[0]?.start
  const window = start === undefined ? 'the window' : `the window of ${timeText(start)}`
  switch (shortfall.reason) {
    case 'not turned over':
      return (
        masterNotice(report) ??
        `${where}: the window that ended at ${timeText((current ?? 0) + interval.seconds)} has not been turned over yet`
      )
    case 'merged':
      return `${where}: no master ran when the last window ended; what was counted in it is in ${window} or in the current one`
    case 'pending': {
      const { missing } = shortfall
      if (missing.length === 0) return `${where}: ${window} is not complete yet, it has just ended`
      return `${where}: ${window} is not complete yet: not everything has come of ${loggers(missing)}`
    }
    case 'partial':
      return `${where}: ${window} is partial: counts are missing of ${loggers(shortfall.missing)}`
    case 'no clients':
      return `${where}: nobody can tell whether ${window} is complete: another program has overwritten the key "${group}:@clients"; the next batch of a logger puts it right`
    case 'too many clients':
      return `${where}: nobody can tell whether ${window} is complete: ${tooManyClientsText(group)}`
    case 'not searched':
      return `${where}: nobody can tell whether ${window} is complete: not all keys of the database were looked at`
    case 'python writers':
      return `${where}: nobody can tell whether ${window} is complete while Python services may count in this group; set python_writers to false, or leave it out, when none does`
  }
  return `${where}: nobody can tell whether ${window} is complete: it holds counts that came late, or that something else than a logger of ours has put there`
}

function loggers(ids: readonly string[]): string {
  return `${ids.length} ${ids.length === 1 ? 'logger' : 'loggers'}: ${someOf(ids)}`
}

function someOf(all: readonly string[]): string {
  const names = all.slice(0, MAX_NAMES).map((name) => JSON.stringify(cutTo(name, MAX_NAME_COLUMNS)))
  const more = all.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
