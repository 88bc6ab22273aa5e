import { type Clock, delay } from '../../clock.ts'
import { inRootContext } from '../../root-context.ts'

/** How often it is checked what a connection in use relies on. */
const CHECK_MS = 5000
/** What was not checked for so long, as nobody used it, is checked before it is used. */
const OVERDUE_MS = 2 * CHECK_MS
/** So long a use waits for that: what is asked may itself be away. */
const LONGEST_WAIT_MS = 1000

/**
 * Checks something every few seconds while it is in use, such as whether a server still is the primary: news of a failover
 * may be lost, and a deposed primary that is cut off goes on answering. Without use there is no check, and no timer.
 */
export class RegularCheck {
  readonly #clock: Clock
  readonly #check: () => Promise<void>
  #doneMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined

  /** @param check may reject, which means no more than that it is made again some seconds later */
  constructor(clock: Clock, check: () => Promise<void>) {
    this.#clock = clock
    this.#check = check
  }

  /** What is checked has just been found right. */
  done(): void {
    this.#doneMs = this.#clock.monotonicMs()
  }

  /**
   * Starts the check where it is due.
   *
   * @returns what to wait for before the use, where it is overdue; never rejects
   */
  beforeUse(): Promise<void> | undefined {
    const ageMs = this.#clock.monotonicMs() - this.#doneMs
    if (ageMs < CHECK_MS) return undefined
    this.#running ??= inRootContext(() => this.#run())
    return ageMs < OVERDUE_MS ? undefined : this.#atMost(this.#running)
  }

  async #run(): Promise<void> {
    await this.#check().catch(() => undefined)
    this.#running = undefined
    this.done()
  }

  async #atMost(running: Promise<void>): Promise<void> {
    const over = new AbortController()
    await Promise.race([running, delay(this.#clock, LONGEST_WAIT_MS, over.signal)])
    over.abort()
  }
}
