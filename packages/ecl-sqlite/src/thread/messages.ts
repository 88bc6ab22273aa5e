import type {
  Acknowledgement,
  ApplyOutcome,
  ClientAccount,
  Completeness,
  Count,
  Interval,
  Placement,
  Published,
  QueueBounds,
  QueueState,
  Rotated,
  Which,
} from 'ecl-core'

/**
 * What goes between a store and its thread. Plain data: nothing of a class survives the way.
 */

/** What the thread is started with. */
export interface ThreadData {
  /** The file of the counts, absolute. */
  readonly file: string
  /** Whether to make it where there is none. */
  readonly create: boolean
  /** How the driver is asked for, and the file from which it is looked for. */
  readonly driver: Driver
  /** Of tests: one double, the time in ms since the epoch that stands for the machine's; 0 for none. */
  readonly handWound: SharedArrayBuffer | undefined
}

/** A module that speaks the API of `node:sqlite`. */
export interface Driver {
  /** Its name: `node:sqlite`, or another module's. */
  readonly name: string
  /** The file from which that is looked for. */
  readonly from: string
}

/**
 * The declared events of a group, sent ahead of what needs them, and only when they have changed: there may be a hundred
 * thousand. The thread keeps the latest of each group, so that it holds no more than there are groups.
 */
export interface Declaration {
  readonly op: 'declare'
  readonly group: string
  readonly events: readonly string[]
}

/** A batch, as far as the file is concerned. */
export interface ApplyRequest {
  readonly op: 'apply'
  readonly group: string
  readonly clientId: string
  readonly number: number
  readonly follows: number
  readonly at: number | undefined
  readonly mixedWith: number | undefined
  readonly intervals: readonly Interval[]
  readonly events: readonly string[]
  readonly counts: readonly Count[]
  readonly mayHold: boolean
  readonly closes: boolean
  readonly isRest: boolean
  readonly through: number
  readonly lossUntil: number
  readonly books: { readonly logged: number; readonly unsent: number; readonly replayed: number }
  /** Seconds for which a client is remembered after its last batch. */
  readonly lifeSeconds: number
  /** Nobody was heard later than by so much. */
  readonly leaseSeconds: number
  /** Which of the intervals the books are kept by; -1 for none of them. */
  readonly booked: number
  /** The bound on the group's events; undefined for none. */
  readonly bound: Bound | undefined
}

/** A bound on the events of a window. */
export interface Bound {
  readonly maxEvents: number
  /** The event under which others are counted once the bound is reached. */
  readonly overflowEvent: string
  /** For each event of the batch, whether the bound leaves it alone. */
  readonly exempt: readonly boolean[]
}

/** Turn the windows over. */
export interface RotateRequest {
  readonly op: 'rotate'
  readonly group: string
  readonly interval: Interval
  /** Refuse while the last window has not been published as it is. */
  readonly onlyPublished: boolean
}

/** Read windows. */
export interface ReadRequest {
  readonly op: 'read'
  readonly group: string
  readonly interval: Interval
  readonly which: Which
  /** Leave out the events that are not among these; undefined for none. */
  readonly only: readonly string[] | undefined
  /** Whether to read also what tells completeness. */
  readonly judged: boolean
  /** Tell which batch of this client was applied last; undefined for none. */
  readonly client: string | undefined
}

/** Read the books. */
export interface AccountsRequest {
  readonly op: 'accounts'
  readonly group: string
}

/** Acknowledge that a client has fallen silent. */
export interface AcknowledgeClientRequest {
  readonly op: 'acknowledge-client'
  readonly group: string
  readonly clientId: string
  /** After how many seconds without a word a client is silent. */
  readonly leaseSeconds: number
}

/** Look at the current windows. */
export interface WindowsRequest {
  readonly op: 'windows'
  readonly windows: readonly QueueName[]
}

/** One interval of one group, by name. */
export interface QueueName {
  readonly group: string
  readonly interval: string
}

/** Put the last window into its queue. */
export interface PublishRequest {
  readonly op: 'publish'
  readonly group: string
  readonly interval: Interval
  readonly start: number
  /** As judged without a look at its counts. */
  readonly completeness: Completeness['status']
  /** Until when it may still become complete; undefined where this is the last word on it. */
  readonly openUntil: number | undefined
  readonly bounds: QueueBounds
  /** Events in an entry, at most. */
  readonly entryEvents: number
}

/** Take entries that nobody has. */
export interface TakeRequest {
  readonly op: 'take'
  readonly queues: readonly QueueName[]
  readonly archiver: string
  readonly limit: number
}

/** Take over entries of archivers that have been silent for so long. */
export interface ReclaimRequest extends Omit<TakeRequest, 'op'> {
  readonly op: 'reclaim'
  readonly idleMs: number
}

/** Write down that an archiver was heard about its entries, so long ago. */
export interface HearRequest {
  readonly op: 'hear'
  readonly ids: readonly number[]
  readonly archiver: string
  readonly agoMs: number
}

