import { bar, cutTo, padEnd, printable, widest } from 'ecl-command'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report, WindowReport } from '../report.ts'
import { titleOf } from '../title.ts'

const DEFAULT_COLUMNS = 80
const LONGEST_BAR = 40
/** A bar shorter than this tells nothing. */
const SHORTEST_BAR = 5
const SHORTEST_NAME = 8
const GAP = '  '

/** A table for people: names, counts in columns, bars as long as the width allows. Safe for a terminal. */
export function table(reports: readonly Report[], destination: Destination): string {
  const parts = reports.flatMap((report) =>
    report.windows.map((window) => windowTable(report, window, destination)),
  )
  return parts.join('\n')
}

function windowTable(report: Report, window: WindowReport, destination: Destination): string {
  const { columns = DEFAULT_COLUMNS, rate = false } = destination
  const seconds = elapsedSeconds(report, window)
  const total = window.counts.reduce((sum, [, count]) => sum + count, 0n)
  const show = (count: bigint) => String(rate ? perSecond(count, seconds) : count)
  const rows = [
    ['event', rate ? 'per second' : 'count', 0] as const,
    ...window.counts.map(([event, n]) => [printable(event), show(n), Number(n)] as const),
    ['total', show(total), 0] as const,
  ]
  const [names, values] = [
    widest(rows.map(([name]) => name)),
    widest(rows.map(([, value]) => value)),
  ]
  const nameColumns = Math.min(names, Math.max(SHORTEST_NAME, columns - values - GAP.length))
  const left = columns - nameColumns - values - 2 * GAP.length
  const barColumns = left < SHORTEST_BAR ? 0 : Math.min(LONGEST_BAR, left)
  const largest = rows.reduce((most, [, , n]) => Math.max(most, n), 0)
  const lines = rows.map(([name, value, n]) => {
    const cells = padEnd(cutTo(name, nameColumns), nameColumns) + GAP + value.padStart(values)
    return `${cells}${GAP}${bar(n, largest, barColumns)}`.trimEnd()
  })
  return [titleOf(report, window), ...lines, ''].join('\n')
}
