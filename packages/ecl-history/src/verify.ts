import type { EpochSeconds } from 'ecl-core'

/** What the store of the counters says of an event of a window, and what SQL does; 0 where one does not know it. */
export interface Difference {
  readonly event: string
  readonly counted: bigint
  readonly archived: bigint
}

/** How the last window of an interval and what is in SQL of it compare. */
export type Verdict =
  /** There is no last window. */
  | { readonly status: 'nothing' }
  | {
      readonly status: 'same'
      readonly start: EpochSeconds
      readonly events: number
      readonly total: bigint
    }
  /** It is not in SQL as it is, but under way there. */
  | {
      readonly status: 'waits'
      readonly start: EpochSeconds
      readonly for: 'a master' | 'an archiver'
    }
  | {
      readonly status: 'differs'
      readonly start: EpochSeconds
      /** Whether the window is in SQL at all. */
      readonly archived: boolean
      readonly differences: readonly Difference[]
    }

/** Compares counts; an event with 0 and one that is not there are the same. */
export function compareCounts(
  counted: ReadonlyMap<string, bigint>,
  archived: ReadonlyMap<string, bigint> | undefined = new Map(),
): Difference[] {
  const events = new Set([...counted.keys(), ...archived.keys()])
  return [...events]
    .map((event) => ({
      event,
      counted: counted.get(event) ?? 0n,
      archived: archived.get(event) ?? 0n,
    }))
    .filter((one) => one.counted !== one.archived)
}
