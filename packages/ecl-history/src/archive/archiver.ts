import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import {
  asError,
  type Clock,
  delay,
  type Logger,
  type QueuedWindow,
  systemClock,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import type { HistoryStore } from '../store/history-store.ts'
import { UnfitWindowError } from '../store/unfit-window-error.ts'
import { batches } from './batches.ts'
import { PACE, type Pace, Perseverance, StoppedError } from './perseverance.ts'
import { SeriesQueues } from './series-queues.ts'

/** Windows come every few seconds, and nobody looks at history within a quarter of one. */
const POLL_MS = 250
/** Of each queue: enough to fill a transaction, few enough to leave some for others. */
const TAKE_ENTRIES = 64
/** Who has not renewed its entries for so long is taken for dead; one that is alive does so three times in that. */
const DEAD_AFTER_MS = 30_000
const RENEW_MS = DEAD_AFTER_MS / 3
/**
 * Who has got nothing done for so long renews no more: its own way to the database may be broken, and another archiver's not. A
 * batch takes less than a second.
 */
const STUCK_AFTER_MS = 30_000
const RECLAIM_MS = 5000
/** What is under way when it is told to stop gets so long; with what follows, it ends within 10 s. */
const FINISH_MS = 7000
const LEAVE_MS = 1500
/** What a database refuses alone is tried so often, in case that it was something else. */
const ALONE_ATTEMPTS = 3
const ALONE_PAUSE_MS = 1000

/** What an archiver works with. */
export interface ArchiverOptions {
  /** Where windows wait, and which of them are archived. */
  readonly queue: WindowQueue
  readonly windows: readonly WindowRef[]
  /** Where they are kept. */
  readonly history: Pick<HistoryStore, 'archive'>
  readonly logger: Logger
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Whether what is away is waited for, rather than the end of it. Default: true. */
  readonly patient?: boolean
  /** How fast failures are followed by the next attempt; for tests. */
  readonly pace?: Pace
}

/** What an archiver has done. */
export interface ArchiverTally {
  readonly archived: number
  readonly rejected: number
}

/**
 * Takes closed windows from their queues, has them kept, and acknowledges them: in that order, so that one that is killed
 * at any point leaves them to another one. Doing it twice is harmless, as what is kept are values and versions, not sums.
 *
 * ```text
 *   take, or reclaim what a dead one has ──▶ archive ──────────▶ acknowledge
 *                                               │ unfit, alone
 *                                               └──────────────▶ reject: dead letter
 * ```
 *
 * Any number may run. What is away is waited for, and nothing more is taken meanwhile. A series whose queue alone fails
 * does not keep the others from being archived.
 */
export class Archiver {
  /** `host/pid/random`: never used again. */
  readonly name = `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`
  readonly #options: ArchiverOptions
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #database: Perseverance
  readonly #store: Perseverance
  readonly #queues: SeriesQueues
  #reclaimAtMs = 0
  /** When it last began with entries, or was done with some. */
  #progressMs = 0
  #archived = 0
  #rejected = 0
  #running: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: ArchiverOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { queue, windows, logger, pace, patient = true } = options
    const shared = { clock: this.#clock, logger, pace, patient, signal: this.#stop.signal }
    this.#database = new Perseverance({ what: 'the database', ...shared })
    this.#store = new Perseverance({ what: 'the store of the counters', ...shared })
    this.#queues = new SeriesQueues({
      ...{ queue, windows, archiver: this.name, logger, clock: this.#clock },
      pace: pace ?? PACE,
    })
  }

  /** What it has done so far. */
  get tally(): ArchiverTally {
    return { archived: this.#archived, rejected: this.#rejected }
  }

  /** Begins to archive; does nothing where it has begun, or has been stopped. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#loop()
  }

  /**
   * Takes no more, finishes what is under way, and gives back what it will not come to. Within 9 s, whatever is stuck.
   * May be called twice.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#end()
    return this.#stopped
  }

  async #end(): Promise<void> {
    this.#stop.abort()
    await this.#within(this.#queues.isHolding ? FINISH_MS : LEAVE_MS, this.#running)
    await this.#within(LEAVE_MS, this.#queues.leave())
  }

  /**
   * Archives all that is there, what dead ones have left included, and stops.
   *
   * @throws StoreError, where it is not patient; where a queue has failed, after archiving the others
   */
  async drain(): Promise<void> {
    try {
      for (;;) {
        const entries = await this.#store.until(async () => {
          const taken = await this.#queues.take(TAKE_ENTRIES)
          return taken.length > 0 ? taken : this.#reclaim()
        })
        if (entries.length === 0) break
        await this.#archive(entries)
      }
      if (this.#queues.failure !== undefined) throw this.#queues.failure
    } finally {
      await this.stop()
    }
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const entries = await this.#store.until(() => this.#next())
        if (entries.length === 0) await delay(this.#clock, POLL_MS, signal)
        else await this.#archive(entries)
      } catch (caught) {
        if (caught instanceof StoppedError) return
        const { message } = asError(caught)
        this.#options.logger.error(
          { err: caught },
          `archiving failed, and is tried again: ${message}`,
        )
        await delay(this.#clock, RECLAIM_MS, signal)
      }
    }
  }

  async #next(): Promise<readonly QueuedWindow[]> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#reclaimAtMs) {
      const reclaimed = await this.#reclaim()
      if (reclaimed.length > 0) return reclaimed
      this.#reclaimAtMs = nowMs + RECLAIM_MS
    }
    return this.#queues.take(TAKE_ENTRIES)
  }

  async #reclaim(): Promise<readonly QueuedWindow[]> {
    const entries = await this.#queues.reclaim(TAKE_ENTRIES, DEAD_AFTER_MS)
    if (entries.length > 0) {
      this.#options.logger.info(
        { entries: entries.length },
        'taken over from an archiver that is silent',
      )
    }
    return entries
  }

  async #archive(entries: readonly QueuedWindow[]): Promise<void> {
    this.#progressMs = this.#clock.monotonicMs()
    const renewal = this.#renewing()
    try {
      for (const batch of batches(entries)) {
        this.#goOn()
        await this.#archiveBatch(batch)
      }
    } finally {
      renewal.abort()
    }
  }

  async #archiveBatch(batch: readonly QueuedWindow[]): Promise<void> {
    for (const entry of batch) {
      if (entry.window === undefined) await this.#reject(entry, entry.problem ?? 'it is no window')
    }
    const kept = batch.filter(({ window }) => window !== undefined)
    if (kept.length === 0) return
    try {
      await this.#keep(kept)
    } catch (caught) {
      if (!(caught instanceof UnfitWindowError)) throw caught
      await this.#archiveParts(kept, caught)
    }
  }

  /** Has windows kept, and acknowledges them; those of which something is left out are put aside as well. */
  async #keep(entries: readonly QueuedWindow[]): Promise<void> {
    const { history, logger } = this.#options
    const windows = entries.flatMap(({ window }) => window ?? [])
    const { expired, unfit = [] } = await this.#database.until(() => history.archive(windows))
    if (expired > 0) {
      logger.warn(
        { expired },
        `${expired} came after the time for which they are kept, and were left out`,
      )
    }
    const reasonsOf = new Map(unfit.map(({ window, reasons }) => [window, reasons]))
    const isWhole = ({ window }: QueuedWindow) => window === undefined || !reasonsOf.has(window)
    await this.#acknowledge(entries.filter(isWhole))
    for (const entry of entries) {
      const reasons = entry.window === undefined ? undefined : reasonsOf.get(entry.window)
      if (reasons === undefined) continue
      await this.#reject(
        entry,
        `left out, and all else of the window is kept: ${reasons.join('; ')}`,
      )
    }
  }

  async #acknowledge(entries: readonly QueuedWindow[]): Promise<void> {
    if (entries.length === 0) return
    await this.#queues.settle(entries)
    this.#progressMs = this.#clock.monotonicMs()
    this.#archived += entries.length
    this.#options.logger.debug({ entries: entries.length }, 'archived')
  }

  /** Finds the one that does not fit, so that it keeps no other one from being kept. */
  async #archiveParts(batch: readonly QueuedWindow[], failure: UnfitWindowError): Promise<void> {
    const [first] = batch
    if (first?.window === undefined) return
    if (batch.length === 1) {
      await this.#archiveAlone(first, failure)
      return
    }
    const half = Math.ceil(batch.length / 2)
    await this.#archiveBatch(batch.slice(0, half))
    await this.#archiveBatch(batch.slice(half))
  }

  async #archiveAlone(entry: QueuedWindow, failure: UnfitWindowError): Promise<void> {
    let last: unknown = failure
    for (let attempt = 1; attempt < ALONE_ATTEMPTS; attempt++) {
      await delay(this.#clock, this.#options.pace?.firstMs ?? ALONE_PAUSE_MS, this.#stop.signal)
      this.#goOn()
      try {
        await this.#keep([entry])
        return
      } catch (caught) {
        if (!(caught instanceof UnfitWindowError)) throw caught
        last = caught
      }
    }
    await this.#reject(entry, asError(last).message)
  }

  async #reject(entry: QueuedWindow, error: string): Promise<void> {
    await this.#queues.settle([entry], error)
    this.#progressMs = this.#clock.monotonicMs()
    this.#rejected++
    const { group, interval } = entry.ref
    const window = { group: group.name, interval: interval.spec, start: entry.window?.start }
    this.#options.logger.error(
      { ...window, id: entry.id, error },
      `a window of group "${group.name}", ${interval.spec}, is in the dead letters: ${error}`,
    )
  }

  /** What is under way is finished when it is told to stop; nothing else is begun. */
  #goOn(): void {
    if (this.#stop.signal.aborted) throw new StoppedError('it was told to stop')
  }

  /** Lets the others know, until it is aborted, that what is held is being worked on, for as long as that gets on. */
  #renewing(): AbortController {
    const over = new AbortController()
    const renew = async () => {
      for (;;) {
        await delay(this.#clock, RENEW_MS, over.signal)
        if (over.signal.aborted) return
        if (this.#clock.monotonicMs() - this.#progressMs > STUCK_AFTER_MS) continue
        // Where that fails, another one does the same work, which is harmless.
        await this.#queues.renew().catch(() => undefined)
      }
    }
    void renew()
    return over
  }

  async #within(limitMs: number, work: Promise<void> | undefined): Promise<void> {
    const over = new AbortController()
    const limit = delay(this.#clock, limitMs, over.signal)
    await Promise.race([work?.catch(() => undefined), limit])
    over.abort()
  }
}
