import type { Completeness, EpochSeconds } from 'ecl-core'
import type { HistoryStep } from './history.ts'

/** Windows, one behind the other, that are missing, or not complete for the same reason. */
export interface Gap {
  readonly start: EpochSeconds
  readonly end: EpochSeconds
  readonly windows: number
  readonly what: 'missing' | Exclude<Completeness['status'], 'complete'>
}

/** What is not there, or not complete, of windows that come one by one. */
export async function* gapsOf(windows: AsyncIterable<HistoryStep>): AsyncGenerator<Gap> {
  let open: Gap | undefined
  for await (const window of windows) {
    const { start, end, completeness } = window
    const what = window.windows === 0 ? 'missing' : completeness
    if (open !== undefined && what === open.what && start === open.end) {
      open = { ...open, end, windows: open.windows + 1 }
      continue
    }
    if (open !== undefined) yield open
    open = what === 'complete' ? undefined : { start, end, windows: 1, what }
  }
  if (open !== undefined) yield open
}
