import type { Count } from './batch.ts'
import type { EpochSeconds } from './interval.ts'
import type { OpenCounts } from './open-counts.ts'

/** What is counted in this process and not yet handed over; crosses no boundary of its group's intervals. */
export interface Segment {
  readonly counts: OpenCounts
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
