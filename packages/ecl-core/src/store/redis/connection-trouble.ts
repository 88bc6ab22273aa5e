import type { Clock } from '../../clock.ts'
import { StoreError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { stripSecrets, withoutSecrets } from '../../secrets.ts'
import { TroubleLog } from '../../trouble.ts'
import { describeProblem } from './redis-problem.ts'

/** So long a better reason is waited for than that the connection was lost. */
const VAGUE_MS = 1000

/** What is needed for telling what is wrong with a connection. */
export interface TroubleOptions {
  /** What to do where the server turns out to be a node of a Redis Cluster; where that is expected, nothing. */
  readonly clusterRemedy?: () => string
  /** Where the server's host name comes from, for people. Default: `"redis.host"`. */
  readonly hostSource?: string
  /** What is remarkable of the password, where it is refused. */
  readonly passwordNote?: string | undefined
  /** Names the server in messages; without secrets. */
  readonly endpoint: string
  readonly logger: Logger
  readonly clock: Clock
}

/** What is wrong with a connection, said once with the best reason there is, until all is well again. */
export class ConnectionTrouble {
  readonly #options: TroubleOptions
  readonly #log: TroubleLog

  constructor(options: TroubleOptions) {
    this.#options = options
    const { clock, logger, endpoint } = options
    const back = (seconds: string) => `Redis at ${endpoint} is back after ${seconds} s`
    this.#log = new TroubleLog({ clock, logger, back })
  }

  /**
   * Says what is wrong, if that has not been said, and makes the error that the caller gets.
   *
   * @param others what was said before: that a connection ended says little, and they perhaps why
   * @param work what was being done. Where the server has answered, only the success of the same ends the trouble
   * @returns with `reconnect`, whether another connection may do better
   */
  report(
    given: Error,
    others: readonly (Error | undefined)[],
    work = '',
  ): { readonly error: StoreError; readonly reconnect: boolean } {
    const cause = [given, ...others].find((one) => one && !isVague(one)) ?? given
    stripSecrets(cause)
    const { kind, message: problem, refuses, reconnect } = describeProblem(cause)
    const message = withoutSecrets(
      `Redis at ${this.#options.endpoint}: ${problem}${this.#remedy(kind)}`,
    )
    const nowMs = this.#options.clock.monotonicMs()
    // A connection that was cut is usually followed by a better reason, or by a connection that works.
    const waitForReason = nowMs - (this.#log.sinceMs ?? nowMs) < VAGUE_MS
    const say = !isVague(cause) || !(waitForReason || this.#log.hasSaid)
    this.#log.failed({
      work: given.name === 'ReplyError' ? work : '',
      kind,
      message,
      err: cause,
      say,
    })
    const code = refuses ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE'
    return { error: new StoreError(code, message, { cause }), reconnect }
  }

  /** A command has succeeded: says so where something was wrong. @returns whether nothing is wrong any more */
  end(work = ''): boolean {
    return this.#log.succeeded(work)
  }

  #remedy(kind: string): string {
    const { clusterRemedy, hostSource = '"redis.host"', passwordNote } = this.#options
    if (kind.endsWith('password') && passwordNote !== undefined) return `; ${passwordNote}`
    if (kind === 'cluster') return clusterRemedy?.() ?? ''
    return kind === 'unknown host' ? `; check ${hostSource}` : ''
  }
}

/** Whether an error says no more than that something is wrong with the connection. */
function isVague(error: Error): boolean {
  const { kind } = describeProblem(error)
  return kind === 'lost' || kind === 'not Redis'
}
