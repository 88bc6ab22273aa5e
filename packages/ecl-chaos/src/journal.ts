import type { Placement, WindowCounts } from 'ecl-core'

/** Counts by event. */
export type EventCounts = Readonly<Record<string, number>>

/** Events that a logger has counted, written before it did so: a process that is killed has counted no more than this. */
export interface LoggedLine {
  readonly t: 'log'
  /** By the machine's clock, which is Redis' too: ms since the epoch. */
  readonly at: number
  /** The logger could not tell the store's time exactly, so that a neighbouring window is right as well. */
  readonly vague?: true
  /** group → event → count */
  readonly counts: Readonly<Record<string, EventCounts>>
}

/** The process was kept from its work while it counted these events: they may be in a neighbouring window. */
export interface SlowLine extends Omit<LoggedLine, 't' | 'vague'> {
  readonly t: 'slow'
}

/** A client is about to send its first batch: one that is killed before the reply is known to the store all the same. */
export interface ClientLine {
  readonly t: 'client'
  readonly group: string
  readonly client: string
}

/** A batch that was acknowledged. */
export interface AckedLine {
  readonly t: 'ack'
  readonly group: string
  readonly client: string
  readonly number: number
  /** Its stamp, epoch seconds; null where it has no counts. */
  readonly at: number | null
  /** The logger had added counts of later windows, which it took for over. */
  readonly mixed?: true
  readonly intervals: readonly string[]
  readonly counts: readonly (readonly [event: string, count: string])[]
  /** When, by the store's clock, ms. */
  readonly storeMs: number
  /** Null for a duplicate: the answer that told was lost. */
  readonly placements: readonly Placement[] | null
  /** `interval event` of what was not taken. */
  readonly failed: readonly string[]
}

/** How much memory a process takes, after a garbage collection. */
export interface MemoryLine {
  readonly t: 'memory'
  readonly at: number
  readonly heapBytes: number
  readonly unsent: number
}

/** A logger has closed. */
export interface ClosedLine {
  readonly t: 'closed'
  readonly at: number
  readonly unsent: number
  readonly stats: Readonly<Record<string, number>>
}

/** What a reader was told. */
export interface ReadLine {
  readonly t: 'read'
  readonly group: string
  readonly interval: string
  readonly which: 'cur' | 'last'
  /** Epoch seconds; null where there is no window. */
  readonly start: number | null
  readonly storeMs: number
  readonly counts: EventCounts
  readonly completeness: WindowCounts['completeness']
}

/** A line of the file that each process writes: it outlives the process, whatever ends that. */
export type JournalLine =
  | LoggedLine
  | SlowLine
  | ClientLine
  | AckedLine
  | MemoryLine
  | ClosedLine
  | ReadLine
