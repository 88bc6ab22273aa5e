import type { Tally } from './tally.ts'

/** What a service process is to do. Sent to it once, by IPC. */
export interface Job {
  /** Path of the config file that all share. */
  readonly config: string
  /** How this service caches its counts; a group's settings that need not be the same everywhere. */
  readonly sync: Sync
  readonly work: Work
  /** When to begin and to end, in ms since the epoch. */
  readonly startAtMs: number
  readonly endAtMs: number
}

/** Settings of a group that each process may have its own of; none: direct. */
export interface Sync {
  readonly sync_interval?: number
  readonly sync_limit?: number
}

/** What a service simulates, or which part of a log it replays. */
export type Work =
  | { readonly kind: 'web' }
  | { readonly kind: 'api' }
  | { readonly kind: 'batch' }
  | ReplayWork

/** Every `shares`-th line of a log. */
export interface ReplayWork {
  readonly kind: 'replay'
  readonly file: string
  /** How much of the file to read, as it may be growing. */
  readonly bytes: number
  readonly lines: number
  /** From 0 to `shares - 1`. */
  readonly share: number
  readonly shares: number
}

/** What a service process says, by IPC. */
export type ServiceMessage =
  | { readonly type: 'progress'; readonly logged: number }
  | {
      readonly type: 'done'
      /** What was logged, kept apart from ECL. */
      readonly groups: Tally['groups']
      /** What ECL's close() could not send. */
      readonly unsentEvents: number
    }
