import { jsonText as text } from 'ecl-command'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report, WindowReport } from '../report.ts'

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
    ...completenessFields(window),
  ]
  return `{${fields.join()}}`
}

function completenessFields({ completeness }: WindowReport): string[] {
  if (completeness === undefined) return []
  const status = `"completeness":${text(completeness.status)}`
  if (!('missing' in completeness)) return [status]
  return [status, `"missing":[${completeness.missing.map(text).join()}]`]
}