/** Take entries out of their queue: archived, or, with an error, to the dead letters. */
export interface SettleRequest {
  readonly op: 'settle'
  readonly queue: QueueName
  readonly ids: readonly number[]
  readonly error: string | undefined
}

/** Read dead letters. */
export interface LettersRequest {
  readonly op: 'letters'
  readonly queues: readonly QueueName[]
  readonly limit: number
}

/** Make an entry of a dead letter again. */
export interface ReplayRequest {
  readonly op: 'replay'
  readonly letter: number
}

/** Read what is known of queues. */
export interface QueueStateRequest {
  readonly op: 'queue-state'
  readonly queues: readonly QueueName[]
}

/** An entry of a queue, as stored. */
export interface StoredEntry {
  /** The place of its queue in the request. */
  readonly queue: number
  readonly id: number
  readonly start: number
  readonly length: number
  readonly publishedMs: number
  readonly revision: number
  readonly part: number
  readonly parts: number
  readonly completeness: Completeness['status']
  readonly late: string
  readonly total: string
  /** JSON: events and counts in turn. */
  readonly counts: string
  readonly error: string
  readonly rejectedMs: number
}

/** An interval's windows, as stored. */
export interface StoredSeries {
  readonly current: number
  readonly last: number
  readonly published: string
  readonly ahead: number
}

/** Try whether the file may be written, or made, and leave it as it is. */
export interface TryRequest {
  readonly op: 'try'
}

/** Close the file. Nothing follows. */
export interface CloseRequest {
  readonly op: 'close'
}

/** All that is answered. */
export type Request =
  | ApplyRequest
  | RotateRequest
  | ReadRequest
  | AccountsRequest
  | AcknowledgeClientRequest
  | WindowsRequest
  | PublishRequest
  | TakeRequest
  | ReclaimRequest
  | HearRequest
  | SettleRequest
  | LettersRequest
  | ReplayRequest
  | QueueStateRequest
  | TryRequest
  | CloseRequest

/** A failure of an event of a batch, by its places in the batch. */
export interface FailureAt {
  readonly interval: number
  readonly event: number
}

/** What was read of one window. */
export interface StoredWindow {
  readonly start: number | undefined
  readonly events: readonly string[]
  readonly counts: readonly bigint[]
  /** Sum of all counts of the window, those left out included; where it was asked for. */
  readonly storedSum: bigint
  /** What loggers say that they have put there and that happened there. */
  readonly loggedSum: bigint
  /** When the latest counts were made that went into the window before their own; 0 for never. */
  readonly aheadAt: number
}

/** When the file was looked at. */
interface Looked {
  readonly storeTimeMs: number
  /** How long it was locked by other processes before that, ms. */
  readonly waitedMs: number
}

/** What became of a batch. */
export type StoredOutcome =
  | Exclude<ApplyOutcome, { readonly status: 'applied' }>
  | {
      readonly status: 'applied'
      readonly placements: readonly Placement[]
      readonly failures: readonly FailureAt[]
    }

/** What each request is answered with. */
export interface Replies {
  readonly apply: Looked & StoredOutcome
  readonly rotate: Rotated
  readonly read: {
    readonly storeTimeMs: number
    readonly current: number | undefined
    readonly clients: readonly ClientAccount[]
    /** Undefined where it was not asked for. */
    readonly lastApplied: number | undefined
    readonly cur: StoredWindow | undefined
    readonly last: StoredWindow | undefined
  }
  readonly accounts: { readonly storeTimeMs: number; readonly clients: readonly ClientAccount[] }
  readonly 'acknowledge-client': Acknowledgement
  readonly windows: Looked & { readonly series: readonly (StoredSeries | undefined)[] }
  readonly publish:
    | Omit<Extract<Published, { readonly status: 'published' }>, 'start'>
    | Exclude<Published, { readonly status: 'published' }>
  readonly take: readonly StoredEntry[]
  readonly reclaim: readonly StoredEntry[]
  readonly hear: undefined
  readonly settle: undefined
  readonly letters: readonly StoredEntry[]
  readonly replay: boolean
  readonly 'queue-state': readonly QueueState[]
  readonly try: 'there' | 'to be made'
  readonly close: undefined
}

/** What went wrong in the thread, for `describeProblem`. */
export interface Failure {
  readonly message: string
  /** SQLite's extended result code; undefined for other errors. */
  readonly errcode: number | undefined
  /** What is wrong with the file, where that is known better than SQLite says it. */
  readonly fault: FileFault | undefined
}

/** Faults of a file that SQLite itself does not know. */
export type FileFault =
  | 'no folder'
  | 'a folder'
  | 'no access'
  | 'another program'
  | 'a newer version'
  | 'no shared memory'
  | 'no writer'
  | 'no file'
  | 'no file of data'
  | 'a link'
  | 'altered'
  | 'no tables'
  | 'an older version'

/** To the thread. */
export type ToThread = Declaration | (Request & { readonly id: number })

/** From the thread. */
export type FromThread =
  | { readonly id: number; readonly reply: Replies[keyof Replies] }
  | { readonly id: number; readonly failure: Failure }
