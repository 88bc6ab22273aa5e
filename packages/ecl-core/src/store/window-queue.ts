import type { EpochSeconds } from '../interval.ts'
import type { Completeness, WindowRef } from './counter-store.ts'

/** What orders the versions of one window: a later one replaces what an earlier one said. */
export interface WindowVersion {
  /** When it was published, ms since the epoch by the store's clock. Compared first. */
  readonly publishedMs: number
  /** Raised with each publication of one window; orders those of one millisecond. */
  readonly revision: number
}

/**
 * A window that has been turned over, as it was published: the whole of it, or one part of at most 1,000 events. Every
 * part carries what is known of the window, so parts may be archived in any order, and more than once.
 */
export interface ClosedWindow extends WindowVersion {
  readonly group: string
  /** The interval as spelled in the config. */
  readonly interval: string
  readonly start: EpochSeconds
  /** One length later than `start`, even where boundaries were missed and the window stood for longer. */
  readonly end: EpochSeconds
  /** Which part this is, from 1. */
  readonly part: number
  readonly parts: number
  readonly completeness: Completeness['status']
  /** Of `total`: counts that did not happen in this window, or that no logger of ours put there. */
  readonly late: bigint
  /** The sum of all counts of the window, over all parts. */
  readonly total: bigint
  /** This part's counts: absolute values. Events that did not happen are not in it, declared or not. */
  readonly counts: ReadonlyMap<string, bigint>
  /** Set where the store may have turned windows behind this one over, and forgotten it. */
  readonly undone?: UndoneWindows
}

/**
 * Where a store was restarted, or another one took its place, while a window was the current one, and that was not followed
 * by the next one: in the store there is none between the two. If there are archived ones, they were turned over in a time
 * that is undone, and loggers send what was counted in them once more, into later windows, as far as they still have it.
 */
export interface UndoneWindows {
  /** The start of the window that followed. Those that are meant began between the two. */
  readonly next: EpochSeconds
  /** For how long loggers keep what they have sent. */
  readonly lossWindowMs: number
  /** Whether other programs may have counted in them, who send nothing once more: the Python original. */
  readonly mayHoldForeign: boolean
}

/**
 * How a store keeps every window: those that have settled are put into a queue, one for each interval of a group, and
 * stay there until an archiver has acknowledged them. Any number of masters and archivers may be at work.
 *
 * Outcomes are data, failures are StoreErrors, as with `CounterStore`; everything is safe to repeat.
 */
export interface WindowQueue {
  /**
   * Publishes the last window, unless it has been published as it is. Once for any number of masters; again, as a newer
   * version, where counts have come late since.
   */
  publish(window: WindowRef, options: PublishOptions): Promise<Published>

  /**
   * Takes entries that nobody has taken, the oldest first. They are this archiver's until it acknowledges or rejects
   * them, or is silent for so long that another one reclaims them.
   *
   * @param windows which queues to take from
   * @param archiver names this archiver, uniquely
   * @param limit how many entries of each queue, at most
   */
  take(
    windows: readonly WindowRef[],
    archiver: string,
    limit: number,
  ): Promise<readonly QueuedWindow[]>

  /** Takes over entries whose archivers have not renewed them for so long. @param idleMs so long */
  reclaim(
    windows: readonly WindowRef[],
    archiver: string,
    limit: number,
    idleMs: number,
  ): Promise<readonly QueuedWindow[]>

  /** Says that an archiver is still at work on entries. */
  renew(entries: readonly QueuedWindow[], archiver: string): Promise<void>

  /** Says that entries are in SQL, for good. They are removed from their queues. */
  acknowledge(entries: readonly QueuedWindow[]): Promise<void>

  /** Moves an entry to the dead letters. @param error why it cannot be archived, for people */
  reject(entry: QueuedWindow, error: string): Promise<void>

  /** Gives entries back that an archiver will not come to, and forgets the archiver where it has none. */
  leave(
    windows: readonly WindowRef[],
    archiver: string,
    entries: readonly QueuedWindow[],
  ): Promise<void>

  /** The dead letters, the oldest first; at most so many of each queue. */
  deadLetters(windows: readonly WindowRef[], limit: number): Promise<readonly DeadLetter[]>

  /** Puts a dead letter back into its queue. @returns false where it is none any more */
  replay(letter: DeadLetter): Promise<boolean>

  /** What is known of each queue, in the order asked for. */
  state(windows: readonly WindowRef[]): Promise<readonly QueueState[]>
}

/** How to publish. */
export interface PublishOptions {
  /** Publish now, whatever is still awaited: the window is about to be overwritten. */
  readonly final: boolean
  /** What may wait for archivers in one queue. */
  readonly bounds: QueueBounds
}

/** What may wait in a queue; what is over is dropped, the oldest first, and counted. */
export interface QueueBounds {
  readonly seconds: number
  readonly entries: number
}

/** What became of a publication. */
export type Published =
  | {
      readonly status: 'published'
      readonly start: EpochSeconds
      readonly revision: number
      readonly parts: number
      readonly completeness: Completeness['status']
      /** How many entries, which nobody had archived, were dropped since the queue was over its bounds. */
      readonly dropped: number
    }
  /** Nothing has changed since it was published. */
  | { readonly status: 'already' }
  /** There is no last window: none has been turned over, and nothing was counted. */
  | { readonly status: 'nothing' }

/** An entry of a queue. */
export interface QueuedWindow {
  readonly ref: WindowRef
  /** Names the entry within its queue. */
  readonly id: string
  /** Undefined where the entry cannot be understood; `problem` says why. */
  readonly window: ClosedWindow | undefined
  readonly problem?: string
}

/** An entry that could not be archived. */
export interface DeadLetter extends QueuedWindow {
  /** What kept it from being archived. */
  readonly error: string
  readonly rejectedMs: number
}

/** One queue. */
export interface QueueState {
  /** Entries that are neither archived, rejected nor dropped, those under way included. */
  readonly length: number
  /** Of these, entries that an archiver has taken. */
  readonly pending: number
  /** For how long the oldest of them has been waiting, ms; 0 where there is none. */
  readonly lagMs: number
  /** Since the queue was begun: entries that were archived, rejected, and dropped as the queue was over its bounds. */
  readonly archived: number
  readonly rejected: number
  readonly dropped: number
  /** How many dead letters there are. */
  readonly dead: number
  readonly archivers: readonly ArchiverState[]
}

/** An archiver as its queue knows it. */
export interface ArchiverState {
  readonly name: string
  /** Entries that it has taken and not acknowledged. */
  readonly pending: number
  /** For how long it has not been heard. */
  readonly idleMs: number
}
