import { visible } from 'ecl-core'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report } from '../report.ts'

const TITLES = { last: 'Last:\n', current: 'Current:\n' } as const

/** `event:count`, one a line, byte for byte as the Python original, except for control characters on a terminal. */
export function plain(report: Report, { terminal, rate }: Destination): string {
  const lines: string[] = []
  for (const window of report.windows) {
    if (report.both) lines.push(TITLES[window.which])
    const seconds = elapsedSeconds(report, window)
    for (const [event, count] of window.counts) {
      const value = rate ? perSecond(count, seconds) : count
      lines.push(`${terminal ? visible(event) : event}:${value}\n`)
    }
  }
  return lines.join('')
}

/** The same for several groups and intervals: each under a title, with an empty line between them. */
export function plainTitled(reports: readonly Report[], destination: Destination): string {
  const parts = reports.map(
    (report) => `${report.group} ${report.interval.spec}:\n${plain(report, destination)}`,
  )
  return parts.join('\n')
}
