import type { Timer } from './clock.ts'
import type { DeliveryOptions } from './delivery.ts'
import { latestBoundary, nextBoundary, shortestSeconds } from './interval.ts'
import type { Companion } from './pace.ts'

/** Loggers wait this long after a boundary at least, so that a master has turned the window over. */
const HERD_FIRST_MS = 20
const HERD_LAST_MS = 500
/** A client that has nothing to send says that it is there at least this often. */
const LONGEST_SILENCE_MS = 5000
/** After so long it goes along when another group of the process goes, and from then on both go at once. */
const GOES_ALONG_AFTER_MS = 1000

/** How long a logger waits after a boundary, ms: a fleet of them must not come at once. */
export function herdWaitMs({ group, pace }: DeliveryOptions): number {
  const lastMs = Math.min(HERD_LAST_MS, shortestSeconds(group.intervals) * 100)
  return HERD_FIRST_MS + pace.herdShare * (lastMs - HERD_FIRST_MS)
}

/**
 * Sees to it that the store hears of a client every few seconds and after each boundary, whether it has counts or not:
 * by that, readers tell whether a window is complete.
 */
export class SignOfLife implements Companion {
  readonly #options: DeliveryOptions
  readonly #onDue: () => void
  #timer: Timer | undefined
  #due = false
  #stopped = false
  /** When something was last sent, or should have been, by the monotonic clock. */
  #lastMs = Number.NEGATIVE_INFINITY
  /** What the store has last been told of being flushed through. */
  #toldThrough = 0

  /** @param onDue called back when it is time to send a batch, be it without counts */
  constructor(options: DeliveryOptions, onDue: () => void) {
    this.#options = options
    this.#onDue = onDue
    options.pace.join(this)
  }

  /** Whether a batch has to be sent, be it without counts. */
  get isDue(): boolean {
    return this.#due
  }

  /** A batch is about to be sent. */
  sent(): void {
    this.#due = false
    this.#lastMs = this.#options.clock.monotonicMs()
  }

  /** The store has acknowledged a batch that said how far the client is flushed through. */
  told(through: number): void {
    this.#toldThrough = through
    this.#arm()
  }

  /** No more of it. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#options.pace.leave(this)
  }

  goAlong(): void {
    // Without a timer nothing has been told yet, or the telling is under way.
    if (this.#timer === undefined) return
    const { clock, group, storeClock } = this.#options
    if (clock.monotonicMs() < this.#lastMs + GOES_ALONG_AFTER_MS) return
    // With a boundary so near it has to go then, too, and others will go along with it.
    const nowMs = storeClock.nowMs()
    const boundaryMs = nextBoundary(nowMs / 1000, group.intervals) * 1000
    if (boundaryMs - nowMs <= LONGEST_SILENCE_MS) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#become()
    this.#arm()
  }

  #arm(): void {
    if (this.#stopped || this.#timer !== undefined) return
    const { clock, group, storeClock } = this.#options
    const nowMs = storeClock.nowMs()
    const boundaryMs = nextBoundary(nowMs / 1000, group.intervals) * 1000
    const waitMs = Math.min(
      this.#lastMs + LONGEST_SILENCE_MS - clock.monotonicMs(),
      boundaryMs + herdWaitMs(this.#options) - nowMs,
    )
    this.#timer = clock.after(Math.max(1, waitMs), () => {
      this.#timer = undefined
      this.#look()
      this.#arm()
    })
  }

  #look(): void {
    const { clock, group, storeClock } = this.#options
    const untold = this.#toldThrough < latestBoundary(storeClock.nowMs() / 1000, group.intervals)
    if (!untold && clock.monotonicMs() < this.#lastMs + LONGEST_SILENCE_MS) return
    this.#become()
    this.#options.pace.going(this)
  }

  #become(): void {
    this.#due = true
    this.#lastMs = this.#options.clock.monotonicMs()
    this.#onDue()
  }
}
