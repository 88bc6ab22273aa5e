import type { Interval } from './interval.ts'

/** Where a store on Redis puts the counts of a window: into a key for each event, or all into one hash. */
export type Layout = 'keys' | 'hash'

/**
 * A group as every part of the system sees it: validated, with defaults filled in and lengths in one unit.
 * Made from the config by `resolveGroups`; immutable, and compared by identity.
 */
export interface GroupSpec {
  /** Part of the key names. */
  readonly name: string
  /** The declared events, in the order of the config, without repeats. */
  readonly events: readonly string[]
  /** In the order of the config; at least one, no two of the same length. */
  readonly intervals: readonly Interval[]
  /** Whether events that are not declared are counted too (`auto_declare_events`). */
  readonly dynamic: boolean
  /** Longest time that counts wait in memory, in ms; undefined where `sync_interval` is not set. */
  readonly syncIntervalMs: number | undefined
  /** An event that reaches this count in memory starts a flush; undefined where `sync_limit` is not set. */
  readonly syncLimit: number | undefined
  /** The most events that a window of a dynamic group may have, over all processes; undefined for no bound. */
  readonly maxEvents: number | undefined
  /** The event under which counts of further events are kept once `maxEvents` is reached. */
  readonly overflowEvent: string
  /** The most counts that are kept for the case that the store forgets what it has acknowledged. */
  readonly replayLimit: number
  /** Whether Python loggers may write into this group, so that its events have to be looked for by SCAN. */
  readonly pythonWriters: boolean | 'auto'
  /** Where counts are put. They are found wherever they are, so programs need not agree. */
  readonly layout: Layout
}
