import { type BalanceRow, foldRows, totalOf } from './balance.ts'

/** Colours a piece of text, or leaves it as it is. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

/** Rows of a table that belong together. */
export interface BalancePart {
  /** The group's name, and a remark. */
  readonly title: string
  readonly rows: readonly BalanceRow[]
  /** How many rows are shown; the rest is summed up. */
  readonly shown: number
}

/** Widest name of an event in a table: with five columns, 98 in all. */
const MAX_NAME = 36
const COLUMN = 12

/** No colours. */
export const plainPaint: Paint = { bold: same, dim: same, good: same, bad: same }

/** Colours that every terminal has. */
export const ansiPaint: Paint = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  good: (text) => `\u001b[32m${text}\u001b[39m`,
  bad: (text) => `\u001b[31m${text}\u001b[39m`,
}

/** Local time of day, such as `17:43:45`. */
export function clockTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toTimeString().slice(0, 8)
}

/** `17:43:45 – 17:43:50` */
export function span(start: number, seconds: number): string {
  return `${clockTime(start)} – ${clockTime(start + seconds)}`
}

/** `1 line`, `2 lines` */
export function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/**
 * Sums up what ecl-reader printed.
 *
 * @returns event → count; an event may hold colons, a count does not
 */
export function readerCounts(output: string): Map<string, number> {
  const lines = output.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const colon = line.lastIndexOf(':')
      return [line.slice(0, colon), Number(line.slice(colon + 1))]
    }),
  )
}

/** The table at the end: one column for each source of counts, and a mark on what does not balance. */
export function renderBalance(
  headings: readonly string[],
  parts: readonly BalancePart[],
  paint: Paint,
): string {
  const blocks = parts.map((part) => ({
    title: part.title,
    rows: foldRows(part.rows, part.shown),
    total: totalOf(part.rows, 'total'),
  }))
  const names = blocks.flatMap(({ rows }) => rows.map(({ event }) => event.length))
  const width = Math.min(MAX_NAME, Math.max(12, ...names))
  const line = (row: BalanceRow) => {
    const cells = row.counts.map((n) => String(n).padStart(COLUMN)).join('')
    const text = `  ${fit(row.event, width).padEnd(width)}${cells}`
    return row.same ? text : paint.bad(`${text}  ≠`)
  }
  const head = headings.map((heading) => heading.padStart(COLUMN)).join('')
  return [
    paint.dim(`${' '.repeat(width + 2)}${head}`),
    ...blocks.flatMap(({ title, rows, total }) => [
      paint.bold(title),
      ...rows.map(line),
      paint.bold(line(total)),
    ]),
    '',
  ].join('\n')
}

/** Cuts the middle out of what is too long, as the ends of a path tell more. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text
  const front = Math.ceil((width - 1) / 2)
  return `${text.slice(0, front)}…${text.slice(text.length - (width - 1 - front))}`
}

function same(text: string): string {
  return text
}
