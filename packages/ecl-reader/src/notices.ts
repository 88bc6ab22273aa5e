import { graceMs, windowStart } from 'ecl-core'
import type { Report } from './report.ts'

/** How many names a notice lists. */
const MAX_NAMES = 10

/** Says that no master turns the windows over, if that is so: what is printed is older than it seems. */
export function masterNotice(report: Report): string | undefined {
  const { group, interval, current, storeTimeMs } = report
  const where = `ecl-reader: group "${group}", ${interval.spec}`
  if (current === undefined) return `${where}: no window yet; is ecl-master running?`
  const latest = windowStart((storeTimeMs - graceMs(interval.seconds)) / 1000, interval)
  if (current >= latest) return undefined
  const since = new Date((current + interval.seconds) * 1000).toISOString().replace('.000', '')
  return `${where}: the window that ended at ${since} has not been turned over; is ecl-master running?`
}

/** Names the events whose stored value is no count, if there are any. */
export function unreadableNotice({ group, interval, unreadable }: Report): string | undefined {
  if (unreadable.length === 0) return undefined
  const names = unreadable.slice(0, MAX_NAMES).map((name) => JSON.stringify(name))
  const more = unreadable.length - names.length
  return (
    `ecl-reader: group "${group}", ${interval.spec}: left out, as what is stored is not a whole number: ` +
    `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}; delete these keys`
  )
}
