import { ConstantBackoff, handleAll, retry } from 'cockatiel'
import { Cron } from 'croner'
import { asError, type Clock, ConfigError, type EpochSeconds, type Logger } from 'ecl-core'
import { doubtTexts, expiredTexts } from '../expiry-text.ts'
import type { Expiry, HistoryStore, Maintained, Retention } from '../store/history-store.ts'

/** A round that takes longer is given up; what it had done stays, and the next round goes on. */
const TIME_LIMIT_MS = 10 * 60_000
const RETRIES = 2
const RETRY_PAUSE_MS = 5000

/** What maintenance needs. */
export interface MaintenanceOptions {
  readonly history: HistoryStore
  readonly retention: Retention
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Rolls up what has come, and removes what is older than its retention, at the times of a cron expression. Every archiver
 * tries, and the database lets one of them at a time.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #over = new AbortController()
  #job: Cron | undefined
  #round: Promise<void> | undefined
  /** What was left in the last round, though it is old. */
  #refused: ReadonlySet<string> = new Set()

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /**
   * Says when to do it, from the start on.
   *
   * @param times a cron expression, in UTC
   * @throws ConfigError for what is none
   */
  schedule(times: string): void {
    try {
      // Not while the last round is still at work.
      const options = { timezone: 'UTC', protect: true, unref: true, paused: true }
      this.#job = new Cron(times, options, () => this.#persist())
    } catch (caught) {
      throw new ConfigError([`history.maintenance: ${asError(caught).message}`], { cause: caught })
    }
  }

  /** Begins. */
  start(): void {
    this.#job?.resume()
  }

  /** One round. @throws what the database says */
  async run(): Promise<void> {
    const { history, retention, logger, clock } = this.#options
    const now = Math.floor(clock.wallMs() / 1000) as EpochSeconds
    const limit = AbortSignal.any([this.#over.signal, AbortSignal.timeout(TIME_LIMIT_MS)])
    const maintained = await history.maintain(now, retention, limit)
    logger.debug({ ...maintained }, maintained.done ? 'maintained' : 'another one is maintaining')
    const removed = expiredTexts(maintained)
    if (removed.length > 0)
      logger.info({ expired: maintained.expired }, `removed ${removed.join('; ')}`)
    this.#doubt(maintained)
  }

  /** Says what looks wrong once, and again when it is something else. */
  #doubt(maintained: Maintained): void {
    if (!maintained.done) return
    const keyOf = ({ group, interval, stepSeconds }: Expiry) =>
      `${group}:${interval}:${stepSeconds}`
    const { refused, restored } = maintained
    const fresh = refused.filter((one) => !this.#refused.has(keyOf(one)))
    this.#refused = new Set(refused.map(keyOf))
    for (const text of doubtTexts({ refused: fresh, restored })) {
      this.#options.logger.warn({ refused, restored }, text)
    }
  }

  /** Ends for good; a round that is under way is given up at the next place where that is safe. */
  async stop(): Promise<void> {
    this.#job?.stop()
    this.#over.abort()
    await this.#round
  }

  async #persist(): Promise<void> {
    const again = retry(handleAll, {
      maxAttempts: RETRIES,
      backoff: new ConstantBackoff(RETRY_PAUSE_MS),
    }).dangerouslyUnref()
    this.#round = again
      .execute(() => this.run(), this.#over.signal)
      .catch((caught: unknown) => {
        if (this.#over.signal.aborted) return
        const { message } = asError(caught)
        const said = `roll-ups and retention failed, and are tried again at the next time: ${message}`
        this.#options.logger.error({ err: caught }, said)
      })
    await this.#round
  }
}
