import { bar, cutTo, padEnd, printable, sparkline, widest } from 'ecl-command'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Report, WindowReport } from '../report.ts'
import { titleOf } from '../title.ts'
import { arranged, type View } from '../view.ts'
import type { History } from './history.ts'

const GAP = '  '
const SHORTEST_NAME = 8
const SHORTEST_BAR = 5
const LONGEST_BAR = 30
/** Title, head and total, and a line for what does not fit. */
const FRAME_LINES = 4

/** What a watch shows, and where. */
export interface Scene {
  readonly histories: readonly History[]
  /** Why nothing newer is seen. */
  readonly trouble: string | undefined
  readonly view: View
  readonly rate: boolean
  readonly columns: number
  readonly rows: number
}

interface Row {
  readonly cells: readonly [name: string, value: string, change: string, line: string]
  readonly count: number
}

/** The lines of the screen: no more, and none longer, than fit. */
export function screen(scene: Scene): string[] {
  const { histories, trouble, columns, rows } = scene
  const shown = histories.filter(({ latest }) => latest !== undefined)
  const room = rows - 1 - (trouble === undefined ? 0 : 1)
  // An empty line is between two tables.
  const each = Math.floor((room + 1) / Math.max(1, shown.length)) - 1
  const tables = shown.map((history) => tableLines(history, scene, Math.max(FRAME_LINES + 1, each)))
  const lines = tables.flatMap((table, i) => (i === 0 ? table : ['', ...table]))
  const kept = lines.slice(0, Math.max(0, room))
  if (trouble !== undefined) kept.push(printable(trouble.replace(/^ecl-reader: /, '')))
  return kept.map((line) => cutTo(line, columns))
}

function tableLines(history: History, scene: Scene, mostLines: number): string[] {
  const report = history.latest
  const [window] = report?.windows ?? []
  if (report === undefined || window === undefined) return []
  const counts = arranged(window.counts, scene.view)
  // The rest of a long list is not laid out: widths jump less, and it would not be seen.
  const fitting =
    counts.length <= mostLines - FRAME_LINES + 1 ? counts.length : mostLines - FRAME_LINES
  const rows = counts
    .slice(0, Math.max(0, fitting))
    .map(([event, count]) => rowOf(event, count, history, report, window, scene))
  const total = counts.reduce((sum, [, count]) => sum + count, 0n)
  const seconds = elapsedSeconds(report, window)
  const head: Row = {
    cells: ['event', scene.rate ? 'per second' : 'count', 'change', ''],
    count: 0,
  }
  const foot: Row = {
    cells: ['total', String(scene.rate ? perSecond(total, seconds) : total), '', ''],
    count: 0,
  }
  const [first = '', ...laidOut] = layOut([head, ...rows, foot], scene.columns)
  const more = counts.length - rows.length
  const rest = more > 0 ? [`… and ${more} more`] : []
  return [titleOf(report, window), first, ...laidOut.slice(0, -1), ...rest, ...laidOut.slice(-1)]
}

function rowOf(
  event: string,
  count: bigint,
  history: History,
  report: Report,
  window: WindowReport,
  { rate }: Scene,
): Row {
  const seconds = elapsedSeconds(report, window)
  const { change, values } = history.trend(event, window)
  const show = (n: bigint) => String(rate ? perSecond(n, seconds) : n)
  const changed =
    change === undefined
      ? ''
      : change === 0n
        ? '='
        : change > 0n
          ? `+${show(change)}`
          : show(change)
  const cells = [printable(event), show(count), changed, sparkline(values)] as const
  return { cells, count: Number(count) }
}

function layOut(rows: readonly Row[], columns: number): string[] {
  const column = (index: 0 | 1 | 2 | 3) => widest(rows.map(({ cells }) => cells[index]))
  const [names, values, changes, lines] = [column(0), column(1), column(2), column(3)]
  const others = values + changes + lines + 3 * GAP.length
  const nameColumns = Math.min(names, Math.max(SHORTEST_NAME, columns - others))
  const left = columns - nameColumns - others - GAP.length
  const barColumns = left < SHORTEST_BAR ? 0 : Math.min(LONGEST_BAR, left)
  const largest = rows.reduce((most, { count }) => Math.max(most, count), 0)
  return rows.map(({ cells: [name, value, change, line], count }) =>
    [
      padEnd(cutTo(name, nameColumns), nameColumns),
      value.padStart(values),
      change.padStart(changes),
      line.padStart(lines),
      bar(count, largest, barColumns),
    ]
      .join(GAP)
      .trimEnd(),
  )
}
