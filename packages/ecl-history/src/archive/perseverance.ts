import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleType,
} from 'cockatiel'
import { asError, type Clock, delay, type Logger, StoreError, TroubleLog } from 'ecl-core'
import { UnfitWindowError } from '../store/unfit-window-error.ts'

/** A database that has just been restarted is there again within this; one that is away is not asked more often. */
export const PACE: Pace = { firstMs: 100, longestMs: 30_000, pauseMs: 10_000 }
/** After so many failures in a row there is a pause before it is asked again, whoever wants something of it. */
const FAILURES_BEFORE_PAUSE = 5
/** What is neither the database's fault nor known to be the data's is not tried for ever. */
const MAX_UNEXPLAINED = 10

/** How fast failures are followed by the next attempt, ms. */
export interface Pace {
  readonly firstMs: number
  readonly longestMs: number
  /** How long a database is left alone after failures in a row. */
  readonly pauseMs: number
}

/** What perseverance needs. */
export interface PerseveranceOptions {
  /** What is asked, to open a message: `the database`. */
  readonly what: string
  readonly clock: Clock
  readonly logger: Logger
  /** Ends all waiting. */
  readonly signal: AbortSignal
  /** Whether to ask more than once. Default: true. */
  readonly patient?: boolean
  readonly pace?: Pace | undefined
}

/** It was told to stop before it had succeeded. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/**
 * Asks until it is answered: with growing pauses, at random, so that many do not come back at once, and with a circuit
 * breaker, so that one that is down is not kept busy with failing. Says once that something is away, and once that it is
 * back.
 */
export class Perseverance {
  readonly #options: PerseveranceOptions
  readonly #pace: Pace
  readonly #breaker
  readonly #troubles: TroubleLog

  constructor(options: PerseveranceOptions) {
    this.#options = options
    this.#pace = options.pace ?? PACE
    const { logger, clock, what } = options
    this.#troubles = new TroubleLog({
      ...{ logger, clock },
      back: (seconds) => `${what} is back after ${seconds} s`,
    })
    this.#breaker = circuitBreaker(handleType(StoreError), {
      breaker: new ConsecutiveBreaker(FAILURES_BEFORE_PAUSE),
      halfOpenAfter: this.#pace.pauseMs,
    })
  }

  /**
   * @param work safe to repeat
   * @throws UnfitWindowError at once; StoppedError; what is no StoreError, when it has come again and again; anything, where
   *   it is not patient
   */
  async until<T>(work: () => Promise<T>): Promise<T> {
    const { clock, signal, patient = true } = this.#options
    const { firstMs, longestMs } = this.#pace
    const options = { initialDelay: firstMs, maxDelay: longestMs }
    let unexplained = 0
    for (
      let backoff = new ExponentialBackoff(options).next();
      ;
      backoff = backoff.next(undefined)
    ) {
      try {
        const result = await this.#breaker.execute(work)
        this.#troubles.succeeded('')
        return result
      } catch (caught) {
        if (caught instanceof UnfitWindowError) throw caught
        if (!(caught instanceof StoreError || caught instanceof BrokenCircuitError)) {
          unexplained++
          if (unexplained >= MAX_UNEXPLAINED) throw caught
        }
        if (!patient) throw caught
        this.#failed(caught)
      }
      await delay(clock, backoff.duration, signal)
      if (signal.aborted) throw new StoppedError('it was told to stop')
    }
  }

  #failed(caught: unknown): void {
    const message = `${this.#options.what} does not do it, and is asked again and again: ${asError(caught).message}`
    this.#troubles.failed({ work: '', kind: 'away', message, err: caught })
  }
}
