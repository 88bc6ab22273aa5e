import type { Batch } from '../batch.ts'
import type { GroupSpec } from '../group-spec.ts'
import type { EpochSeconds, Interval } from '../interval.ts'
import type { LastApplied } from '../twins.ts'
import type { WindowQueue } from './window-queue.ts'

/**
 * Where the counts of all processes meet. This is the contract that every store keeps, and that
 * `exerciseCounterStore` of `ecl-core/testing` checks.
 *
 * Outcomes are data, failures are exceptions: every method rejects with a StoreError when the store cannot be reached
 * or refuses, and then it is not known whether the operation took effect. All of them are safe to repeat.
 *
 * The store's clock rules: windows begin and end by it, and replies carry it.
 *
 * A call keeps the process alive until it is answered, but for `apply`: a logger alone never does.
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
  rotate(group: GroupSpec, interval: Interval, options?: RotateOptions): Promise<Rotated>

  /**
   * Reads counts with their windows, as they were at one instant. Fails fast where there is no connection.
   * Whether they are complete is told where it is asked for, since that takes a look at every client.
   */
  read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    options?: StoreReadOptions,
  ): Promise<Reading>

  /** The books of all clients that the store knows, as of one instant. Fails fast where there is no connection. */
  accounts(group: GroupSpec): Promise<Accounts>

  /**
   * Writes down in the books that a client which has fallen silent will say no more, and that this is known: what it
   * counted after its last word stays unknown. A client that speaks again takes that back. Waits for a connection.
   */
  acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement>

  /** For how long a crash or a failover may undo what has been acknowledged, ms; 0 for never. */
  readonly lossWindowMs: number

  /** Whether a call would be sent at once. Where it has to wait for a connection, masters have been cut off as well. */
  readonly connected: boolean

  /** Looks at the clock and at the windows that are current, for many groups in one round trip where that can be. */
  windows(windows: readonly WindowRef[], options?: LookOptions): Promise<CurrentWindows>

  /**
   * Searches for events that programs which do not know of the store's index (the Python original) have counted, and
   * enters them into it, so that `rotate` moves them too. Does nothing where no such programs can be. What takes too long
   * goes on with the next call.
   *
   * @param windows all that are turned over by who calls
   * @param due those that are about to be; default: all
   */
  adoptForeignEvents(windows: readonly WindowRef[], due?: readonly WindowRef[]): Promise<Adopted>

  /** Settings of the server under which counts can be lost; one sentence each, with the remedy. */
  warnings(): Promise<readonly string[]>

  /**
   * Tries whether windows may be rotated here, without changing any. A store without it may always be written.
   *
   * @returns for people, what is not there yet and will be made; undefined where all is there
   * @throws StoreError where they may not, with what to do
   */
  tryOut?(windows: readonly WindowRef[]): Promise<string | undefined>

  /**
   * Loads the scripts of this version where they are kept, for users who may run no others. A store without it has none.
   *
   * @returns how many they are, and the servers that have them now
   */
  loadScripts?(): Promise<LoadedScripts>

  /**
   * From now on loads them at each connection, and when one is found missing. Where the user may not, nothing is said:
   * who may run any script needs none to be loaded.
   */
  keepScriptsLoaded?(): void

  /** Calls back after each new connection, from the next one on. A store without connections never calls. */
  onConnect(listener: () => void): void

  /**
   * Hears of the groups that will be asked for.
   *
   * @throws ConfigError for groups that this store cannot keep
   */
  checkGroups?(groups: readonly GroupSpec[]): void

  /** Whether a window is turned over in the same time whatever the number of its events. Default: no. */
  readonly turnsAtOnce?: boolean

  /** Whether groups may be on different machines, each with a clock of its own. Default: no. */
  readonly severalClocks?: boolean

  /** Where windows wait until they are archived. Absent where the store cannot keep them. */
  readonly history?: WindowQueue

  /** Ends all connections. Pending calls reject. May be called twice. */
  close(): Promise<void>
}

/** The scripts that were loaded, and where. */
export interface LoadedScripts {
  readonly scripts: number
  readonly servers: readonly string[]
}

/** One interval of one group. */
export interface WindowRef {
  readonly group: GroupSpec
  readonly interval: Interval
}

/** What a search for events of programs that know of no index has come to. */
export interface Adopted {
  /** The groups in which there were such events. */
  readonly groups: readonly string[]
  /** Whether there was no time to look at everything: what was not found stays in `cur`, and is moved later. */
  readonly isPartial: boolean
}

/** How to turn a window over. */
export interface RotateOptions {
  /** Refuse while the last window, which would be overwritten, has not been published as it is. Default: false. */
  readonly onlyPublished?: boolean
}

/** What to look at besides clock and windows. */
export interface LookOptions {
  /** Tell which windows are to be published. Default: false. */
  readonly publications?: boolean
  /** Let the process end before the answer, as for who looks again and again. Default: false. */
  readonly background?: boolean
}

/** Which window's counts: the current one's, the last finished one's, or both as of one instant. */
export type Which = 'cur' | 'last' | 'both'

