import { sortByCodePoints } from 'ecl-command'
import { visible } from 'ecl-core'
import type { HistoryStep } from '../../history.ts'
import { instantIso } from '../../query/time-text.ts'
import { countsOf, isGap, type Page } from './format.ts'

/** `START EVENT:COUNT`, one a line; `START unknown` where nothing is known. An event may hold spaces, a start does not. */
export async function* plain(
  steps: AsyncIterable<HistoryStep>,
  page: Page,
): AsyncGenerator<string> {
  const name = (event: string) => (page.terminal ? visible(event) : event)
  for await (const step of steps) {
    const start = instantIso(step.start, page.zone)
    if (isGap(step)) yield `${start} unknown\n`
    else {
      const counts = countsOf(step, page, sortByCodePoints)
      yield counts.map(([event, count]) => `${start} ${name(event)}:${count}\n`).join('')
    }
  }
}
