import { plot } from 'asciichart'
import { cutTo, printable } from 'ecl-command'
import type { HistoryStep } from '../../history.ts'
import { labelsOf, type Scale, scaleFor } from './chart-scale.ts'
import { countsOf, isGap, type Page, timeOf } from './format.ts'
import { cyan, dim } from './paint.ts'
import { inStepText, titleOf } from './title.ts'

/** How many events are drawn where nobody chooses: more would be scrolled away. */
export const CHARTED_EVENTS = 3
const LABEL_COLUMNS = 7
/** Label, a space, the axis. */
const AXIS_COLUMNS = LABEL_COLUMNS + 2
const FEWEST_COLUMNS = 10
/** Few steps are drawn this wide at most. */
const WIDEST_STEP = 8
/** asciichart's own: what it draws before the first value. */
const OFFSET = 3

/** A value of each step; undefined where nothing is known. */
type Values = readonly (number | undefined)[]

/** How many steps fit beside the axis. */
export function chartColumns(columns: number): number {
  return Math.max(FEWEST_COLUMNS, columns - AXIS_COLUMNS)
}

/**
 * A curve for each event, one below the other, the largest first. Where nothing is known there is no curve; where windows
 * are missing, the line at its foot is dotted.
 */
export async function* chart(
  steps: AsyncIterable<HistoryStep>,
  page: Page,
): AsyncGenerator<string> {
  const all: HistoryStep[] = []
  for await (const step of steps) all.push(step)
  if (all.length === 0) return
  yield `${cutTo(titleOf(page), page.columns)}\n`
  const counts = all.map((step) =>
    isGap(step) ? undefined : new Map(countsOf(step, page, (names) => [...names])),
  )
  const events = new Set([...page.sums.map(([event]) => event), ...page.declared])
  for (const event of events) {
    const values = counts.map((known) => known && Number(known.get(event) ?? 0n))
    yield `\n${eventChart(event, values, { ...page, steps: all })}`
  }
  if (all.some(isIncomplete)) yield `${dim('··· windows are missing', page)}\n`
}

function isIncomplete({ windows, expected }: HistoryStep): boolean {
  return windows < expected
}

/** What is drawn, and on what. */
interface Drawing extends Page {
  readonly steps: readonly HistoryStep[]
}

function eventChart(event: string, values: Values, drawing: Drawing): string {
  const { columns, step, steps } = drawing
  const known = values.filter((value) => value !== undefined)
  const sum = known.reduce((all, value) => all + value, 0)
  const name = cutTo(printable(event), Math.floor(columns / 2))
  // A curve of nothing but zeroes says no more than this.
  if (known.every((value) => value === 0)) return `${name}: 0\n`
  const head = `${name}: ${sum} in all, at most ${Math.max(...known)} in ${inStepText(step)}`
  const width = Math.min(WIDEST_STEP, Math.max(1, Math.floor(chartColumns(columns) / steps.length)))
  const scale = scaleFor(known)
  const wide = values.flatMap((value) => Array.from({ length: width }, () => value))
  const curve = curveLines(wide, scale).map((line) => cyan(line.trimEnd(), drawing))
  const labels = labelsOf(scale).map((label) => label.padStart(LABEL_COLUMNS))
  const foot = steps.map((one) => (isIncomplete(one) ? '·' : '─').repeat(width)).join('')
  return [
    cutTo(head, columns),
    ...labels.map((label, i) => `${label} ┤${curve[i]}`),
    `${' '.repeat(AXIS_COLUMNS - 1)}└${foot}`,
    timeLine(drawing, width * steps.length),
    '',
  ].join('\n')
}

/** The curve without its axis. asciichart knows no gaps: each stretch between two of them is drawn by itself. */
function curveLines(values: Values, { min, max, height }: Scale): string[] {
  let lines = Array.from({ length: height + 1 }, () => '')
  for (let at = 0; at < values.length; at++) {
    const stretch: number[] = []
    for (let value = values[at]; value !== undefined; value = values[++at]) stretch.push(value)
    const [first] = stretch
    if (first !== undefined) {
      // Its first value would be drawn on the axis: it is there twice, and the axis is left out.
      const options = { min, max, height, offset: OFFSET, format: () => ' ' }
      const drawn = plot([first, ...stretch], options).split('\n')
      lines = lines.map((line, i) => line + (drawn[i] ?? '').slice(OFFSET, OFFSET + stretch.length))
    }
    // Behind a stretch there is a gap, or the end, where it does not matter.
    lines = lines.map((line) => `${line} `)
  }
  return lines
}

/** When the first step begins and the last one ends, below a curve of so many columns. */
function timeLine(drawing: Drawing, curveColumns: number): string {
  const [first, last] = [drawing.steps[0], drawing.steps.at(-1)]
  if (first === undefined || last === undefined) return ''
  const [left, right] = [timeOf(first.start, drawing), timeOf(last.end, drawing)]
  const space = curveColumns - left.length - right.length
  const indent = ' '.repeat(AXIS_COLUMNS)
  if (space >= 2) return `${indent}${left}${' '.repeat(space)}${right}`
  return cutTo(`${indent}${left} to ${right}`, drawing.columns)
}
