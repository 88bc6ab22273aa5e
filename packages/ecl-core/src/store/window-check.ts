import type { Interval } from '../interval.ts'
import type { ClosedWindow } from './window-queue.ts'

/** Clocks are set back, and windows of the time before then seem to come from the future. */
const AHEAD_SECONDS = 86_400
/** Masters that were away may turn over an old window. More time would let an entry fill a database with partitions. */
const OLDEST_SECONDS = 2 * 366 * 86_400
/** IDs of entries have room for so many. */
const MOST_PARTS = 9999

/**
 * Why a window of a queue makes no sense; undefined where it does. What nobody would publish is put there by a mistake or
 * by somebody else, and could replace or withdraw other windows for good.
 *
 * @param interval that of the queue, by the own config
 * @param storeTimeMs what the store's clock says
 */
export function windowProblem(
  window: ClosedWindow,
  interval: Interval,
  storeTimeMs: number,
): string | undefined {
  const { start, end, publishedMs, revision, part, parts, undone } = window
  const numbers = [start, end, publishedMs, revision, part, parts, undone?.next ?? 0]
  if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    return 'a start, length, version or part is out of range'
  }
  if (end - start !== interval.seconds) {
    return `it is ${end - start} s long, and not ${interval.spec}`
  }
  if (start % interval.seconds !== 0) return `its start ${start} is no multiple of ${interval.spec}`
  const now = storeTimeMs / 1000
  const latest = now + AHEAD_SECONDS
  if (start > latest) return `its start ${start} is more than a day ahead of the store's clock`
  if (start < now - interval.seconds - OLDEST_SECONDS) {
    return `its start ${start} is more than two years ago`
  }
  if (publishedMs > latest * 1000) {
    return `it was published at ${publishedMs} ms, more than a day ahead of the store's clock`
  }
  if (parts > MOST_PARTS) return `it has ${parts} parts, more than ${MOST_PARTS}`
  if (part < 1 || part > parts) return `it is part ${part} of ${parts}`
  if (undone === undefined) return undefined
  const { next, lossWindowMs } = undone
  if (next <= start || next > latest || next % interval.seconds !== 0) {
    return `the window after it cannot begin at ${next}`
  }
  return lossWindowMs >= 0 ? undefined : `its loss window is ${lossWindowMs} ms`
}
