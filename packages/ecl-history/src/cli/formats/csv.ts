import { csvField, sortByCodePoints } from 'ecl-command'
import type { HistoryStep } from '../../history.ts'
import { countsOf, isGap, type Page } from './format.ts'

const HEADER = 'group,interval,start,end,windows,expected,completeness,event,count'
const STATISTICS = ',min,max,mean'

/**
 * CSV by RFC 4180: a header, a record for each event of each window or step, CRLF. Times are seconds since the epoch. A
 * step in which nothing happened, or of which nothing is known, is a record without an event; `windows` tells which.
 */
export async function* csv(steps: AsyncIterable<HistoryStep>, page: Page): AsyncGenerator<string> {
  const stepped = page.step.unit !== 'window'
  yield `${HEADER}${stepped ? STATISTICS : ''}\r\n`
  for await (const step of steps) yield records(step, page, stepped)
}

function records(step: HistoryStep, page: Page, stepped: boolean): string {
  const { start, end, windows, expected, completeness } = step
  const group = csvField(page.group, page)
  const head = `${group},${page.interval.spec},${start},${end},${windows},${expected},${completeness}`
  const counts = isGap(step) ? [] : countsOf(step, page, sortByCodePoints)
  if (counts.length === 0) return `${head},,${stepped ? ',,,' : ''}\r\n`
  const statistics = new Map(step.rows.map((row) => [row.event, row]))
  const lines = counts.map(([event, count]) => {
    const { min = 0n, max = 0n, mean = 0 } = statistics.get(event) ?? {}
    return `${head},${csvField(event, page)},${count}${stepped ? `,${min},${max},${mean}` : ''}\r\n`
  })
  return lines.join('')
}
