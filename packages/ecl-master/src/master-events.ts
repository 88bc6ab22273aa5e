import type { EpochSeconds } from 'ecl-core'

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
  /** Whether every logger's counts are in. `unknown` where the store cannot tell. */
  readonly completeness: 'unknown'
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
