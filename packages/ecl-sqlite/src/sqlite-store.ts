import {
  type Accounts,
  type Acknowledgement,
  type Adopted,
  type Applied,
  type ApplyFailure,
  asError,
  type Batch,
  type Clock,
  type CounterStore,
  type CurrentWindows,
  clientLifeSeconds,
  type EpochSeconds,
  type GroupSpec,
  type Interval,
  keepProcessAlive,
  LEASE_SECONDS,
  type Logger,
  type LookOptions,
  publishFromMs,
  type Reading,
  type Rotated,
  type RotateOptions,
  StoreError,
  type StoreReadOptions,
  TroubleLog,
  type Which,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import { readingOf } from './reading.ts'
import { describeProblem } from './sqlite-problem.ts'
import { SqliteWindowQueue } from './sqlite-window-queue.ts'
import { StoreThread, ThreadFailure } from './store-thread.ts'
import type { ApplyRequest, Bound, Declaration, Replies, Request } from './thread/messages.ts'

/** A disk that takes longer is stuck; the request is then made again. */
const REPLY_TIMEOUT_MS = 5000
/** At the end, what is left to do is to tidy up, which the next one who opens the file does as well. */
const CLOSE_TIMEOUT_MS = 1000
/** For what is to be there when counts are read. */
const REMEDIES: Readonly<Record<string, string>> = {
  'no file': '; check the path, or start what counts and ecl-master, which make it',
  'no tables': '; check the path, or start what counts and ecl-master',
  'an older version': '; start ecl-master, which brings it up to date',
}
const STUCK = `no answer within ${REPLY_TIMEOUT_MS / 1000} s; is its disk stuck?`

/** What a store in a file needs. */
export interface SqliteStoreOptions {
  /** In a folder that is there, on a local file system. */
  readonly file: string
  /** Whether to make the file where there is none. Default: true. Who only reads says false. */
  readonly create?: boolean
  readonly logger: Logger
  readonly clock: Clock
  /** Of tests: one double, the time in ms since the epoch that stands for the machine's; 0 for none. */
  readonly handWound?: SharedArrayBuffer | undefined
}

/**
 * Counters in one SQLite file, for all processes of one machine. All work on the file is done in a thread, which is
 * started with the first call.
 *
 * What a thread replies is copied where it is handed on: a program that runs in a realm of its own, such as a test of
 * jest's, would otherwise get arrays and objects of another realm, which are not deeply equal to its own.
 */
export class SqliteStore implements CounterStore {
  /**
   * 0: what was acknowledged is undone only when the machine loses power, and then nobody is left on it who could send
   * it once more.
   */
  readonly lossWindowMs = 0
  readonly turnsAtOnce = true
  readonly history: WindowQueue
  readonly #file: string
  readonly #clock: Clock
  readonly #thread: StoreThread
  readonly #onConnect = new Set<() => void>()
  #closed = false
  /** How many requests have not been answered in time, and still are not. */
  #overdue = 0
  readonly #troubles: TroubleLog

  constructor({ file, create = true, logger, clock, handWound }: SqliteStoreOptions) {
    this.#file = file
    this.#clock = clock
    const back = (seconds: string) => `SQLite file ${file} can be used again after ${seconds} s`
    this.#troubles = new TroubleLog({ logger, clock, back })
    this.#thread = new StoreThread({ file, create, handWound })
    this.history = new SqliteWindowQueue((request) => this.#held(request))
  }

  async apply(batch: Batch): Promise<Applied> {
    const { reply, sentMs } = await this.#timed(
      requestOf(batch),
      true,
      batch.group.maxEvents === undefined ? undefined : declarationOf(batch.group),
    )
    const { waitedMs: _, ...outcome } = reply
    if (outcome.status !== 'applied') return { ...outcome, sentMs }
    const failures = [...outcome.failures].flatMap((failure): ApplyFailure[] => {
      const interval = batch.intervals[failure.interval]
      const event = batch.counts[failure.event]?.[0]
      if (interval === undefined || event === undefined) return []
      return [{ interval, event, retry: false, message: 'the sum would leave 64 bits' }]
    })
    return { ...outcome, sentMs, placements: [...outcome.placements], failures }
  }

  rotate(
    group: GroupSpec,
    interval: Interval,
    { onlyPublished = false }: RotateOptions = {},
  ): Promise<Rotated> {
    const request = { op: 'rotate', group: group.name, interval, onlyPublished } as const
    return this.#held(request, declarationOf(group))
  }

  async read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    { completeness: judged = false, client }: StoreReadOptions = {},
  ): Promise<Reading> {
    const reply = await this.#held({
      ...{ op: 'read', group: group.name, interval, which, judged },
      only: group.dynamic ? undefined : group.events,
      client,
    })
    return readingOf(group, interval, reply, judged)
  }

  async accounts(group: GroupSpec): Promise<Accounts> {
    const { storeTimeMs, clients } = await this.#held({ op: 'accounts', group: group.name })
    return { storeTimeMs, clients: Array.from(clients, (client) => ({ ...client })) }
  }

  acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement> {
    return this.#held({
      ...{ op: 'acknowledge-client', group: group.name, clientId },
      leaseSeconds: LEASE_SECONDS,
    } as const)
  }

  async windows(
    windows: readonly WindowRef[],
    { publications = false, background = false }: LookOptions = {},
  ): Promise<CurrentWindows> {
    const asked = windows.map(({ group, interval }) => ({
      group: group.name,
      interval: interval.spec,
    }))
    const { reply, sentMs } = await this.#timed({ op: 'windows', windows: asked }, background)
    const states = windows.map(({ interval }, index) => {
      const found = reply.series[index]
      if (found === undefined) return { current: undefined, foreign: false }
      // A number of the store's is in its unit.
      const current = found.current as EpochSeconds
      if (!publications) return { current, foreign: false }
      const last = found.last as EpochSeconds
      const fromMs = publishFromMs({ current, last, published: found.published }, interval)
      return {
        ...{ current, foreign: false },
        ...(fromMs === undefined ? {} : { publishFromMs: fromMs }),
      }
    })
    return { storeTimeMs: reply.storeTimeMs, sentMs, states }
  }

  /** Nobody else writes into the file. */
  async adoptForeignEvents(): Promise<Adopted> {
    return { groups: [], isPartial: false }
  }

  async warnings(): Promise<readonly string[]> {
    return []
  }

  async tryOut(): Promise<string | undefined> {
    const found = await this.#held({ op: 'try' })
    return found === 'there' ? undefined : `SQLite file ${this.#file} is to be made, and can be`
  }

  onConnect(listener: () => void): void {
    this.#onConnect.add(listener)
  }

  get connected(): boolean {
    return this.#troubles.sinceMs === undefined
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await keepProcessAlive(() => this.#close())
  }

  async #close(): Promise<void> {
    if (this.#thread.started) {
      await this.#within(CLOSE_TIMEOUT_MS, this.#thread.ask({ op: 'close' })).catch(() => undefined)
    }
    // A thread that waits for a disk cannot end.
    await this.#within(CLOSE_TIMEOUT_MS, this.#thread.end()).catch(() => undefined)
  }

  /** Measures without the wait for other processes, which would look like a clock that is seconds ahead. */
  async #timed<R extends Extract<Request, { op: 'apply' | 'windows' }>>(
    request: R,
    background: boolean,
    declaration?: Declaration,
  ): Promise<{ reply: Replies[R['op']]; sentMs: number }> {
    const askedMs = this.#clock.monotonicMs()
    const reply = await (background
      ? this.#ask(request, declaration)
      : this.#held(request, declaration))
    return { reply, sentMs: askedMs + reply.waitedMs }
  }

  /** For somebody who waits for it: neither the thread nor a timer keeps the process. */
  #held<R extends Request>(request: R, declaration?: Declaration): Promise<Replies[R['op']]> {
    return keepProcessAlive(() => this.#ask(request, declaration))
  }

  async #ask<R extends Request>(request: R, declaration?: Declaration): Promise<Replies[R['op']]> {
    if (this.#closed) throw this.#closedError()
    try {
      // What it has not answered it may still do; more and more of the same would only wait behind that.
      if (this.#overdue > 0) throw new Error(STUCK)
      const reply = await this.#within(REPLY_TIMEOUT_MS, this.#thread.ask(request, declaration))
      this.#succeeded(workOf(request))
      return reply
    } catch (caught) {
      throw this.#trouble(caught, workOf(request))
    }
  }

  #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let late = false
      const deadline = this.#clock.after(limitMs, () => {
        late = true
        this.#overdue++
        reject(new Error(STUCK))
      })
      work.then(resolve, reject).finally(() => {
        deadline.cancel()
        if (late) this.#overdue--
      })
    })
  }

  #closedError(): StoreError {
    return new StoreError('CLOSED', `SQLite file ${this.#file}: the store has been closed`)
  }

  /** Reports a problem once, until something has succeeded again, and makes the error that the caller gets. */
  #trouble(caught: unknown, work: string): StoreError {
    if (this.#closed) return this.#closedError()
    const error = asError(caught)
    const { kind, text, refuses } = this.#describe(error)
    // What does not come from the file says nothing of the request.
    const known = error instanceof ThreadFailure ? work : ''
    this.#troubles.failed({ work: known, kind, message: text, err: error })
    return new StoreError(refuses ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE', text, { cause: error })
  }

  #describe(error: Error): { kind: string; text: string; refuses: boolean } {
    if (error instanceof StoreError) {
      return { kind: error.message, text: error.message, refuses: error.code === 'STORE_REFUSED' }
    }
    const { kind, message, refuses } =
      error instanceof ThreadFailure
        ? describeProblem(error.failure)
        : { kind: error.message, message: error.message, refuses: false }
    return { kind, text: `SQLite file ${this.#file}: ${message}${REMEDIES[kind] ?? ''}`, refuses }
  }

  #succeeded(work: string): void {
    if (this.#troubles.sinceMs === undefined || !this.#troubles.succeeded(work)) return
    for (const listener of this.#onConnect) listener()
  }
}

