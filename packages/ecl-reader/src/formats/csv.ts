import { csvField } from 'ecl-command'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report } from '../report.ts'

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
      const head = `${csvField(report.group, destination)},${report.interval.spec},${which},${start ?? ''},${end ?? ''}`
      for (const [event, count] of window.counts) {
        const rate = destination.rate ? `,${perSecond(count, seconds)}` : ''
        records.push(`${head},${csvField(event, destination)},${count}${rate}\r\n`)
      }
    }
  }
  return records.join('')
}
