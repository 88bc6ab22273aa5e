import { setImmediate } from 'node:timers'
import type { Redis } from 'ioredis'
import type { Timer } from '../../clock.ts'
import type { NodeAddress } from '../../config/node-address.ts'
import { asError, StoreError } from '../../errors.ts'
import { keepProcessAlive } from '../../keep-alive.ts'
import { inRootContext } from '../../root-context.ts'
import { ConnectionTrouble, type TroubleOptions } from './connection-trouble.ts'
import { describeProblem } from './redis-problem.ts'
import { RegularCheck } from './regular-check.ts'

/** A reply that takes longer means a dead connection or a stopped server; the command is then sent again elsewhere. */
const REPLY_TIMEOUT_MS = 5000
/** As of the start: a test runner's fake timers replace it. */
const nextTick = process.nextTick.bind(process)
/** For all until the first reply: finding the server, TCP, TLS, the password, the database, and who the server is. */
const HANDSHAKE_TIMEOUT_MS = 5000
const FIRST_RECONNECT_MS = 50
const LONGEST_RECONNECT_MS = 2000

/** What a connection needs. */
export interface ConnectionOptions extends TroubleOptions {
  /** Makes a client that is not connected yet and will not reconnect or queue by itself. */
  readonly create: (address?: NodeAddress) => Redis
  /** Says before each attempt where the server is, where that may change. */
  readonly locate?: () => Promise<NodeAddress>
  /** Rejects where the server that has been reached is not the right one; then the next attempt is made. */
  readonly verify?: (redis: Redis) => Promise<void>
  /** Asks elsewhere whether the server still is the right one, and drops the connection where it is not. */
  readonly confirm?: () => Promise<void>
  /** Whether an error is an answer for the caller, which says nothing of this connection. */
  readonly passes?: (error: Error) => boolean
}

