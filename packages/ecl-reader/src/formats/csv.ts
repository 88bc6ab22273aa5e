import { visible } from 'ecl-core'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report } from '../report.ts'

const NEEDS_QUOTES = /[",\r\n]/
/** What a spreadsheet takes for a formula's beginning (OWASP, "CSV Injection"); the last four are full-width. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** CSV by RFC 4180: a header, one record for each event, CRLF. Times are seconds since the epoch. */
export function csv(reports: readonly Report[], destination: Destination): string {
  return csvHeader(destination) + csvRecords(reports, destination)
}

/** The first line. */
export function csvHeader({ rate }: Destination): string {
  return `group,interval,which,start,end,event,count${rate ? ',per_second' : ''}\r\n`
}

/** The records without their header. */
export function csvRecords(reports: readonly Report[], destination: Destination): string {
  const records: string[] = []
  for (const report of reports) {
    for (const window of report.windows) {
      const { which, start, end } = window
      const seconds = elapsedSeconds(report, window)
      const head = `${field(report.group, destination)},${report.interval.spec},${which},${start ?? ''},${end ?? ''}`
      for (const [event, count] of window.counts) {
        const rate = destination.rate ? `,${perSecond(count, seconds)}` : ''
        records.push(`${head},${field(event, destination)},${count}${rate}\r\n`)
      }
    }
  }
  return records.join('')
}

function field(name: string, { terminal, defuseFormulas }: Destination): string {
  const shown = terminal ? visible(name) : name
  const text = defuseFormulas && FORMULA.test(shown) ? `'${shown}` : shown
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
