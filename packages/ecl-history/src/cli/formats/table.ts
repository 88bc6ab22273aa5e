import { cutTo, padEnd, printable, widthOf } from 'ecl-command'
import type { HistoryStep } from '../../history.ts'
import { countsOf, isGap, type Page, timeOf } from './format.ts'
import { dim } from './paint.ts'
import { titleOf } from './title.ts'

const GAP = '  '
const LONGEST_NAME = 20
const UNKNOWN = '–'
/** What is said of the windows of a step that are not complete: `719 of 720`, `partial`. */
const NOTE_TITLE = 'windows'
const NOTE_COLUMNS = 10

/** The columns of a table. */
interface Layout {
  readonly events: readonly {
    readonly event: string
    readonly title: string
    readonly width: number
  }[]
  /** How many events do not fit. */
  readonly hidden: number
  readonly timeWidth: number
  readonly totalWidth: number
}

/**
 * A table for people: a line for each window or step, a column for each event, as many as fit, the largest first. What
 * is not known is a dash, and many steps that are not known are one line. Safe for a terminal.
 */
export async function* table(
  steps: AsyncIterable<HistoryStep>,
  page: Page,
): AsyncGenerator<string> {
  const layout = layOut(page)
  const cut = (text: string) => cutTo(text, page.columns)
  yield `${cut(titleOf(page))}\n${cut(headLine(layout))}\n`
  let gap: { first: HistoryStep; last: HistoryStep; missing: number } | undefined
  for await (const step of steps) {
    if (isGap(step)) {
      gap ??= { first: step, last: step, missing: 0 }
      gap.last = step
      gap.missing += step.expected
      continue
    }
    if (gap !== undefined) yield gapLine(gap, page)
    gap = undefined
    yield `${stepLine(step, layout, page)}\n`
  }
  if (gap !== undefined) yield gapLine(gap, page)
  if (layout.hidden > 0) {
    const more = layout.hidden === 1 ? '1 more event' : `${layout.hidden} more events`
    yield `${dim(cut(`… and ${more}; --event chooses, --format csv has all`), page)}\n`
  }
}

function layOut(page: Page): Layout {
  const { sums, declared, range, columns } = page
  const timeWidth = timeOf(range.from, page).length
  const total = sums.reduce((sum, [, one]) => sum + one, 0n)
  const totalWidth = Math.max('total'.length, String(total).length)
  const counted = new Set(sums.map(([event]) => event))
  const zeroes = declared
    .filter((event) => !counted.has(event))
    .map((event) => [event, 0n] as const)
  const all = [...sums, ...zeroes].map(([event, sum]) => {
    const title = cutTo(printable(event), LONGEST_NAME)
    // A sum of all is wider than any count in it; a column of negative ones may get out of line.
    return { event, title, width: Math.max(widthOf(title), String(sum).length) }
  })
  let left = columns - timeWidth - GAP.length - totalWidth - GAP.length - NOTE_COLUMNS
  const events = all.filter((column, i) => {
    left -= column.width + GAP.length
    // One column is there in any case: without it, nothing would be said.
    return left >= 0 || i === 0
  })
  return { events, hidden: all.length - events.length, timeWidth, totalWidth }
}

function headLine({ events, timeWidth, totalWidth }: Layout): string {
  const titles = events.map(({ title, width }) => ' '.repeat(width - widthOf(title)) + title)
  return ['start'.padEnd(timeWidth), ...titles, 'total'.padStart(totalWidth), NOTE_TITLE].join(GAP)
}

function stepLine(
  step: HistoryStep,
  { events, timeWidth, totalWidth }: Layout,
  page: Page,
): string {
  const counts = new Map(countsOf(step, page, (names) => [...names]))
  const cells = events.map(({ event, width }) => String(counts.get(event) ?? 0n).padStart(width))
  const line = [
    padEnd(timeOf(step.start, page), timeWidth),
    ...cells,
    String(sumOf(counts)).padStart(totalWidth),
  ].join(GAP)
  const room = Math.max(0, page.columns - widthOf(line) - GAP.length)
  return `${line}${GAP}${dim(cutTo(noteOf(step), room), page)}`.trimEnd()
}

function sumOf(counts: ReadonlyMap<string, bigint>): bigint {
  return [...counts.values()].reduce((sum, one) => sum + one, 0n)
}

function noteOf({ windows, expected, completeness }: HistoryStep): string {
  if (windows < expected) return `${windows} of ${expected}`
  return completeness === 'complete' ? '' : completeness
}

function gapLine(
  { first, last, missing }: { first: HistoryStep; last: HistoryStep; missing: number },
  page: Page,
): string {
  const from = timeOf(first.start, page)
  const until = first === last ? '' : ` to ${timeOf(last.end, page)}`
  const windows = missing === 1 ? '1 window' : `${missing} windows`
  const room = Math.max(0, page.columns - from.length - GAP.length)
  const note = cutTo(`${UNKNOWN}  nothing is known${until}: ${windows}`, room)
  return `${from}${GAP}${dim(note, page)}\n`
}