/** How long to wait for a connection. */
export interface Patience {
  /** Give up at the first attempt that fails, rather than wait for a better one. */
  readonly failFast: boolean
  /** What is done, for telling whether it can be done again: where writing is refused, reading may not be. */
  readonly work?: string
  /** Whether the process may end before the answer. Default: no. */
  readonly background?: boolean
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
  readonly #troubles: ConnectionTrouble
  readonly #confirmation: RegularCheck | undefined
  readonly #onReady = new Set<() => void>()
  readonly #waiting = new Set<{
    resolve(redis: Redis): void
    reject(error: Error): void
    failFast: boolean
  }>()
  #redis: Redis | undefined
  #ready = false
  #closed = false
  #locating = false
  #gathering = false
  #retry: Timer | undefined
  /** When the last reply came. */
  #answeredMs = Number.NEGATIVE_INFINITY
  #failedAttempts = 0
  #lastError: Error | undefined
  /** How the server answered the first command of the connection, where that was an error. */
  #greeting: Error | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.endpoint = options.endpoint
    this.#troubles = new ConnectionTrouble(options)
    const { confirm, clock } = options
    this.#confirmation = confirm && new RegularCheck(clock, confirm)
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
   * @param commands is given what to call when one of many replies has come, from which on 5 s count anew
   * @throws StoreError: no connection within 5 s, no reply to this or to what was sent before it within 5 s, or an error
   *   reply. Unless the server refused, it is not known whether the commands took effect.
   */
  run<T>(
    commands: (redis: Redis, answered: () => void) => Promise<T>,
    patience: Patience,
  ): Promise<T> {
    const run = () => this.#run(commands, patience)
    return patience.background === true ? run() : keepProcessAlive(run)
  }

  async #run<T>(
    commands: (redis: Redis, answered: () => void) => Promise<T>,
    { failFast, work = 'read' }: Patience,
  ): Promise<T> {
    const confirmed = this.#ready ? this.#confirmation?.beforeUse() : undefined
    if (confirmed !== undefined) await confirmed
    const redis = await this.#connected(failFast)
    let silent = false
    const { clock } = this.#options
    const wait = (ms: number): Timer =>
      clock.after(ms, () => {
        // Replies come in order. Over a slow link, this one is behind those that have come meanwhile.
        const leftMs = this.#answeredMs + REPLY_TIMEOUT_MS - clock.monotonicMs()
        if (leftMs > 0) {
          deadline = wait(leftMs)
          return
        }
        silent = true
        redis.stream.destroy()
      })
    let deadline = wait(REPLY_TIMEOUT_MS)
    const answered = () => {
      this.#answeredMs = clock.monotonicMs()
    }
    try {
      this.#gather(redis)
      const result = await commands(redis, answered)
      answered()
      // Where a server can be read and refuses to be written, connections that lead nowhere are made in growing pauses.
      if (this.#troubles.end(work)) this.#failedAttempts = 0
      return result
    } catch (caught) {
      const error = silent
        ? new Error(`timed out after ${REPLY_TIMEOUT_MS / 1000} s`)
        : reasonOf(asError(caught))
      if (!silent && this.#options.passes?.(error) === true) throw error
      throw this.#trouble(error, redis, work)
    } finally {
      deadline.cancel()
    }
  }

  /**
   * All that is sent at once goes out in one write, be it for several groups. Not later than that: a server that has closed
   * the connection meanwhile has said why, and a write that fails would come before that is read.
   */
  #gather({ stream }: Redis): void {
    if (this.#gathering) return
    this.#gathering = true
    stream.cork()
    nextTick(() => {
      this.#gathering = false
      stream.uncork()
    })
  }

  /** Cuts the connection, since there is a better one to be had. What is under way is rejected. */
  drop(): void {
    this.#redis?.stream?.destroy()
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
      const connecting = this.#redis !== undefined || this.#locating
      if (!connecting && (this.#retry === undefined || failFast)) {
        inRootContext(() => this.#connect())
      }
    })
  }

  #connect(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    this.#lastError = undefined
    this.#greeting = undefined
    const { locate, create } = this.#options
    if (locate === undefined) {
      this.#open(create())
      return
    }
    this.#locating = true
    locate().then(
      (address) => {
        this.#locating = false
        if (!this.#closed) this.#open(create(address))
      },
      (caught: unknown) => {
        this.#locating = false
        this.#lastError = asError(caught)
        if (!this.#closed) this.#ended()
      },
    )
  }

  #open(redis: Redis): void {
    this.#redis = redis
    // ioredis itself has a time for TCP only, which each byte that drips in prolongs.
    const deadline = this.#options.clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#abandon(redis))
    redis.on('error', (error: Error) => {
      if (this.#redis === redis) this.#lastError = error
    })
    redis.once('connect', () => {
      if (this.#redis !== redis) redis.stream.destroy()
    })
    redis.once('ready', () => {
      if (this.#redis !== redis || this.#closed) return
      this.#introduce(redis).then(
        () => deadline.cancel(),
        (caught: unknown) => {
          this.#lastError ??= asError(caught)
          redis.stream.destroy()
        },
      )
    })
    redis.once('end', () => {
      deadline.cancel()
      if (this.#redis === redis && !this.#closed) this.#ended()
    })
    // Its failure is told by "error" and "end".
    redis.connect().catch(() => undefined)
    // The socket exists one turn later; a process must be able to end while it connects.
    setImmediate(() => redis.stream?.unref())
  }

  /** Cuts a handshake short. A user's own connector may have made no socket yet, and then nothing ends by itself. */
  #abandon(redis: Redis): void {
    if (this.#redis !== redis || this.#closed) return
    this.#lastError ??= new Error(`the handshake timed out after ${HANDSHAKE_TIMEOUT_MS / 1000} s`)
    redis.disconnect()
    redis.stream?.destroy()
    this.#ended()
  }

  /** Makes sure that the server is the right one, and then known that there is a connection. */
  async #introduce(redis: Redis): Promise<void> {
    // ioredis goes on after a SELECT that failed, and would count in database 0.
    if (this.#lastError !== undefined) throw this.#lastError
    await this.#options.verify?.(redis)
    if (this.#redis !== redis || this.#closed) return
    this.#ready = true
    this.#confirmation?.done()
    redis.stream.unref()
    const greeted = this.#greet(redis).catch((caught: unknown) => {
      const error = asError(caught)
      // A user who may do nothing but what is needed is as good as any.
      if (describeProblem(error).kind !== 'no permission') this.#greeting = error
    })
    for (const waiter of this.#waiting) waiter.resolve(redis)
    this.#waiting.clear()
    for (const listener of this.#onReady) listener()
    await greeted
  }

  /**
   * Says something before the first command, which a server that wants a password may take for an attack, and cut off
   * unanswered; and, where one Redis is expected, asks whether it is part of a cluster, before a command by chance finds
   * its key there.
   */
  async #greet(redis: Redis): Promise<void> {
    const isNode = /^cluster_enabled:1/m.test(await redis.info('cluster'))
    if (isNode && this.#options.clusterRemedy !== undefined) {
      this.#lastError = new Error('cluster_enabled:1')
      redis.stream.destroy()
    }
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

  #trouble(given: Error, redis?: Redis, work?: string): StoreError {
    if (this.#closed) return this.#closedError()
    const others = [this.#greeting, this.#lastError]
    const { error, reconnect } = this.#troubles.report(given, others, work)
    if (reconnect) redis?.stream.destroy()
    return error
  }
}

/** Why a transaction was discarded, its commands were told; the error of the whole does not say it. */
function reasonOf(error: Error): Error {
  const reasons: unknown = 'previousErrors' in error ? error.previousErrors : undefined
  return Array.isArray(reasons) && reasons[0] instanceof Error ? reasons[0] : error
}
