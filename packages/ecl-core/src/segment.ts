import type { Count } from './batch.ts'
import type { EpochSeconds } from './interval.ts'

/**
 * The count of one event in the open segment. A box and not a number, so that counting again needs no second look-up,
 * and one comparison tells whether there is anything to do besides counting.
 */
export interface Box {
  readonly event: string
  /** Counted since the segment was opened. */
  n: number
  /** Where counting has to pause for a look at the limit and the clock. */
  next: number
}

/** What is counted in this process and not yet handed over; crosses no boundary of its group's intervals. */
export interface Segment {
  readonly boxes: Map<string, Box>
  /** The boundary at which its windows began, by the store's clock as far as that is known. */
  readonly at: EpochSeconds
  /** The boundary at which it ends. */
  readonly endsAt: EpochSeconds
  /** When it was opened, by the monotonic clock. */
  readonly openedMs: number
}

/** A segment that nobody adds to any more. */
export interface ClosedSegment {
  readonly at: EpochSeconds
  readonly counts: Map<string, Count>
  /** When it was open, by the monotonic clock: tells its window once the store's clock is known. */
  readonly openedMs: number
  readonly closedMs: number
}

/** Closes a segment: its boxes must not be used any more. */
export function closeSegment(segment: Segment, closedMs: number): ClosedSegment {
  const counts = new Map<string, Count>()
  for (const box of segment.boxes.values()) counts.set(box.event, box.n)
  return { at: segment.at, counts, openedMs: segment.openedMs, closedMs }
}

/** The sum of what a segment has counted. */
export function sumOf(boxes: ReadonlyMap<string, Box>): number {
  let sum = 0
  for (const box of boxes.values()) sum += box.n
  return sum
}
