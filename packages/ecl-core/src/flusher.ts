import { Backlog, type Horizon } from './backlog.ts'
import { addCounts, type Count, MAX_BATCH_EVENTS } from './batch.ts'
import type { Timer } from './clock.ts'
import {
  type Delivered,
  Delivery,
  type DeliveryOptions,
  type Parcel,
  stampBetween,
  sumCounts,
} from './delivery.ts'
import { asError } from './errors.ts'
import { type EpochSeconds, type Interval, shortestSeconds, windowStart } from './interval.ts'
import type { ClosedSegment } from './segment.ts'
import type { ApplyFailure } from './store/counter-store.ts'

/** Loggers wait this long after a boundary at least, so that a master has turned the window over. */
const HERD_FIRST_MS = 20
const HERD_LAST_MS = 500
/** With nothing to lose, a process does not wait long for a store that is away. */
const FAREWELL_MS = 1000

/** Where the flusher gets counts from. */
export interface SegmentSource {
  /** Closes the open segment; undefined when nothing was counted since the last one. */
  take(): ClosedSegment | undefined
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
  readonly #source: SegmentSource
  readonly #delivery: Delivery
  readonly #backlog: Backlog
  readonly #progress = new Set<() => void>()
  readonly #reported = new Set<string>()
  readonly #direct: boolean
  #running = false
  #closing = false
  #farewellSent = false
  /** Whether the stamps of what waits are by the store's clock. */
  #stamped = false
  #pauses = 0
  #drained: Promise<void> = Promise.resolve()
  #wake: { readonly timer: Timer; readonly atMs: number } | undefined
  #inFlightSerial: number | undefined
  #boundary: EpochSeconds | undefined
  #notBeforeMs = 0

  constructor(options: DeliveryOptions, source: SegmentSource) {
    this.#options = options
    this.#source = source
    this.#delivery = new Delivery(options, () => this.#announceProgress())
    this.#backlog = new Backlog(options.group.intervals)
    const { syncIntervalMs, syncLimit } = options.group
    this.#direct = syncIntervalMs === undefined && syncLimit === undefined
  }

  /** Sum of the counts that have been handed over and not been acknowledged. */
  get unsentEvents(): number {
    return this.#backlog.total + sumCounts(this.#delivery.inFlight?.counts ?? [])
  }

