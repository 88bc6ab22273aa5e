import type { Clock } from './clock.ts'

/** Two machines' crystals drift apart by so much at most: 100 ppm, which is 6 ms a minute. */
const DRIFT = 1e-4
/**
 * By so much good samples differ, and a step back by less is smoothed away. Where the clock was ahead by more, being held
 * there would put what happens now into a window that has not begun.
 */
const MAX_HELD_BACK_MS = 10

/**
 * The store's clock, as seen from this process: the monotonic clock plus an offset learned from replies.
 *
 * A reply that carries the store's time t, to a request sent at a and answered at b, says that the offset is
 * t - (a + b) / 2, wrong by (b - a) / 2 at most. Of several samples the fastest is the most exact one (D. Mills'
 * clock filter for NTP, RFC 5905 section 10).
 */
export class StoreClock {
  readonly #clock: Clock
  readonly #listeners: (() => void)[] = []
  /** At first the machine's own idea, as it is now: it may be set at any time, and is not followed then. */
  #offsetMs: number
  #sampleErrorMs = Number.POSITIVE_INFINITY
  #sampledAtMs = Number.NEGATIVE_INFINITY
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.wallMs() - clock.monotonicMs()
  }

  /** Whether the store has been heard. Before that, `nowMs` is the machine's own idea. */
  get known(): boolean {
    return this.#sampleErrorMs !== Number.POSITIVE_INFINITY
  }

  /**
   * Takes in a reply.
   *
   * @param storeTimeMs what the reply said
   * @param sentMs when its request was sent, by the monotonic clock
   */
  observe({ storeTimeMs, sentMs }: { storeTimeMs: number; sentMs: number }): void {
    const receivedMs = this.#clock.monotonicMs()
    const errorMs = Math.max(0, receivedMs - sentMs) / 2
    const offsetMs = storeTimeMs + errorMs - receivedMs
    // Redis gives its time with microseconds; 1 ms of slack keeps rounding from looking like a clock that was set.
    const contradicts = Math.abs(offsetMs - this.#offsetMs) > errorMs + this.errorMs + 1
    if (!contradicts && errorMs > this.errorMs) return
    this.#offsetMs = offsetMs
    this.#sampleErrorMs = errorMs
    this.#sampledAtMs = receivedMs
    for (const listener of this.#listeners) listener()
  }

  /** Calls back whenever a reply has corrected the clock: who waits for an instant of it has to wait anew. */
  onCorrection(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** By how much it may be wrong at most; infinite before the first reply, and more the older the best one is. */
  get errorMs(): number {
    if (!this.known) return this.#sampleErrorMs
    return this.#sampleErrorMs + (this.#clock.monotonicMs() - this.#sampledAtMs) * DRIFT
  }

  /**
   * The store's time now, ms since the epoch. Goes back where a better sample says that it was far ahead, or where the
   * store's own clock was set; `onCorrection` tells.
   */
  nowMs(): number {
    const nowMs = this.atMonotonicMs(this.#clock.monotonicMs())
    return this.known ? this.#forward(nowMs) : nowMs
  }

  /** The store's time at an instant of the monotonic clock. */
  atMonotonicMs(monotonicMs: number): number {
    return monotonicMs + this.#offsetMs
  }

  #forward(nowMs: number): number {
    if (nowMs < this.#latestMs && this.#latestMs - nowMs < MAX_HELD_BACK_MS) return this.#latestMs
    this.#latestMs = nowMs
    return nowMs
  }
}
