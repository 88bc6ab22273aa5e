import { printable, timeText } from 'ecl-command'
import type { Report, WindowReport } from './report.ts'

/** Says which window it is, and where that was asked for, whether it is complete. */
export function titleOf({ group, interval }: Report, window: WindowReport): string {
  const { which, start, end } = window
  const name = `${printable(group)} ${interval.spec}, ${which} window`
  if (start === undefined || end === undefined) return `${name}: none yet`
  return `${name}: ${timeText(start)} to ${timeText(end)}${completenessText(window)}`
}

function completenessText({ which, completeness }: WindowReport): string {
  // What goes on is not complete, of course.
  if (completeness === undefined || which === 'current') return ''
  const { status } = completeness
  if (status === 'unknown') return ', completeness unknown'
  const missing = 'missing' in completeness ? completeness.missing.length : 0
  if (missing === 0) return `, ${status}`
  return `, ${status}: ${missing} ${missing === 1 ? 'logger' : 'loggers'} missing`
}
