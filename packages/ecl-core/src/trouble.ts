import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'

/** Work that has not failed again for so long is not being tried any more, so that its success is not to be waited for. */
const FORGET_MS = 60_000
/** However troubles come and go: so many lines in so long a time. */
const MOST_LINES = 10
const LINES_MS = 60_000

/** What is needed for saying what is wrong. */
export interface TroubleLogOptions {
  readonly logger: Logger
  readonly clock: Clock
  /** What to say when all is well again after so many seconds. Default: nothing. */
  readonly back?: (seconds: string) => string
}

/** A failure. */
export interface Failed {
  /** What was being done: only its success shows that this can be done again. '' for what every success shows. */
  readonly work: string
  /** Stays the same over repeats of one problem, so that it is said once. */
  readonly kind: string
  readonly message: string
  readonly err: unknown
  /** Whether to say it now. Default: true. */
  readonly say?: boolean
  /** How bad it is. Default: a warning. */
  readonly level?: 'warn' | 'error'
}

/**
 * What is wrong with a store, a database or whatever else may be away, since when, and what has been said of it: each
 * problem once, until all is well again.
 *
 * Success is counted by kind of work. Who may read and not write would otherwise be told of a trouble and its end in turn,
 * as often as both are tried.
 */
export class TroubleLog {
  readonly #options: TroubleLogOptions
  /** When each kind of work failed last, ms. */
  readonly #failing = new Map<string, number>()
  readonly #said = new Set<string>()
  #sinceMs: number | undefined
  #lines: number[] = []
  #leftOut = 0

  constructor(options: TroubleLogOptions) {
    this.#options = options
  }

  /** Since when something is wrong, ms of the monotonic clock; undefined while all is well. */
  get sinceMs(): number | undefined {
    return this.#sinceMs
  }

  /** Whether something has been said that still holds. */
  get hasSaid(): boolean {
    return this.#said.size > 0
  }

  /** Takes note of a failure, and says it where it has not been said. */
  failed({ work, kind, message, err, say = true, level = 'warn' }: Failed): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#sinceMs ??= nowMs
    this.#failing.set(work, nowMs)
    if (!say || this.#said.has(kind)) return
    this.#said.add(kind)
    this.#say(level, { err }, message)
  }

  /**
   * Takes note of a success.
   *
   * @returns whether all is well
   */
  succeeded(work: string): boolean {
    if (this.#sinceMs === undefined) return true
    const nowMs = this.#options.clock.monotonicMs()
    this.#failing.delete(work)
    this.#failing.delete('')
    for (const [other, atMs] of this.#failing) {
      if (nowMs - atMs < FORGET_MS) return false
      this.#failing.delete(other)
    }
    const seconds = (nowMs - this.#sinceMs) / 1000
    this.#sinceMs = undefined
    this.#said.clear()
    const back = this.#options.back?.(seconds.toFixed(1))
    if (back !== undefined) this.#say('info', { seconds }, back)
    return true
  }

  #say(level: 'error' | 'warn' | 'info', about: object, message: string): void {
    const { logger, clock } = this.#options
    const nowMs = clock.monotonicMs()
    this.#lines = this.#lines.filter((atMs) => nowMs - atMs < LINES_MS)
    if (this.#lines.length >= MOST_LINES) {
      this.#leftOut++
      return
    }
    this.#lines.push(nowMs)
    const leftOut = this.#leftOut
    this.#leftOut = 0
    const more = leftOut === 0 ? '' : ` (${leftOut} lines like this have been left out before)`
    logger[level](leftOut === 0 ? about : { ...about, leftOut }, `${message}${more}`)
  }
}
