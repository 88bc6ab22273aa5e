import { type EpochSeconds, graceMs, type Interval } from '../interval.ts'
import { LEASE_SECONDS } from './completeness.ts'

/**
 * When a window that has been turned over is put into the queue of its interval. Stores keep a mark of it, which says
 * the start of the window that was published and, where it may still become complete, behind a space until when.
 */

/** What a store knows of the last window of an interval. */
export interface Publication {
  /** Start of the current window; undefined before the first. */
  readonly current: EpochSeconds | undefined
  readonly last: EpochSeconds | undefined
  /** The mark; undefined where there is none, or where late counts have changed the window since. */
  readonly published: string | undefined
}

/**
 * From when on the last window is to be published: one grace after the boundary, when late flushes are in; and once more
 * when it was not complete then, and will be now or never.
 *
 * @returns ms by the store's clock; undefined where there is nothing to publish
 */
export function publishFromMs(
  { current, last, published }: Publication,
  interval: Interval,
): number | undefined {
  if (current === undefined || last === undefined || published === String(last)) return undefined
  const [start, open] = published?.split(' ') ?? []
  if (start === String(last) && /^\d{1,15}$/.test(open ?? '')) return Number(open) * 1000
  return current * 1000 + graceMs(interval.seconds)
}

/** Until when a window that has been turned over at a boundary may become complete: by then every lease has ended. */
export function openUntil(boundary: EpochSeconds, interval: Interval): EpochSeconds {
  return (boundary + LEASE_SECONDS + Math.ceil(graceMs(interval.seconds) / 1000)) as EpochSeconds
}
