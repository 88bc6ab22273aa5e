import type { Batch } from '../batch.ts'
import type { GroupSpec } from '../group-spec.ts'
import type { EpochSeconds, Interval } from '../interval.ts'

/**
 * Where the counts of all processes meet. This is the contract that every store keeps, and that
 * `exerciseCounterStore` of `ecl-core/testing` checks.
 *
 * Outcomes are data, failures are exceptions: every method rejects with a StoreError when the store cannot be reached
 * or refuses, and then it is not known whether the operation took effect. All of them are safe to repeat.
 *
 * The store's clock rules: windows begin and end by it, and replies carry it.
 */
export interface CounterStore {
  /**
   * Adds a batch's counts: once, however often it is delivered, and in the window in which they happened.
   * Waits for a connection where there is none, within the store's own bounds.
   */
  apply(batch: Batch): Promise<Applied>

  /**
   * Turns a window over, when it has ended: `cur` becomes `last`, and a new `cur` begins. Any number of masters may
   * call it for the same boundary; one of them moves, the others are told `already`.
   */
  rotate(group: GroupSpec, interval: Interval): Promise<Rotated>

  /** Reads counts with their windows, as they were at one instant. Fails fast where there is no connection. */
  read(group: GroupSpec, interval: Interval, which: Which): Promise<Reading>

  /** Whether a call would be sent at once. Where it has to wait for a connection, masters have been cut off as well. */
  readonly connected: boolean

  /** Looks at the clock and at the windows that are current, for many groups in one round trip where that can be. */
  windows(windows: readonly WindowRef[]): Promise<CurrentWindows>

  /**
   * Finds events that programs which do not know of the store's index (the Python original) have counted in `cur`,
   * and enters them into it, so that `rotate` moves them too. Does nothing where no such programs can be.
   */
  adoptForeignEvents(windows: readonly WindowRef[]): Promise<void>

  /** Settings of the server under which counts can be lost; one sentence each, with the remedy. */
  warnings(): Promise<readonly string[]>

  /** Calls back after each new connection, from the next one on. A store without connections never calls. */
  onConnect(listener: () => void): void

  /** Ends all connections. Pending calls reject. May be called twice. */
  close(): Promise<void>
}

/** One interval of one group. */
export interface WindowRef {
  readonly group: GroupSpec
  readonly interval: Interval
}

/** Which window's counts: the current one's, the last finished one's, or both as of one instant. */
export type Which = 'cur' | 'last' | 'both'

/**
 * Where the counts of a batch went in one interval. Two of these are not where they belong: `late` went into `cur` though
 * they happened before its window and the last one, `ahead` into `cur` though the next window should have begun.
 */
export type Placement = 'cur' | 'last' | 'late' | 'ahead'

/** A reply that tells the store's clock. */
export interface Timed {
  /** The store's clock, ms since the epoch. */
  readonly storeTimeMs: number
  /** How long the reply took, without the wait for a connection: twice the error of the clock, at most. */
  readonly roundTripMs: number
}

/** What became of a batch. */
export type Applied = Timed & ApplyOutcome

/** The outcomes of a batch. */
export type ApplyOutcome =
  | {
      /** The counts are in. */
      readonly status: 'applied'
      /** One for each of the batch's intervals, in their order. */
      readonly placements: readonly Placement[]
      /** The counts that are not in. */
      readonly failures: readonly ApplyFailure[]
    }
  /** A batch of this number was applied before; nothing has changed now. */
  | { readonly status: 'duplicate' }
  /** The batch does not follow the last one applied, which was `lastApplied` (0: the client is not known). */
  | { readonly status: 'gap'; readonly lastApplied: number }
  /** The window of the counts has not begun in the store: nothing has changed, send it again in a moment. */
  | { readonly status: 'hold' }

/** An event of a batch that could not be counted in one interval, while the rest was. */
export interface ApplyFailure {
  readonly interval: Interval
  readonly event: string
  /** Whether the same count may be sent again, in a new batch. If not, what is stored there is not a counter, or full. */
  readonly retry: boolean
  /** What the store said. */
  readonly message: string
}

/** What became of a rotation. */
export type Rotated =
  | {
      readonly status: 'rotated'
      /** The window that is now `last`. */
      readonly start: EpochSeconds
      readonly end: EpochSeconds
      /** The window that is now current; later than `end` when boundaries were missed. */
      readonly current: EpochSeconds
      /** How many events were moved, those with 0 included. */
      readonly events: number
      readonly storeTimeMs: number
    }
  /** The current window is the right one. */
  | { readonly status: 'already'; readonly current: EpochSeconds; readonly storeTimeMs: number }
  /** There was no window at all: the first one has begun, and nothing was moved. */
  | { readonly status: 'begun'; readonly current: EpochSeconds; readonly storeTimeMs: number }
  /** The current window was far in the future, after a clock that had jumped: it has been set back. */
  | {
      readonly status: 'reset'
      readonly current: EpochSeconds
      readonly was: EpochSeconds
      readonly storeTimeMs: number
    }

/** Windows as of one instant. */
export interface Reading {
  readonly storeTimeMs: number
  /** Start of the current window in the store; undefined before the first. Older than it should be: no master runs. */
  readonly current: EpochSeconds | undefined
  /** Present when asked for. */
  readonly cur?: Snapshot
  readonly last?: Snapshot
}

/** The counts of one window. */
export interface Snapshot {
  readonly start: EpochSeconds | undefined
  readonly end: EpochSeconds | undefined
  /** A static group's declared events, 0 where nothing is stored; in a dynamic group also those that exist. */
  readonly counts: ReadonlyMap<string, bigint>
  /** Events whose stored value is not a whole number, which someone else must have written. */
  readonly unreadable: readonly string[]
}

/** The windows that are current in the store. */
export interface CurrentWindows extends Timed {
  /** In the order asked for. */
  readonly states: readonly WindowState[]
}

/** What the store says of one interval's current window. */
export interface WindowState {
  /** Its start; undefined before the first. */
  readonly current: EpochSeconds | undefined
  /** Whether a master other than ours (the Python original) turned it over last. */
  readonly foreign: boolean
}
