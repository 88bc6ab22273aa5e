import { Backlog, type Horizon, type Portion } from './backlog.ts'
import { addCounts, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, type Place, sumCounts } from './batch.ts'
import { delay, type Timer } from './clock.ts'
import {
  type Delivered,
  Delivery,
  type DeliveryOptions,
  type Parcel,
  stampBetween,
} from './delivery.ts'
import { asError } from './errors.ts'
import { FailedCounts } from './failed-counts.ts'
import type { EpochSeconds } from './interval.ts'
import { inRootContext } from './root-context.ts'
import type { ClosedSegment } from './segment.ts'
import { herdWaitMs, SignOfLife } from './sign-of-life.ts'
import { type UnsentSource, UnsentView } from './unsent-view.ts'

/** With nothing to lose, a process does not wait long for a store that is away. */
const FAREWELL_MS = 1000

/** Where the flusher gets counts from. */
export interface SegmentSource {
  /** The stamp of the open segment; undefined where nothing was counted since the last one. */
  readonly openStamp: EpochSeconds | undefined
  /** Sum of what was counted and not handed over. */
  readonly openEvents: number
  /** Sum of all that was counted. */
  readonly loggedEvents: number
  /** Closes the open segment; undefined when nothing was counted since the last one. */
  take(): ClosedSegment | undefined
  /** What was counted of one event for one interval's window, and not handed over. */
  openOf(place: Place): number
}

/** How long a flush may take. */
export interface FlushOptions {
  /** Give up after so many ms; default: never. */
  readonly timeoutMs?: number | undefined
  /** Give up when this fires. */
  readonly signal?: AbortSignal | undefined
}

/** What a flush leaves behind. */
export interface FlushResult {
  /** How many events have not been acknowledged by the store; 0 when all is done. */
  readonly unsentEvents: number
}

/**
 * Brings the counts of one client to the store: decides when, keeps what waits, and hands it on in bounded parts.
 *
 * Closed segments go into the backlog; a loop takes the oldest part, has it delivered, and goes on until nothing is due.
 * There is one loop at most, so one batch is in flight at most.
 */
export class Flusher {
  readonly #options: DeliveryOptions
  readonly #source: () => SegmentSource
  readonly #delivery: Delivery
  readonly #backlog: Backlog
  readonly #progress = new Set<() => void>()
  readonly #failed: FailedCounts
  readonly #signOfLife: SignOfLife
  readonly #direct: boolean
  #running = false
  #closing = false
  #leaving = false
  #farewellSent = false
  /** Whether the stamps of what waits are by the store's clock. */
  #stamped = false
  #drained: Promise<void> = Promise.resolve()
  #wake: { readonly timer: Timer; readonly atMs: number } | undefined
  #inFlightSerial: number | undefined
  /** Whether a batch that has been acknowledged since the last parcel was handed over has left something to send again. */
  #hasRest = false
  readonly #views = new Set<UnsentView>()
  #boundary: EpochSeconds | undefined
  #notBeforeMs = 0

