import type { Completeness, EpochSeconds } from 'ecl-core'

/** A window that has ended and is now the last one. */
export interface RotatedWindow {
  readonly group: string
  /** As spelled in the config. */
  readonly interval: string
  readonly start: EpochSeconds
  readonly end: EpochSeconds
  /** How many events it has, those with 0 included. */
  readonly events: number
  /** How long after its boundary it was turned over, by the store's clock, in ms. */
  readonly lagMs: number
}

/** A finished window with its counts. */
export interface SettledWindow extends Omit<RotatedWindow, 'events' | 'lagMs'> {
  readonly counts: ReadonlyMap<string, bigint>
  /**
   * Whether the counts are final and exact: `complete`; `pending` while they may still come, which is told once all the
   * same; `partial` where loggers have fallen silent with counts unsent; `unknown` where nobody can tell, such as with
   * Python writers.
   */
  readonly completeness: Completeness['status']
  /** The clients whose counts are missing, as `host/pid/random`: with `pending` and `partial`. */
  readonly missing: readonly string[]
}

/**
 * What a master tells. Where a crash of the store has undone a rotation, it is done again, and told again: a listener
 * that keeps windows keeps the later one of two with the same start.
 */
export interface MasterEvents {
  /** A window was turned over, by this master. */
  rotated: [RotatedWindow]
  /** One grace after the boundary of a window that this master turned over: late flushes are in. */
  settled: [SettledWindow]
}
