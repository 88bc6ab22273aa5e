import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report, WindowReport } from '../report.ts'

const DEL_AND_C1 = /[\u007f-\u009f]/g

/**
 * One line of JSON, for programs. Written by hand: integers stay exact beyond 2^53, and names such as `404` stay in
 * their order, which an object of JavaScript would change.
 */
export function json(report: Report, { rate }: Pick<Destination, 'rate'> = {}): string {
  const windows = report.windows.map((window) => windowText(report, window, rate))
  if (!report.both) return `${windows.join('')}\n`
  return `{${report.windows.map(({ which }, i) => `${text(which)}:${windows[i]}`).join()}}\n`
}

function windowText(report: Report, window: WindowReport, rate = false): string {
  const { group, interval } = report
  const { which, start, end, counts } = window
  const seconds = elapsedSeconds(report, window)
  const rates = () => counts.map(([event, n]) => `${text(event)}:${perSecond(n, seconds)}`).join()
  const fields = [
    `"group":${text(group)}`,
    `"interval":${text(interval.spec)}`,
    `"which":${text(which)}`,
    `"start":${start ?? null}`,
    `"end":${end ?? null}`,
    `"counts":{${counts.map(([event, count]) => `${text(event)}:${count}`).join()}}`,
    ...(rate ? [`"perSecond":{${rates()}}`] : []),
    // No store can tell yet which loggers have still to send.
    '"completeness":"unknown"',
  ]
  return `{${fields.join()}}`
}

/** JSON leaves DEL and the C1 characters as they are, which drive terminals, too. */
function text(value: string): string {
  const escaped = (char: string) => `\\u00${char.charCodeAt(0).toString(16)}`
  return JSON.stringify(value).replace(DEL_AND_C1, escaped)
}
