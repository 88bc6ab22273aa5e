import type { Batch } from './batch.ts'
import type { DeliveryOptions } from './delivery.ts'
import { graceMs, latestBoundary, shortestSeconds } from './interval.ts'

/**
 * Whether a batch may ask to be held until its window has begun in the store, which is when a master has turned the
 * windows over: exact where the master is a little late, and bounded where there is none.
 */
export class HoldPolicy {
  readonly #options: DeliveryOptions
  readonly #graceMs: number
  /** The store's time at which it was heard again after silence: masters need a moment to come back, too. */
  #recoveredAtMs = Number.NEGATIVE_INFINITY
  /** Whether the store is away, as far as is known. */
  #broken = false
  /** A hold has run out, so that no master seems to be there: no more of them until windows are turned over again. */
  #exhausted = false

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#graceMs = graceMs(shortestSeconds(options.group.intervals))
  }

  /** The store does not answer. */
  lost(): void {
    this.#broken = true
  }

  /** The store has answered, at this time of its clock. */
  heard(storeTimeMs: number): void {
    if (!this.#broken) return
    this.#broken = false
    this.#recoveredAtMs = storeTimeMs
  }

  /** Counts went where they belong: windows are being turned over. */
  windowsTurn(): void {
    this.#exhausted = false
  }

  /** Counts went into the window before their own. A dead master costs one grace, not one a boundary. */
  noMaster(): void {
    if (this.#exhausted) return
    this.#exhausted = true
    const { group, logger } = this.#options
    logger.warn(
      { group: group.name },
      `group "${group.name}": its windows are not turned over; is ecl-master running? Counts are kept, but land in another window`,
    )
  }

  /**
   * Whether the store may answer that the window of the counts has not begun. A boundary is waited for until the grace
   * after it; so is the return of the masters when the store has been away.
   */
  allows(batch: Batch): boolean {
    if (batch.at === undefined || this.#exhausted) return false
    if (this.#broken) return true
    const nowMs = this.#options.storeClock.nowMs()
    const boundaryMs = latestBoundary(nowMs / 1000, batch.intervals) * 1000
    return nowMs < Math.max(boundaryMs, this.#recoveredAtMs) + this.#graceMs
  }
}