  /** @param source not asked for before the first counts */
  constructor(options: DeliveryOptions, source: () => SegmentSource) {
    this.#options = options
    this.#source = source
    this.#delivery = new Delivery(options, {
      failed: () => this.#announceProgress(),
      acknowledged: (delivered) => this.#settle(delivered),
    })
    this.#backlog = new Backlog(options.group.intervals)
    this.#failed = new FailedCounts(options, this.#backlog)
    this.#signOfLife = new SignOfLife(options, () => this.#run())
    const { syncIntervalMs, syncLimit } = options.group
    this.#direct = syncIntervalMs === undefined && syncLimit === undefined
  }

  /** Sum of the counts that have been handed over and not been acknowledged. */
  get unsentEvents(): number {
    const inFlight = sumCounts(this.#delivery.inFlight?.counts ?? [])
    return this.#backlog.total + this.#backlog.restTotal + inFlight
  }

  /**
   * Reads the store together with what is unsent here. Delivery goes on meanwhile.
   *
   * @param work has to read the store before it asks the view for anything
   */
  async beside<T>(work: (view: UnsentView) => Promise<T>): Promise<T> {
    const view = new UnsentView(this.#unsentSource)
    this.#views.add(view)
    try {
      return await work(view)
    } finally {
      this.#views.delete(view)
    }
  }

  /** Counting has begun in a new segment: sees to it that it is flushed in time. */
  opened(at: EpochSeconds): void {
    if (at !== this.#boundary) this.#passBoundary(at)
    // Registering early teaches this process the store's clock before its first boundary.
    if (this.#direct || !this.#delivery.registered) this.#schedule(0)
    if (this.#options.group.syncIntervalMs !== undefined)
      this.#schedule(this.#options.group.syncIntervalMs)
  }

  /** A counter has reached the limit. */
  limitReached(): void {
    this.#schedule(0)
  }

  /** Takes over a segment that a boundary has closed. */
  add(segment: ClosedSegment, boundary: EpochSeconds): void {
    this.#keep(segment)
    this.#passBoundary(boundary)
    this.#schedule(0)
  }

  /**
   * Sends all that has been counted so far. Never rejects.
   *
   * @returns once the store has acknowledged it, or when the time is up
   */
  async flush({ timeoutMs, signal }: FlushOptions = {}): Promise<FlushResult> {
    this.#takeOpen()
    const upTo = this.#backlog.nextSerial
    let expired = signal?.aborted === true
    const expire = () => {
      expired = true
      this.#announceProgress()
    }
    const deadline =
      timeoutMs === undefined ? undefined : this.#options.clock.after(timeoutMs, expire)
    signal?.addEventListener('abort', expire)
    try {
      this.#run()
      while (!expired && !this.#delivery.stopped && this.#oldestSerial() < upTo) {
        await this.#nextProgress()
      }
    } finally {
      deadline?.cancel()
      signal?.removeEventListener('abort', expire)
    }
    return { unsentEvents: this.unsentEvents }
  }

  /** Whether the store takes this client for one that goes on counting, and can be told otherwise. */
  get isAwaited(): boolean {
    return this.#delivery.registered && !this.#farewellSent && this.#options.store.connected
  }

  /**
   * Flushes without waiting for windows to be turned over, as late is better than lost, and says farewell. What is
   * counted afterwards takes that back.
   */
  async leave(timeoutMs: number): Promise<FlushResult> {
    this.#leaving = true
    this.#delivery.hurry()
    try {
      const result = await this.flush({ timeoutMs })
      if (result.unsentEvents === 0) await this.#within(FAREWELL_MS)
      return result
    } finally {
      this.#leaving = false
      this.#delivery.relax()
    }
  }

  /**
   * Sends all, without waiting for windows to be turned over, says farewell to the store, and stops. Never rejects.
   *
   * @param timeoutMs when to give up
   */
  async close(timeoutMs: number): Promise<FlushResult> {
    this.#closing = true
    this.#wake?.timer.cancel()
    this.#signOfLife.stop()
    this.#delivery.close()
    this.#takeOpen()
    const budgetMs = this.unsentEvents === 0 ? Math.min(timeoutMs, FAREWELL_MS) : timeoutMs
    this.#run()
    await this.#within(budgetMs)
    this.#delivery.stop()
    this.#announceProgress()
    return { unsentEvents: this.unsentEvents }
  }

  /** Waits until there is nothing to do; a store that is away may take longer to say so. */
  async #within(timeoutMs: number): Promise<void> {
    const enough = new AbortController()
    await Promise.race([this.#drained, delay(this.#options.clock, timeoutMs, enough.signal)])
    enough.abort()
  }

  #oldestSerial(): number {
    return Math.min(this.#inFlightSerial ?? Infinity, this.#backlog.oldestSerial ?? Infinity)
  }

  /** Puts a segment into the backlog, which is tidied up by the windows that its stamps name. */
  #keep(segment: ClosedSegment): void {
    // Another group may have heard the store first. What is kept is to be judged by the clock that it is stamped by.
    const isStale = !this.#stamped && this.#options.storeClock.known
    if (isStale) this.#backlog.restamp(this.#stamp)
    const at = isStale ? this.#stamp(segment.openedMs, segment.closedMs) : segment.at
    this.#backlog.add({ ...segment, at }, this.#horizon())
  }

  #horizon(): Horizon {
    const { storeClock } = this.#options
    return { now: storeClock.nowMs() / 1000, lastHeard: this.#delivery.lastHeard }
  }

  #takeOpen(): void {
    const segment = this.#source().take()
    if (segment !== undefined) this.#keep(segment)
  }

  /** Sets the moment before which nothing is sent after a boundary, so that a fleet of loggers does not come at once. */
  #passBoundary(boundary: EpochSeconds): void {
    if (boundary === this.#boundary) return
    this.#boundary = boundary
    const { clock, storeClock } = this.#options
    const sinceMs = storeClock.nowMs() - boundary * 1000
    this.#notBeforeMs = clock.monotonicMs() + Math.max(0, herdWaitMs(this.#options) - sinceMs)
  }

  #schedule(delayMs: number): void {
    if (this.#closing) return
    const { clock } = this.#options
    const atMs = Math.max(
      clock.monotonicMs() + delayMs,
      this.#delivery.registered ? this.#notBeforeMs : 0,
    )
    if (this.#wake !== undefined && this.#wake.atMs <= atMs) return
    this.#wake?.timer.cancel()
    const timer = clock.after(atMs - clock.monotonicMs(), () => {
      this.#wake = undefined
      // In direct mode the loop takes it when nothing is in flight.
      if (!this.#direct || !this.#running) this.#takeOpen()
      this.#run()
    })
    this.#wake = { timer, atMs }
  }

  #run(): void {
    if (this.#running) return
    this.#running = true
    this.#drained = inRootContext(() =>
      this.#drain().catch((caught: unknown) => {
        // Nothing is known that leads here; a host must not crash if there is something.
        this.#options.logger.error(
          { err: asError(caught) },
          `flushing failed: ${asError(caught).message}`,
        )
      }),
    )
  }

  /** The loop. Ends when nothing is due, or when the delivery was stopped. */
  async #drain(): Promise<void> {
    let failures = 0
    try {
      for (;;) {
        const parcel = this.#nextParcel()
        if (parcel === undefined) return
        this.#inFlightSerial = parcel.portion?.serial
        this.#hasRest = false
        const registering = !this.#delivery.registered
        if (!(await this.#delivery.send(parcel))) return
        if (registering) await this.#restamp()
        this.#inFlightSerial = undefined
        this.#announceProgress()
        this.#signOfLife.told(parcel.through)
        failures = this.#hasRest ? failures + 1 : 0
        if (this.#hasRest) await this.#delivery.backOff(failures)
      }
    } finally {
      // At once, so that nobody takes a loop for running that has found nothing to do.
      this.#running = false
      this.#announceProgress()
    }
  }

  #nextParcel(): Parcel | undefined {
    // Direct mode flushes as soon as nothing is in flight.
    const due = this.#options.clock.monotonicMs() >= this.#notBeforeMs
    if (this.#backlog.isEmpty && this.#direct && due && !this.#closing) this.#takeOpen()
    if (!this.#delivery.registered) {
      return this.#backlog.isEmpty ? undefined : this.#parcel(undefined, false)
    }
    const portion = this.#backlog.take(MAX_BATCH_EVENTS, MAX_BATCH_BYTES)
    const closes = (this.#closing || this.#leaving) && this.#backlog.isEmpty
    const farewell = closes && !this.#farewellSent
    if (portion === undefined && !farewell && !this.#signOfLife.isDue) return undefined
    this.#farewellSent = closes
    return this.#parcel(portion, closes)
  }

  /** What is left behind a portion that has been taken out, and up to when nothing is. */
  #parcel(portion: Portion | undefined, closes: boolean): Parcel {
    this.#signOfLife.sent()
    const { openStamp, openEvents, loggedEvents } = this.#source()
    const through = Math.min(
      Math.floor(this.#options.storeClock.nowMs() / 1000),
      openStamp ?? Number.POSITIVE_INFINITY,
      this.#backlog.oldestStamp ?? Number.POSITIVE_INFINITY,
    )
    return {
      portion,
      closes,
      // Stamps by the machine's own clock tell nothing.
      through: (this.#stamped ? through : 0) as EpochSeconds,
      books: { logged: loggedEvents, unsent: this.#backlog.total + openEvents },
    }
  }

  /** Until the registration's reply the machine's clock was all there was to stamp by. */
  async #restamp(): Promise<void> {
    await this.#delivery.sharpenClock()
    this.#takeOpen()
    this.#backlog.restamp(this.#stamp)
    this.#stamped = true
  }

  readonly #stamp = (openedMs: number, closedMs: number): EpochSeconds =>
    stampBetween(this.#options.storeClock, this.#options.group, openedMs, closedMs)

  /** At once, so that every count is in one place at any instant: in flight, waiting, or acknowledged. */
  #settle(delivered: Delivered): void {
    for (const view of this.#views) view.acknowledged(delivered)
    if (this.#failed.settle(delivered, this.#inFlightSerial ?? 0, this.#horizon())) {
      this.#hasRest = true
    }
  }

  get #unsentSource(): UnsentSource {
    const source = this.#source()
    const delivery = this.#delivery
    const { statistics } = this.#options
    const isNew =
      !delivery.registered &&
      !this.#running &&
      this.#backlog.isEmpty &&
      source.openStamp === undefined
    return {
      client: isNew ? undefined : delivery.clientId,
      get inFlight() {
        return delivery.inFlight
      },
      get failedAttempts() {
        return statistics.retries
      },
      get stopped() {
        return delivery.stopped
      },
      waitingOf: (place) => addCounts(this.#backlog.countOf(place), source.openOf(place)),
      nextProgress: () => this.#nextProgress(),
    }
  }

  #nextProgress(): Promise<void> {
    return new Promise((resolve) => this.#progress.add(resolve))
  }

  #announceProgress(): void {
    for (const resolve of this.#progress) resolve()
    this.#progress.clear()
  }
}