  /** What waits here of one event for one interval's window. */
  unsentOf(event: string, interval: Interval, window: EpochSeconds): Count {
    const waiting = this.#backlog.countOf(event, interval, window)
    const batch = this.#delivery.inFlight
    if (batch?.at === undefined || windowStart(batch.at, interval) !== window) return waiting
    const inFlight = batch.counts.find(([name]) => name === event)?.[1] ?? 0
    return addCounts(waiting, inFlight)
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
    this.#backlog.add(segment, this.#horizon())
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

  /**
   * Runs something while no batch is in flight, so that what is in the store and what waits here add up to the truth.
   */
  async quietly<T>(look: () => Promise<T>): Promise<T> {
    this.#pauses++
    try {
      // A store that is away will say so when it is looked at.
      while (this.#running && !this.#delivery.broken) await this.#nextProgress()
      return await look()
    } finally {
      this.#pauses--
      this.#run()
    }
  }

  /** Flushes without waiting for windows to be turned over: counts that are late are better than counts that are lost. */
  async flushInHurry(timeoutMs: number): Promise<FlushResult> {
    this.#delivery.hurry()
    try {
      return await this.flush({ timeoutMs })
    } finally {
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
    this.#delivery.close()
    this.#takeOpen()
    const budgetMs = this.unsentEvents === 0 ? Math.min(timeoutMs, FAREWELL_MS) : timeoutMs
    let deadline: Timer | undefined
    const expired = new Promise<void>((resolve) => {
      deadline = this.#options.clock.after(budgetMs, resolve)
    })
    this.#run()
    // A store that is away may take longer to say so.
    await Promise.race([this.#drained, expired])
    deadline?.cancel()
    this.#delivery.stop()
    this.#announceProgress()
    return { unsentEvents: this.unsentEvents }
  }

  #oldestSerial(): number {
    return Math.min(this.#inFlightSerial ?? Infinity, this.#backlog.oldestSerial ?? Infinity)
  }

  #horizon(): Horizon {
    // What waits is stamped by the machine's clock, and is to be judged by it.
    if (!this.#stamped) return { now: this.#options.clock.wallMs() / 1000, lastHeard: undefined }
    return { now: this.#options.storeClock.nowMs() / 1000, lastHeard: this.#delivery.lastHeard }
  }

  #takeOpen(): void {
    const segment = this.#source.take()
    if (segment !== undefined) this.#backlog.add(segment, this.#horizon())
  }

  /** Draws the moment before which nothing is sent after a boundary, so that a fleet of loggers does not come at once. */
  #passBoundary(boundary: EpochSeconds): void {
    if (boundary === this.#boundary) return
    this.#boundary = boundary
    const { clock, group, random, storeClock } = this.#options
    const lastMs = Math.min(HERD_LAST_MS, shortestSeconds(group.intervals) * 100)
    const waitMs = HERD_FIRST_MS + random() * (lastMs - HERD_FIRST_MS)
    const sinceMs = storeClock.nowMs() - boundary * 1000
    this.#notBeforeMs = clock.monotonicMs() + Math.max(0, waitMs - sinceMs)
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
    this.#drained = this.#drain().catch((caught: unknown) => {
      // Nothing is known that leads here; a host must not crash if there is something.
      this.#options.logger.error(
        { err: asError(caught) },
        `flushing failed: ${asError(caught).message}`,
      )
    })
  }

  /** The loop. Ends when nothing is due, or when the delivery was stopped. */
  async #drain(): Promise<void> {
    let failures = 0
    try {
      for (;;) {
        const parcel = this.#nextParcel()
        if (parcel === undefined) return
        this.#inFlightSerial = parcel.portion?.serial
        const registering = !this.#delivery.registered
        const delivered = await this.#delivery.send(parcel)
        if (delivered === undefined) return
        if (registering) await this.#restamp()
        this.#inFlightSerial = undefined
        const failed = this.#settleFailures(delivered, parcel)
        this.#announceProgress()
        failures = failed ? failures + 1 : 0
        if (failed) await this.#delivery.backOff(failures)
      }
    } finally {
      // At once, so that nobody takes a loop for running that has found nothing to do.
      this.#running = false
      this.#announceProgress()
    }
  }

  #nextParcel(): Parcel | undefined {
    if (this.#pauses > 0 && !this.#closing) return undefined
    // Direct mode flushes as soon as nothing is in flight.
    const due = this.#options.clock.monotonicMs() >= this.#notBeforeMs
    if (this.#backlog.isEmpty && this.#direct && due && !this.#closing) this.#takeOpen()
    if (!this.#delivery.registered) {
      return this.#backlog.isEmpty ? undefined : { portion: undefined, closes: false }
    }
    const portion = this.#backlog.take(MAX_BATCH_EVENTS)
    const closes = this.#closing && this.#backlog.isEmpty
    if (portion === undefined && (!closes || this.#farewellSent)) return undefined
    this.#farewellSent = closes
    return { portion, closes }
  }

  /** Until the registration's reply the machine's clock was all there was to stamp by. */
  async #restamp(): Promise<void> {
    const { group, storeClock } = this.#options
    await this.#delivery.sharpenClock()
    const stamp = (openedMs: number, closedMs: number) =>
      stampBetween(storeClock, group, openedMs, closedMs)
    this.#backlog.restamp(stamp)
    this.#stamped = true
    const open = this.#source.take()
    if (open === undefined) return
    this.#backlog.add({ ...open, at: stamp(open.openedMs, open.closedMs) }, this.#horizon())
  }

  /** @returns whether something has to be sent again */
  #settleFailures({ batch, applied }: Delivered, { portion }: Parcel): boolean {
    if (applied?.status !== 'applied' || applied.failures.length === 0) return false
    if (portion === undefined) return false
    const counts = new Map(batch.counts)
    const again = new Map<Interval, Map<string, Count>>()
    const refused = new Set<string>()
    for (const failure of applied.failures) {
      this.#reportFailure(failure)
      if (!failure.retry) {
        refused.add(failure.event)
        continue
      }
      const rest = again.get(failure.interval) ?? new Map<string, Count>()
      rest.set(failure.event, counts.get(failure.event) ?? 0)
      again.set(failure.interval, rest)
    }
    for (const [interval, rest] of again) {
      this.#backlog.addRest(
        { ...portion, intervals: [interval], counts: [...rest] },
        this.#horizon(),
      )
    }
    for (const event of refused) this.#options.statistics.rejected += Number(counts.get(event) ?? 0)
    return again.size > 0
  }

  /** Once for each event that is refused, once for all that is tried again. */
  #reportFailure({ interval, event, message, retry }: ApplyFailure): void {
    const { group, logger } = this.#options
    const key = `${group.name}:${interval.spec}:cur:${event}`
    const topic = retry ? message : key
    if (this.#reported.has(topic) || this.#reported.size > 1000) return
    this.#reported.add(topic)
    logger.error(
      { group: group.name, interval: interval.spec, event },
      retry
        ? `group "${group.name}": counts were not taken, and are sent again: ${message}`
        : `group "${group.name}": "${event}" cannot be counted, as the key "${key}" holds something else than a counter with room (${message}); delete that key`,
    )
  }

  #nextProgress(): Promise<void> {
    return new Promise((resolve) => this.#progress.add(resolve))
  }

  #announceProgress(): void {
    for (const resolve of this.#progress) resolve()
    this.#progress.clear()
  }
}
