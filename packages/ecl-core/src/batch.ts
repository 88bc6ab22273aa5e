import type { GroupSpec } from './group-spec.ts'
import type { EpochSeconds, Interval } from './interval.ts'

/** A number of events. A bigint only where a sum has left the safe integers of a double. */
export type Count = number | bigint

/** Where counts are: one event in one window. */
export interface Place {
  readonly event: string
  readonly interval: Interval
  readonly window: EpochSeconds
}

/** What one flush sends: an immutable set of counts with its client's id and a number. */
export interface Batch {
  readonly group: GroupSpec
  /** `host/pid/random` of one EventGroup instance in one process. */
  readonly clientId: string
  /** Counts up from 1 within a client; given when the batch is first sent, kept when it is sent again. */
  readonly number: number
  /** Four characters by which it is told from one that another process sends with this id and number; kept, too. */
  readonly token: string
  /** The number applied last before this one, 0 for none: the store applies a batch only right behind it. */
  readonly follows: number
  /**
   * An instant of the segment's, which stamps the counts: each interval's window is the one that holds it.
   * Undefined for a registration or a farewell, which carry no counts.
   */
  readonly at: EpochSeconds | undefined
  /**
   * The latest stamp of counts in it that were merged from other windows, all of which were late; undefined where there
   * are none. In an interval in which both are in one window, that changes nothing; else, no window up to this one has
   * all of its counts.
   */
  readonly mixedWith?: EpochSeconds | undefined
  /** The intervals to count in: the group's, or fewer where a failure left some of them to be done again. */
  readonly intervals: readonly Interval[]
  /** At most MAX_BATCH_EVENTS entries with MAX_BATCH_BYTES of names, each event once. */
  readonly counts: readonly (readonly [event: string, count: Count])[]
  /** Events that a bound on the group's events does not touch: those of the config and those declared since. */
  readonly declared: ReadonlySet<string>
  /** Whether the store may answer `hold` when the window of the counts has not begun there yet. */
  readonly mayHold: boolean
  /** Whether this is the client's last batch. */
  readonly closes: boolean
  /** Whether the counts were in an earlier batch, and the store could not take them then. */
  readonly isRest: boolean
  /**
   * Flushed through: with this batch, all that the client counted before this instant is in the store. 0 where the
   * client cannot tell, which is before it knows the store's clock.
   */
  readonly through: EpochSeconds
  /** Counts from before this instant may have been lost by a store that forgot them; 0 where none were. */
  readonly lossUntil: EpochSeconds
  /** The client's books as of this batch. */
  readonly books: Books
}

/** What a client says of all its events, so that what the store has added up can be held against it. */
export interface Books {
  /** Sum of all that was logged. */
  readonly logged: number
  /** Of that: still in memory behind this batch. */
  readonly unsent: number
  /** Sum of what the store had acknowledged and forgotten, and was sent to it once more. */
  readonly replayed: number
}

/** Bounds the time for which one batch blocks the server to some milliseconds. */
export const MAX_BATCH_EVENTS = 1000

/**
 * Bounds the time that one batch takes over a slow link, as it is given 5 s and then sent again, whole: so many bytes of
 * names, and one event at least.
 */
export const MAX_BATCH_BYTES = 32 * 1024

/** Adds exactly: a sum beyond the safe integers becomes a bigint, which the store takes or refuses as an overflow. */
export function addCounts(a: Count, b: Count): Count {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return BigInt(a) + BigInt(b)
}

/** The sum of a batch's counts. */
export function sumCounts(counts: Iterable<readonly [event: string, count: Count]>): number {
  let sum = 0
  for (const [, count] of counts) sum += Number(count)
  return sum
}
