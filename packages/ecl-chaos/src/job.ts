import type { GroupsConfig, RedisConfig } from 'ecl-core'

/** What a logger or a reader is to do: the first argument of its process, as JSON. */
export interface Job {
  /** How it reaches Redis: through its proxy, as a rule. */
  readonly backend: RedisConfig
  readonly groups: GroupsConfig
  /** Where its journal goes. */
  readonly journal: string
  readonly seed: number
  /** By how much its machine's clock is wrong. */
  readonly clockOffsetMs: number
  /** Counts many different events. */
  readonly wide: boolean
}

/** What a running logger can be told. */
export type Order =
  | { readonly type: 'clock'; readonly offsetMs: number }
  | { readonly type: 'close' }

/** The job of this process. */
export function ownJob(): Job {
  // Written by the process that started this one.
  return JSON.parse(process.argv[2] ?? '') as Job
}