/** What to read besides the counts. */
export interface StoreReadOptions {
  /** Tell whether the windows are complete. Default: false. */
  readonly completeness?: boolean
  /** Tell which batch of this client was applied last. Default: of none. */
  readonly client?: string
}

/**
 * Where the counts of a batch went in one interval. Two of these are not where they belong: `late` went into `cur` though
 * they happened before its window and the last one, `ahead` into `cur` though the next window should have begun.
 */
export type Placement = 'cur' | 'last' | 'late' | 'ahead'

/** A reply that tells the store's clock. */
export interface Timed {
  /** The store's clock, ms since the epoch. */
  readonly storeTimeMs: number
  /**
   * When the request was sent, not counting the wait for a connection, by the monotonic clock that the store was opened
   * with. Not how long the reply took: a process that is kept from its work between measuring that and using it would take
   * a time that is old for an exact one.
   */
  readonly sentMs: number
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
  /**
   * A batch of this number was applied before; nothing has changed now. That may have been another one: the id is used by
   * two, if the last number applied, or the tokens of the last ones, are not the client's.
   */
  | ({ readonly status: 'duplicate' } & LastApplied)
  /** The batch does not follow the last one applied (0: the client is not known). */
  | ({ readonly status: 'gap' } & LastApplied)
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
      /** How many events were moved, those with 0 included where the store keeps zeroes. */
      readonly events: number
      readonly storeTimeMs: number
    }
  /** The current window is the right one. */
  | { readonly status: 'already'; readonly current: EpochSeconds; readonly storeTimeMs: number }
  /** It has ended, but the last window has not been published as it is: nothing has changed. */
  | { readonly status: 'unpublished'; readonly current: EpochSeconds; readonly storeTimeMs: number }
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
  /**
   * The number of the batch that was applied last for the client that was named, as of the same instant as the counts; 0
   * where that client is not known. Present when asked for. Where a window is too large to be read at once, its counts may
   * be older.
   */
  readonly lastApplied?: number
  /**
   * Whether events of programs that know of no index may be missing: no master has said whether there are any, and there
   * are too many keys in the database to look at them all.
   */
  readonly searchCutShort?: true
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
  /** Present when asked for. */
  readonly completeness?: Completeness
}

/** Whether a window's counts are final and exact. */
export type Completeness =
  /** Every registered client has said that all its counts are in. */
  | { readonly status: 'complete' }
  /** They may still come: the window has not ended for long enough, or these clients have not been heard since. */
  | { readonly status: 'pending'; readonly missing: readonly string[] }
  /** They will not come in time: these clients have fallen silent before they had sent everything. */
  | { readonly status: 'partial'; readonly missing: readonly string[] }
  /**
   * Nobody can tell: Python loggers write into the group (`python_writers`), or there are counts in the window that no
   * logger of ours put there, or that happened in another one; or somebody has put something else in the place of the
   * clients, or more among them than is read; or there may be counts that were not found (`searchCutShort`).
   */
  | {
      readonly status: 'unknown'
      readonly reason:
        | 'python writers'
        | 'other counts'
        | 'no clients'
        | 'too many clients'
        | 'not searched'
    }

/** What the store knows of one client: one EventGroup instance in one process. */
export interface ClientAccount {
  /** `host/pid/random` */
  readonly clientId: string
  /** The number of the batch that was applied last. */
  readonly number: number
  /** When that was, in whole seconds of the store's clock. */
  readonly lastUse: EpochSeconds
  /** Whether it has said farewell. */
  readonly closed: boolean
  /** Whether it fell silent, and somebody has said since that this is known. */
  readonly acknowledged: boolean
  /** All that it counted before this instant is in. */
  readonly through: EpochSeconds
  /** Counts from before this instant may be lost; 0 where none were. */
  readonly lossUntil: EpochSeconds
  /** What it had logged in all when it was last heard. */
  readonly logged: number
  /** What has been added to the counts for it: each event once, whatever the number of intervals. */
  readonly applied: number
  /** What it still had in memory when it was last heard. */
  readonly unsent: number
  /** What could not be added, as something else than a counter is in its place. */
  readonly refused: number
  /** Of what was applied: put into another window than the one in which it happened. */
  readonly late: number
  /** What was sent once more since the store had forgotten it. */
  readonly replayed: number
}

/** What became of an acknowledgement: nothing has changed where the client is alive, has said farewell, or is not known. */
export type Acknowledgement = 'acknowledged' | 'alive' | 'closed' | 'unknown'

/** The books of a group's clients. */
export interface Accounts {
  readonly storeTimeMs: number
  /** In the order of their ids. */
  readonly clients: readonly ClientAccount[]
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
  /** From when on the last window is to be published, ms; undefined where it has been, or where it was not asked for. */
  readonly publishFromMs?: number
  /** The clock of the machine that the group is on, where that is not the reply's. */
  readonly storeTimeMs?: number
  /** Why nothing is known: the machine that the group is on could not be asked, while others could. */
  readonly failure?: Error
}
