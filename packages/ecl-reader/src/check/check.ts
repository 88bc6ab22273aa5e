import { timeText } from 'ecl-command'
import { visible } from 'ecl-core'
import type { Levels } from '../arguments.ts'
import { masterNotice, searchNotice } from '../notices.ts'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Report, WindowReport } from '../report.ts'
import { alerts, type Range } from './range.ts'

/** Exit codes of monitoring plugins, in their order. */
const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const

/** One of them. */
export type State = (typeof STATES)[number]

/** What a monitoring system is told. */
export interface Verdict {
  readonly code: 0 | 1 | 2 | 3
  /** One line, and its end. */
  readonly text: string
}

/** What is compared. */
interface Measured {
  readonly name: string
  readonly value: number
}

/** What a check is asked to do. */
export interface CheckOptions extends Levels {
  /** Whether single events are compared, rather than their total. */
  readonly each: boolean
  /** What was asked for and matched no event: none of these happened. */
  readonly absent: readonly string[]
  readonly rate: boolean
}

/** How many values a line names before it says how many more there are; the performance data has all. */
const MAX_NAMED = 10

/** Compares a window's counts with the levels. Counts that may be old, or not all of them, lead to UNKNOWN. */
export function check(report: Report, options: CheckOptions): Verdict {
  const [window] = report.windows
  const doubt = doubtOf(report, window)
  if (window === undefined || doubt !== undefined) return unknown(doubt ?? 'nothing was read')
  const measured = measure(report, window, options)
  const judged = measured.map((one) => ({ ...one, state: stateOf(one.value, options) }))
  const worst = Math.max(0, ...judged.map(({ state }) => STATES.indexOf(state)))
  const state = STATES[worst] ?? 'UNKNOWN'
  // What the alarm is about comes first.
  const sorted = judged.sort((a, b) => STATES.indexOf(b.state) - STATES.indexOf(a.state))
  const said = sorted.slice(0, MAX_NAMED).map((one) => {
    const { critical, warning } = options
    const range =
      one.state === 'CRITICAL' ? critical : one.state === 'WARNING' ? warning : undefined
    const why = range && ` (${range.inside ? 'in' : 'not in'} ${range.text.replace('@', '')})`
    return `${one.name} ${one.value}${why ?? ''}`
  })
  const more = sorted.length - said.length
  const unit = options.rate ? ' per second' : ''
  const where = `${report.group} ${report.interval.spec}${unit}`
  const summary = `${where}: ${said.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const data = measured.map((one) => performanceData(one, options)).join(' ')
  return verdict(state, summary, data)
}

/** The verdict where nothing can be told, for the reason given. */
export function unknown(reason: string): Verdict {
  return verdict('UNKNOWN', reason.replace(/^ecl-reader: /, ''))
}

function doubtOf(report: Report, window: WindowReport | undefined): string | undefined {
  const where = `group "${report.group}", ${report.interval.spec}`
  const notice = masterNotice(report) ?? searchNotice(report)
  if (notice !== undefined) return notice
  if (window?.start === undefined) return `${where}: no window has ended yet`
  // After an outage of the masters, the last window is one from before it.
  if (window.which === 'last' && window.end !== report.current) {
    return `${where}: the last window is from before ${timeText(report.current ?? 0)}, while no master ran`
  }
  if (report.unreadable.length > 0) {
    const names = report.unreadable.slice(0, MAX_NAMED).join(', ')
    return `${where}: what is stored is not a whole number: ${names}`
  }
  return undefined
}

function measure(report: Report, window: WindowReport, options: CheckOptions): Measured[] {
  const seconds = elapsedSeconds(report, window)
  const value = (count: bigint) => (options.rate ? perSecond(count, seconds) : Number(count))
  if (!options.each) {
    const total = window.counts.reduce((sum, [, count]) => sum + count, 0n)
    return [{ name: 'total', value: value(total) }]
  }
  const found = window.counts.map(([name, count]) => ({ name, value: value(count) }))
  return [...found, ...options.absent.map((name) => ({ name, value: 0 }))]
}

function stateOf(value: number, { warning, critical }: Levels): State {
  if (critical !== undefined && alerts(critical, value)) return 'CRITICAL'
  return warning !== undefined && alerts(warning, value) ? 'WARNING' : 'OK'
}

/** `'label'=value;warn;crit`; see "Performance data" in the guidelines. */
function performanceData({ name, value }: Measured, { warning, critical }: Levels): string {
  // No escape is defined for "=", and some programs split at it in spite of the quotes.
  const label = visible(name).replaceAll('=', '\\x3d').replaceAll("'", "''")
  const level = (range: Range | undefined) => range?.text ?? ''
  return `'${label.replaceAll('|', '\\x7c')}'=${value};${level(warning)};${level(critical)}`
}

function verdict(state: State, summary: string, data?: string): Verdict {
  // A "|" begins the performance data, a line's end the long output.
  const safe = visible(summary.replaceAll('\n', '; ')).replaceAll('|', '\\x7c')
  const text = `ECL ${state} - ${safe}${data === undefined ? '' : ` | ${data}`}\n`
  return { code: STATES.indexOf(state) as Verdict['code'], text }
}