/** What has to succeed to show that it can be done again: many a file may be read and not be written. */
function workOf(request: Request): string {
  if (!('group' in request)) return request.op
  const interval = 'interval' in request ? ` ${request.interval.spec}` : ''
  return `${request.op} ${request.group}${interval}`
}

function declarationOf({ name, events }: GroupSpec): Declaration {
  return { op: 'declare', group: name, events }
}

/** A batch as the thread takes it. */
function requestOf(batch: Batch): ApplyRequest {
  const { group } = batch
  const [first] = group.intervals
  return {
    op: 'apply',
    group: group.name,
    clientId: batch.clientId,
    number: batch.number,
    follows: batch.follows,
    at: batch.at,
    mixedWith: batch.mixedWith,
    intervals: batch.intervals,
    events: batch.counts.map(([event]) => event),
    counts: batch.counts.map(([, count]) => count),
    mayHold: batch.mayHold,
    closes: batch.closes,
    isRest: batch.isRest,
    through: batch.through,
    lossUntil: batch.lossUntil,
    books: batch.books,
    lifeSeconds: clientLifeSeconds(group),
    leaseSeconds: LEASE_SECONDS,
    // The books are kept by the group's first interval.
    booked: batch.intervals.findIndex((interval) => interval === first),
    bound: boundOf(batch),
  }
}

function boundOf({ group, counts, declared: exempt }: Batch): Bound | undefined {
  if (group.maxEvents === undefined) return undefined
  return {
    maxEvents: group.maxEvents,
    overflowEvent: group.overflowEvent,
    exempt: counts.map(([event]) => exempt.has(event)),
  }
}
