import { sortByCodePoints, jsonText as text } from 'ecl-command'
import type { HistoryStep } from '../../history.ts'
import { countsOf, isGap, type Page } from './format.ts'

/**
 * A line of JSON for each window or step. Written by hand: integers stay exact beyond 2^53, and names such as `404` stay
 * in their order.
 */
export async function* json(steps: AsyncIterable<HistoryStep>, page: Page): AsyncGenerator<string> {
  for await (const step of steps) yield stepLine(step, page)
}

function stepLine(step: HistoryStep, page: Page): string {
  const { start, end, windows, expected, completeness, late, total, rows } = step
  const fields = [
    `"group":${text(page.group)}`,
    `"interval":${text(page.interval.spec)}`,
    `"start":${start}`,
    `"end":${end}`,
    `"windows":${windows}`,
    `"expected":${expected}`,
  ]
  if (isGap(step)) return `{${[...fields, '"completeness":"unknown"', '"counts":null'].join()}}\n`
  fields.push(
    `"completeness":${text(completeness)}`,
    `"late":${late}`,
    `"total":${total}`,
    `"counts":${object(countsOf(step, page, sortByCodePoints))}`,
  )
  if (page.step.unit !== 'window') {
    fields.push(
      `"min":${object(rows.map(({ event, min }) => [event, min]))}`,
      `"max":${object(rows.map(({ event, max }) => [event, max]))}`,
      `"mean":${object(rows.map(({ event, mean }) => [event, mean]))}`,
    )
  }
  return `{${fields.join()}}\n`
}

function object(values: readonly (readonly [event: string, value: bigint | number])[]): string {
  return `{${values.map(([event, value]) => `${text(event)}:${value}`).join()}}`
}
