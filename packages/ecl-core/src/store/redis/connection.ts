import type { Redis } from 'ioredis'
import type { Clock, Timer } from '../../clock.ts'
import { asError, StoreError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { describeProblem } from './redis-problem.ts'

/** A reply that takes longer means a dead connection or a stopped server; the command is then sent again elsewhere. */
const REPLY_TIMEOUT_MS = 5000
/** So long a better reason is waited for than that the connection was lost. */
const VAGUE_MS = 1000
const FIRST_RECONNECT_MS = 50
const LONGEST_RECONNECT_MS = 2000

/** What a connection needs. */
export interface ConnectionOptions {
  /** Makes a client that is not connected yet and will not reconnect or queue by itself. */
  readonly create: () => Redis
  /** Names the server in messages; without secrets. */
  readonly endpoint: string
  readonly logger: Logger
  readonly clock: Clock
}

/** How long to wait for a connection. */
export interface Patience {
  /** Give up at the first attempt that fails, rather than wait for a better one. */
  readonly failFast: boolean
}

/**
 * One connection to Redis that is made when first needed, and made anew for as long as the process lives.
 *
 * ioredis would reconnect by itself, but it resends unanswered commands, queues without bound, and keeps the process
 * alive meanwhile. So each connection here is a client of its own, thrown away when it ends:
 *
 *     idle ──run──▶ connecting ──ready──▶ ready
 *                     ▲    │ end            │ end
 *                     │    ▼                ▼
 *                     └─ waiting (50 ms … 2 s, with jitter)        close() from anywhere ──▶ closed
 */
export class RedisConnection {
  readonly endpoint: string
  readonly #options: ConnectionOptions
  readonly #onReady = new Set<() => void>()
  readonly #waiting = new Set<{
    resolve(redis: Redis): void
    reject(error: Error): void
    failFast: boolean
  }>()
  #redis: Redis | undefined
  #ready = false
  #closed = false
  #retry: Timer | undefined
  #failedAttempts = 0
  #lastError: Error | undefined
  /** How the server answered the first PING of the connection, where that was an error. */
  #greeting: Error | undefined
  #reported = new Set<string>()
  #troubleSinceMs: number | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.endpoint = options.endpoint
  }

  /** Whether there is a connection. */
  get ready(): boolean {
    return this.#ready
  }

  /** Calls back after each connection that is made from now on. */
  onReady(listener: () => void): void {
    this.#onReady.add(listener)
  }

  /**
   * Runs commands on the connection, waiting for one where there is none.
   *
   * @throws StoreError: no connection within 5 s, no reply within 5 s, or an error reply. Unless the server refused,
   *   it is not known whether the commands took effect.
   */
  async run<T>(commands: (redis: Redis) => Promise<T>, { failFast }: Patience): Promise<T> {
    const redis = await this.#connected(failFast)
    let silent = false
    const deadline = this.#options.clock.after(REPLY_TIMEOUT_MS, () => {
      silent = true
      redis.stream.destroy()
    })
    try {
      const result = await commands(redis)
      this.#recovered()
      return result
    } catch (caught) {
      const error = silent
        ? new Error(`timed out after ${REPLY_TIMEOUT_MS / 1000} s`)
        : asError(caught)
      throw this.#trouble(error, redis)
    } finally {
      deadline.cancel()
    }
  }

  /** Ends the connection; what waits for one is rejected. May be called twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#retry?.cancel()
    this.#redis?.disconnect()
    this.#redis?.stream?.destroy()
    for (const waiter of this.#waiting) waiter.reject(this.#closedError())
    this.#waiting.clear()
  }

  #closedError(): StoreError {
    return new StoreError('CLOSED', `the connection to Redis at ${this.endpoint} has been closed`)
  }

  #connected(failFast: boolean): Promise<Redis> {
    if (this.#closed) return Promise.reject(this.#closedError())
    if (this.#ready && this.#redis !== undefined) return Promise.resolve(this.#redis)
    return new Promise((resolve, reject) => {
      const deadline = this.#options.clock.after(REPLY_TIMEOUT_MS, () => {
        this.#waiting.delete(waiter)
        reject(this.#trouble(this.#lastError ?? new Error('connecting timed out')))
      })
      const waiter = {
        failFast,
        resolve: (redis: Redis) => {
          deadline.cancel()
          resolve(redis)
        },
        reject: (error: Error) => {
          deadline.cancel()
          reject(error)
        },
      }
      this.#waiting.add(waiter)
      // While a reconnect is being waited for, somebody who asks for a quick answer should get a fresh one.
      if (this.#redis === undefined && (this.#retry === undefined || failFast)) this.#connect()
    })
  }

  #connect(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    const redis = this.#options.create()
    this.#redis = redis
    this.#lastError = undefined
    this.#greeting = undefined
    redis.on('error', (error: Error) => {
      this.#lastError = error
    })
    redis.once('ready', () => {
      if (this.#redis !== redis || this.#closed) return
      // ioredis goes on after a SELECT that failed, and would count in database 0.
      if (this.#lastError !== undefined) redis.stream.destroy()
      else this.#becameReady(redis)
    })
    redis.once('end', () => {
      if (this.#redis === redis && !this.#closed) this.#ended()
    })
    // Its failure is told by "error" and "end".
    redis.connect().catch(() => undefined)
    // The socket exists one turn later; a process must be able to end while it connects.
    setImmediate(() => redis.stream?.unref())
  }

  #becameReady(redis: Redis): void {
    this.#ready = true
    redis.stream.unref()
    // Before the first command, which a server that wants a password may take for an attack, and cut off unanswered.
    redis.ping().catch((caught: unknown) => {
      const error = asError(caught)
      // A user who may do nothing but what is needed is as good as any.
      if (describeProblem(error).kind !== 'no permission') this.#greeting = error
    })
    for (const waiter of this.#waiting) waiter.resolve(redis)
    this.#waiting.clear()
    for (const listener of this.#onReady) listener()
  }

  #ended(): void {
    this.#ready = false
    this.#redis = undefined
    const error = this.#trouble(this.#lastError ?? new Error('Connection is closed'))
    for (const waiter of this.#waiting) {
      if (!waiter.failFast && error.code !== 'CLOSED') continue
      this.#waiting.delete(waiter)
      waiter.reject(error)
    }
    const longestMs = Math.min(LONGEST_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** this.#failedAttempts)
    this.#failedAttempts++
    // Jitter, so that a fleet does not return at once.
    this.#retry = this.#options.clock.after(longestMs * (0.5 + Math.random() / 2), () =>
      this.#connect(),
    )
  }

  /** Reports a problem once, until a command has succeeded again, and makes the error that the caller gets. */
  #trouble(given: Error, redis?: Redis): StoreError {
    if (this.#closed) return this.#closedError()
    // That a connection ended says little; what was said just before says why.
    const error =
      [given, this.#greeting, this.#lastError].find((one) => one && !isVague(one)) ?? given
    // ioredis adds the command with its arguments: those of AUTH hold the password, and those of a batch are many.
    Reflect.deleteProperty(error, 'command')
    const problem = describeProblem(error)
    const message = `Redis at ${this.endpoint}: ${problem.message}`
    const nowMs = this.#options.clock.monotonicMs()
    this.#troubleSinceMs ??= nowMs
    // A connection that was cut is usually followed by a better reason, or by a connection that works.
    const waitForReason = isVague(error) && nowMs - this.#troubleSinceMs < VAGUE_MS
    const alreadySaid = isVague(error) && this.#reported.size > 0
    if (!waitForReason && !alreadySaid && !this.#reported.has(problem.kind)) {
      this.#reported.add(problem.kind)
      this.#options.logger.warn({ err: error }, message)
    }
    if (problem.reconnect) redis?.stream.destroy()
    return new StoreError(problem.refuses ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE', message, {
      cause: error,
    })
  }

  #recovered(): void {
    this.#failedAttempts = 0
    if (this.#troubleSinceMs === undefined) return
    const seconds = (this.#options.clock.monotonicMs() - this.#troubleSinceMs) / 1000
    this.#options.logger.info(
      { seconds },
      `Redis at ${this.endpoint} is back after ${seconds.toFixed(1)} s`,
    )
    this.#troubleSinceMs = undefined
    this.#reported.clear()
  }
}

/** Whether an error says no more than that something is wrong with the connection. */
function isVague(error: Error): boolean {
  const { kind } = describeProblem(error)
  return kind === 'lost' || kind === 'not Redis'
}
