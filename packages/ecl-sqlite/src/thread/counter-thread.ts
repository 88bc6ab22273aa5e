import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { apply } from './apply.ts'
import { acknowledgeClient, listClients } from './clients.ts'
import { COUNTER_FILE, type Statements } from './counter-file.ts'
import type { SqliteModule } from './driver-api.ts'
import { failureOf, isBusy } from './failures.ts'
import type { FromThread, Replies, Request, RotateRequest, ToThread } from './messages.ts'
import * as queue from './queue.ts'
import { read } from './read.ts'
import { rotate, tally } from './rotate.ts'
import { findSeries, type Series, windowStart } from './series.ts'
import { SqliteFile } from './sqlite-file.ts'

/** So long another process is waited for; its transactions take some milliseconds. */
const MAX_BUSY_MS = 4000
const LONGEST_NAP_MS = 16
/** Few enough for a transaction of a few milliseconds, for others wait for it. */
const SWEEP_ROWS = 1000

/** Requests that are not about counters. */
type QueueRequest = Extract<
  Request,
  {
    readonly op:
      | 'publish'
      | 'take'
      | 'reclaim'
      | 'hear'
      | 'settle'
      | 'letters'
      | 'replay'
      | 'queue-state'
  }
>

/** What a thread works with. */
export interface CounterThreadOptions {
  readonly file: string
  /** Whether to make it where there is none. */
  readonly create: boolean
  readonly module: SqliteModule
  /** The store's clock, ms since the epoch. */
  readonly now: () => number
  readonly answer: (message: FromThread) => void
}

/**
 * Answers requests. Writes are done one after the other, in the order in which they came; reading does not wait for
 * them. While another process has the file locked, it asks again and again, and is free for other requests meanwhile.
 */
