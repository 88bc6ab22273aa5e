import type { Clock } from './clock.ts'

/** A sample older than this gives way to any newer one: crystals drift by some ms in that time. */
const SAMPLE_LIFE_MS = 60_000
/** A step back by less than this is smoothed away; a longer one is the store's clock having been set. */
const MAX_HELD_BACK_MS = 2000

/**
 * The store's clock, as seen from this process: the monotonic clock plus an offset learned from replies.
 *
 * A reply that carries the store's time t, to a request sent at a and answered at b, says that the offset is
 * t - (a + b) / 2, wrong by (b - a) / 2 at most. Of several samples the fastest is the most exact one (D. Mills'
 * clock filter for NTP, RFC 5905 section 10).
 */
export class StoreClock {
  readonly #clock: Clock
  #offsetMs = 0
  #errorMs = Number.POSITIVE_INFINITY
  #sampledAtMs = Number.NEGATIVE_INFINITY
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the store has been heard. Before that, `nowMs` is the machine's own idea. */
  get known(): boolean {
    return this.#errorMs !== Number.POSITIVE_INFINITY
  }

  /**
   * Takes in a reply.
   *
   * @param storeTimeMs what the reply said
   * @param roundTripMs how long ago its request was sent
   */
  observe({ storeTimeMs, roundTripMs }: { storeTimeMs: number; roundTripMs: number }): void {
    const receivedMs = this.#clock.monotonicMs()
    const errorMs = Math.max(0, roundTripMs) / 2
    const offsetMs = storeTimeMs + errorMs - receivedMs
    // Redis gives its time with microseconds; 1 ms of slack keeps rounding from looking like a clock that was set.
    const contradicts = Math.abs(offsetMs - this.#offsetMs) > errorMs + this.#errorMs + 1
    const aged = receivedMs - this.#sampledAtMs > SAMPLE_LIFE_MS
    if (!contradicts && !aged && errorMs > this.#errorMs) return
    this.#offsetMs = offsetMs
    this.#errorMs = errorMs
    this.#sampledAtMs = receivedMs
  }

  /** By how much it may be wrong at most, drift aside; infinite before the first reply. */
  get errorMs(): number {
    return this.#errorMs
  }

  /** The store's time now, ms since the epoch. Does not go back, but for a step of the store's own clock. */
  nowMs(): number {
    if (!this.known) return this.#clock.wallMs()
    return this.#forward(this.#clock.monotonicMs() + this.#offsetMs)
  }

  /** The store's time at an instant of the monotonic clock. */
  atMonotonicMs(monotonicMs: number): number {
    return (
      monotonicMs + (this.known ? this.#offsetMs : this.#clock.wallMs() - this.#clock.monotonicMs())
    )
  }

  #forward(nowMs: number): number {
    if (nowMs < this.#latestMs && this.#latestMs - nowMs < MAX_HELD_BACK_MS) return this.#latestMs
    this.#latestMs = nowMs
    return nowMs
  }
}
