import type { Completeness, EpochSeconds } from 'ecl-core'
import type { ClosedWindow } from '../closed-window.ts'

/** Which windows are asked for. Seconds, UTC. */
export interface WindowRange {
  readonly group: string
  /** The interval as spelled in the config. */
  readonly interval: string
  /** Windows that begin at or after it. */
  readonly from: EpochSeconds
  /** Windows that begin before it. */
  readonly to: EpochSeconds
}

/** What is asked for: windows, or steps of many windows each. */
export interface StepQuery extends WindowRange {
  /**
   * One answer for each step of so many seconds instead of each window; a multiple of the interval's length.
   * Answered from roll-ups where they fit, and from windows elsewhere; the sums are the same. What is kept in neither, or
   * in roll-ups that fit into no step, is missing.
   */
  readonly stepSeconds?: number | undefined
  /** The steps' boundaries are this far from multiples of the length since the epoch, so that days may be local ones. */
  readonly offsetSeconds?: number | undefined
}

/** What is asked of events. */
export interface HistoryQuery extends StepQuery {
  /** Only these events; undefined for all. */
  readonly events?: readonly string[] | undefined
  /** Only so many events, those with the largest sums over the whole time asked for. */
  readonly top?: number | undefined
}

/** One event in one window or step. Events that did not happen have no row. */
export interface HistoryRow {
  readonly start: EpochSeconds
  readonly event: string
  readonly sum: bigint
  /** Smallest, largest and mean count of the windows in the step, windows without the event counted as 0. */
  readonly min: bigint
  readonly max: bigint
  readonly mean: number
}

/** One window or step as a whole. A window without events has one of these, and no rows: zero is not unknown. */
export interface HistoryWindow {
  readonly start: EpochSeconds
  /** How many windows are known in it, and how many there should be of those asked for: 1 and 1 without a step. */
  readonly windows: number
  readonly expected: number
  /** The worst of its windows'; `pending` at best where parts of one have not come yet. */
  readonly completeness: Completeness['status']
  /** The version of the window; in a step, the highest of each. */
  readonly publishedMs: number
  readonly revision: number
  readonly late: bigint
  readonly total: bigint
}

/** A step of which something is known, with its events in code-point order. */
export interface KnownStep extends HistoryWindow {
  readonly rows: readonly HistoryRow[]
}

/** How long what is kept, by interval or roll-up as spelled in the config; what is not named is kept for ever. */
export type Retention = ReadonlyMap<string, number>

/** What became of windows that were archived. */
export interface Archived {
  /** Of parts: so many were of times that are no longer kept, and were left out. */
  readonly expired: number
  /** What was left out of windows since no database can keep it; undefined where there is nothing. */
  readonly unfit?: readonly UnfitCounts[] | undefined
}

/** Counts that were left out of a window, which is kept as partial without them. */
export interface UnfitCounts {
  /** The window, or the part of one, as it was given. */
  readonly window: ClosedWindow
  /** Which counts, and why; one text each. */
  readonly reasons: readonly string[]
}

/** What is no longer kept of an interval's windows, or of a roll-up of them. */
export interface Expiry {
  readonly group: string
  readonly interval: string
  /** The length of the roll-up's steps; undefined for the windows themselves. */
  readonly stepSeconds: number | undefined
  /** What begins before is not kept. */
  readonly keptFrom: EpochSeconds
  /** How many windows or steps were removed. */
  readonly removed: number
}

/** What a round of maintenance did. */
export interface Maintained {
  /** False where another process is doing it. */
  readonly done: boolean
  readonly rolledUp: number
  readonly removedWindows: number
  /** What was removed. */
  readonly expired: readonly Expiry[]
  /**
   * What is older than it is to be kept, and was left all the same: nothing is known of the older half of the time that is to
   * be kept, as when a clock has jumped ahead.
   */
  readonly refused: readonly Expiry[]
  /** What had been kept only from a time on that is still to come, as a clock was wrong, and is kept from now on. */
  readonly restored: readonly Expiry[]
}

/** How to do the maintenance. */
export interface MaintainOptions {
  /** Remove what is old by the clock of the database alone, however much that is: an operator vouches for it. */
  readonly force?: boolean | undefined
}

/** An interval of a group of which there are windows, or were, before their time to be kept was over. */
export interface HistorySeries {
  readonly group: string
  readonly interval: string
  /** Starts of the first and the last window that there has been. */
  readonly first: EpochSeconds
  readonly last: EpochSeconds
  /** What begins before is there as roll-ups at most. */
  readonly keptFrom: EpochSeconds
}

/**
 * Where closed windows are kept: SQLite, PostgreSQL, TimescaleDB. All methods reject with a StoreError of ecl-core.
 *
 * `migrate` and `archive` make the tables where there are none yet, and bring older ones up to date. All others reject with
 * a StoreError of the code STORE_REFUSED there, and change nothing: neither a schema nor a file is made by who only asks.
 */
export interface HistoryStore {
  readonly kind: 'sqlite' | 'postgres' | 'timescale'

  /** Applies the migrations that are missing, under a lock. @throws StoreError for a schema newer than the program knows */
  migrate(): Promise<{ readonly from: number; readonly to: number }>

  /**
   * Archives windows, or parts of them, in one transaction. Absolute values by version, so repeating is harmless, whatever
   * the order: in the end the latest version is there, whole, and nothing of an earlier one.
   *
   * A count that no database can keep is left out, and its window is partial without it.
   *
   * @throws UnfitWindowError where nothing of one of them can be kept by any database; nothing has changed then
   */
  archive(windows: readonly ClosedWindow[]): Promise<Archived>

  /** Steps by start, each with its events as of the same instant; not those of which nothing is known. Streamed. */
  steps(query: HistoryQuery): AsyncIterable<KnownStep>

  /** Rows by start, then event in code-point order; streamed. */
  rows(query: HistoryQuery): AsyncIterable<HistoryRow>

  /** Windows or steps by start, those without events too; not those that are not known. Streamed. */
  windows(query: StepQuery): AsyncIterable<HistoryWindow>

  /**
   * Windows as they were published, by start, in parts of at most 1,000 events, all parts of one as of one instant. What
   * is missing of one that has not come whole is missing here, too, and it is no longer said to be complete. Streamed.
   */
  closed(range: WindowRange): AsyncIterable<ClosedWindow>

  /** The groups and intervals of which there are windows, or were. */
  series(): Promise<readonly HistorySeries[]>

  /**
   * Rolls up what has changed, and removes what is older than its retention; by one process at a time.
   *
   * @param now what the clock here says. Nothing grows old by it alone: the database's, and the end of the newest window,
   *   have to be as far
   */
  maintain(
    now: EpochSeconds,
    retention: Retention,
    signal: AbortSignal,
    options?: MaintainOptions,
  ): Promise<Maintained>

  /** Ends what is open; may be called twice. */
  close(): Promise<void>
}