export class CounterThread {
  readonly #options: CounterThreadOptions
  readonly #file: SqliteFile<Statements>
  readonly #declared = new Map<string, ReadonlySet<string>>()
  #writes: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: CounterThreadOptions) {
    this.#options = options
    const kind = options.create ? COUNTER_FILE : ({ ...COUNTER_FILE, madeBy: 'nobody' } as const)
    this.#file = new SqliteFile(options.file, options.module, kind)
  }

  /** Takes a message; the answer comes by way of `answer`. */
  take(message: ToThread): void {
    if (message.op === 'declare') {
      this.#declared.set(message.group, new Set(message.events))
      return
    }
    const { id } = message
    this.#reply(message).then(
      (reply) => this.#options.answer({ id, reply }),
      (caught: unknown) =>
        this.#options.answer({ id, failure: failureOf(caught, this.#options.file) }),
    )
  }

  #reply(request: Request): Promise<Replies[keyof Replies]> {
    switch (request.op) {
      case 'apply':
        return this.#write((statements, waitedMs) => {
          const storeTimeMs = this.#options.now()
          const now = Math.floor(storeTimeMs / 1000)
          const outcome = apply(statements, request, now, () => this.#declaredIn(request.group))
          return { ...outcome, storeTimeMs, waitedMs }
        })
      case 'rotate':
        return this.#rotate(request)
      case 'read':
        return this.#read((statements) => {
          return { ...read(statements, request), storeTimeMs: this.#options.now() }
        })
      case 'accounts':
        return this.#read((statements) => {
          const clients = listClients(statements, request.group)
          return { clients, storeTimeMs: this.#options.now() }
        })
      case 'acknowledge-client':
        return this.#write((statements) =>
          acknowledgeClient(statements, request, Math.floor(this.#options.now() / 1000)),
        )
      case 'windows':
        return this.#read((statements, waitedMs) => {
          const series = request.windows.map(({ group, interval }) => {
            const found = findSeries(statements, group, interval)
            if (found === undefined) return undefined
            const { current, last, published, ahead } = found
            return { current, last, published, ahead }
          })
          return { series, storeTimeMs: this.#options.now(), waitedMs }
        })
      case 'try':
        return this.#patiently(() => this.#file.try())
      case 'close':
        return this.#close()
      default:
        return this.#queue(request)
    }
  }

  /** What is asked of the queues of windows that have ended. */
  async #queue(request: QueueRequest): Promise<Replies[QueueRequest['op']]> {
    const { now } = this.#options
    switch (request.op) {
      case 'publish':
        return this.#write((statements) => queue.publish(statements, request, now()))
      case 'take':
        if (!(await this.#read((statements) => queue.isWaiting(statements, request)))) return []
        return this.#write((statements) => queue.take(statements, request, now()))
      case 'reclaim':
        if (!(await this.#read((statements) => queue.isSilent(statements, request, now())))) {
          return []
        }
        return this.#write((statements) => queue.reclaim(statements, request, now()))
      case 'hear':
        return this.#write((statements) =>
          queue.hear(statements, request.ids, request.archiver, now() - request.agoMs),
        )
      case 'settle':
        return this.#write((statements) => queue.settle(statements, request, now()))
      case 'letters':
        return this.#read((statements) => queue.letters(statements, request.queues, request.limit))
      case 'replay':
        return this.#write((statements) => queue.replay(statements, request.letter))
      default:
        return this.#read((statements) => queue.states(statements, request.queues, now()))
    }
  }

  async #rotate(request: RotateRequest): Promise<Replies['rotate']> {
    const { group, interval, onlyPublished } = request
    // Most looks find nothing to do, and need not keep anyone from writing.
    const current = await this.#read((statements) => findSeries(statements, group, interval.spec))
    const nowMs = this.#options.now()
    if (current !== undefined && current.current === windowStart(nowMs / 1000, interval)) {
      return {
        status: 'already',
        current: current.current,
        storeTimeMs: nowMs,
      } as Replies['rotate']
    }
    const { outcome, series } = await this.#write((statements) =>
      rotate(statements, group, interval, { storeTimeMs: this.#options.now(), onlyPublished }),
    )
    if (outcome.status !== 'rotated' || series === undefined) return outcome
    const last = series.generation - 1
    const events = await this.#read((statements) =>
      tally(statements, series.id, last, this.#declaredIn(group)),
    )
    void this.#tidy(series.id, last)
    return { ...outcome, events }
  }

  /** Clears away what a rotation has left, in small steps, and puts the window on disk for good. */
  async #tidy(series: Series['id'], last: number): Promise<void> {
    try {
      for (let more = true; more && !this.#closed; ) {
        const swept = await this.#write(({ sweep }) =>
          Number(sweep.run({ series, generation: last, limit: SWEEP_ROWS }).changes),
        )
        more = swept === SWEEP_ROWS
      }
      if (!this.#closed) this.#file.checkpoint()
    } catch {
      // Done after the next rotation; what keeps it from being done now is told by requests.
    }
  }

  #declaredIn(group: string): ReadonlySet<string> {
    const declared = this.#declared.get(group)
    if (declared === undefined) throw new Error('bug: declared events that were not sent')
    return declared
  }

  async #close(): Promise<undefined> {
    this.#closed = true
    await this.#writes.catch(() => undefined)
    this.#file.close()
    return undefined
  }

  #write<T>(work: (statements: Statements, waitedMs: number) => T): Promise<T> {
    const done = this.#writes.then(() =>
      this.#patiently((waitedMs) => this.#file.write((statements) => work(statements, waitedMs))),
    )
    this.#writes = done.catch(() => undefined)
    return done
  }

  #read<T>(work: (statements: Statements, waitedMs: number) => T): Promise<T> {
    return this.#patiently((waitedMs) =>
      this.#file.read((statements) => work(statements, waitedMs)),
    )
  }

  async #patiently<T>(attempt: (waitedMs: number) => T): Promise<T> {
    const sinceMs = performance.now()
    for (let napMs = 1; ; napMs = Math.min(2 * napMs, LONGEST_NAP_MS)) {
      const waitedMs = performance.now() - sinceMs
      try {
        return attempt(waitedMs)
      } catch (caught) {
        if (!isBusy(caught) || waitedMs > MAX_BUSY_MS) throw caught
        // At random, or those who wait for the same would always meet.
        await sleep(napMs * (0.5 + Math.random()))
      }
    }
  }
}
