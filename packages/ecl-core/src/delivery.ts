import type { Portion } from './backlog.ts'
import type { Batch, Count } from './batch.ts'
import { clientLifeSeconds } from './client-life.ts'
import { type Clock, delay } from './clock.ts'
import { asError, StoreError } from './errors.ts'
import type { GroupSpec } from './group-spec.ts'
import { type EpochSeconds, graceMs, latestBoundary, shortestSeconds } from './interval.ts'
import type { Logger } from './logger.ts'
import type { DeliveryStatistics } from './statistics.ts'
import type { Applied, CounterStore } from './store/counter-store.ts'
import type { StoreClock } from './store-clock.ts'

const FIRST_HOLD_MS = 10
const LONGEST_HOLD_MS = 320
const FIRST_RETRY_MS = 20
const LONGEST_RETRY_MS = 2000
/** An error of the store's clock that may put counts on the wrong side of a boundary. */
const COARSE_MS = 5

/** What a delivery needs. */
export interface DeliveryOptions {
  readonly group: GroupSpec
  readonly clientId: string
  /** The events of the config and those declared since. */
  readonly declared: ReadonlySet<string>
  readonly store: CounterStore
  readonly clock: Clock
  readonly storeClock: StoreClock
  readonly logger: Logger
  readonly statistics: DeliveryStatistics
  /** In [0, 1): jitter. */
  readonly random: () => number
}

/** What is to be sent: counts, or nothing but the fact that the client is there, or is leaving. */
export interface Parcel {
  /** Undefined for a registration or a farewell. */
  readonly portion: Portion | undefined
  readonly closes: boolean
}

/** A batch that the store has acknowledged, with its answer. */
export interface Delivered {
  readonly batch: Batch
  /** Undefined where the batch was given up, its fate being unknown. */
  readonly applied: Extract<Applied, { status: 'applied' | 'duplicate' }> | undefined
}

/**
 * Sends the batches of one client, one at a time, each until it is acknowledged.
 *
 *              ┌──────────────── error, time-out: the same batch again ───────────────┐
 *              ▼                                                                      │
 *   number ─▶ send ──applied, duplicate──▶ done                                       │
 *              ▲ │                                                                    │
 *              │ ├── hold: its window has not begun; 10 … 320 ms ─────────────────────┤
 *              │ └── gap: the store has forgotten; name the number that it knows ─────┘
 *
 * A batch keeps its number and its counts over all of this: that is what makes sending again safe.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #graceMs: number
  readonly #stop = new AbortController()
  readonly #onTrouble: () => void
  #hurry = new AbortController()
  #closing = false
  #lastNumber = 0
  #inFlight: Batch | undefined
  /** When the store was last heard, by the monotonic clock. */
  #heardMs: number | undefined
  /** The store's time at which it was heard again after silence: masters need a moment to come back, too. */
  #recoveredAtMs = Number.NEGATIVE_INFINITY
  #broken = false
  /** A hold has run out, so that no master seems to be there: no more of them until windows are turned over again. */
  #holdExhausted = false
  #reported = new Set<string>()

  /** @param onTrouble called back when a batch could not be delivered, and will be sent again */
  constructor(options: DeliveryOptions, onTrouble: () => void) {
    this.#options = options
    this.#onTrouble = onTrouble
    this.#graceMs = graceMs(shortestSeconds(options.group.intervals))
  }

  /** The batch that has been sent and not yet acknowledged. */
  get inFlight(): Batch | undefined {
    return this.#inFlight
  }

  /** Whether the store knows this client: its first batch has been applied. */
  get registered(): boolean {
    return this.#lastNumber > 0
  }

  /** Whether it has given up. */
  get stopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** When the store was last heard, by its own clock, in seconds; undefined for never. */
  get lastHeard(): number | undefined {
    if (this.#heardMs === undefined) return undefined
    return this.#options.storeClock.atMonotonicMs(this.#heardMs) / 1000
  }

  /** Whether the store is away, as far as is known: the last attempt failed. */
  get broken(): boolean {
    return this.#broken
  }

  /** From now on no batch asks to be held, and a wait for a hold or a retry is cut short. */
  hurry(): void {
    this.#hurry.abort()
  }

  /** The end of `hurry`, unless it is for good. */
  relax(): void {
    if (!this.#closing) this.#hurry = new AbortController()
  }

  /** Hurries for good. */
  close(): void {
    this.#closing = true
    this.#hurry.abort()
  }

  /**
   * Asks for the store's time once more where the first reply was slow: what was counted before it is about to be stamped
   * by that.
   */
  async sharpenClock(): Promise<void> {
    const { store, storeClock } = this.#options
    if (storeClock.errorMs < COARSE_MS) return
    try {
      storeClock.observe(await store.windows([]))
    } catch (caught) {
      this.#reportOnce(asError(caught))
    }
  }

  /** Waits for the back-off of so many failures in a row. */
  backOff(failures: number): Promise<void> {
    return this.#pause(FIRST_RETRY_MS, LONGEST_RETRY_MS, failures)
  }

  /** Gives up: `send` returns at once, and what is in flight stays there. */
  stop(): void {
    this.#stop.abort()
    this.#hurry.abort()
  }

  /**
   * Sends until acknowledged, for as long as that takes. Never rejects.
   *
   * @returns undefined when stopped before
   */
  async send(parcel: Parcel): Promise<Delivered | undefined> {
    const { group, clientId } = this.#options
    let batch: Batch = {
      group,
      clientId,
      number: this.#lastNumber + 1,
      follows: this.#lastNumber,
      at: parcel.portion?.at,
      intervals: parcel.portion?.intervals ?? group.intervals,
      counts: parcel.portion?.counts ?? [],
      declared: this.#options.declared,
      mayHold: false,
      closes: parcel.closes,
    }
    this.#inFlight = batch
    let holds = 0
    let failures = 0
    while (!this.#stop.signal.aborted) {
      // Masters are cut off, too, while there is no connection.
      if (!this.#options.store.connected) this.#broken = true
      batch = { ...batch, mayHold: this.#mayHold(batch) }
      const reply = await this.#attempt(batch)
      switch (reply?.status) {
        case undefined:
          await this.#pause(FIRST_RETRY_MS, LONGEST_RETRY_MS, failures++)
          break
        case 'hold':
          this.#options.statistics.holds++
          await this.#pause(FIRST_HOLD_MS, LONGEST_HOLD_MS, holds++)
          break
        case 'gap':
          if (this.#isUndecidable(batch, reply.lastApplied, failures)) return this.#giveUp(batch)
          this.#noteForgotten(batch, reply.lastApplied)
          batch = { ...batch, follows: reply.lastApplied }
          break
        case 'applied':
        case 'duplicate':
          this.#heardMs = this.#options.clock.monotonicMs()
          return this.#done(batch, reply)
      }
    }
    return undefined
  }

  /** One try; undefined when it is not known whether the batch was applied. */
  async #attempt(batch: Batch): Promise<Applied | undefined> {
    const { clock, store, storeClock, statistics } = this.#options
    try {
      const reply = await store.apply(batch)
      storeClock.observe(reply)
      if (this.#broken) {
        this.#broken = false
        this.#recoveredAtMs = reply.storeTimeMs
      }
      if (reply.status !== 'gap') this.#heardMs = clock.monotonicMs()
      return reply
    } catch (caught) {
      this.#broken = true
      statistics.retries++
      this.#reportOnce(asError(caught))
      this.#onTrouble()
      return undefined
    }
  }

  /**
   * Whether the store may answer that the window of the counts has not begun. A boundary is waited for until the grace
   * after it; so is the return of the masters when the store has been away.
   */
  #mayHold(batch: Batch): boolean {
    if (batch.at === undefined || this.#hurry.signal.aborted || this.#holdExhausted) return false
    if (this.#broken) return true
    const nowMs = this.#options.storeClock.nowMs()
    const boundaryMs = latestBoundary(nowMs / 1000, batch.intervals) * 1000
    return nowMs < Math.max(boundaryMs, this.#recoveredAtMs) + this.#graceMs
  }

  /** Waits, longer with each time, by a random part of it, so that a fleet does not come at once. */
  #pause(firstMs: number, longestMs: number, times: number): Promise<void> {
    const { clock, random } = this.#options
    const longMs = Math.min(longestMs, firstMs * 2 ** times)
    const signal = this.#hurry.signal.aborted ? this.#stop.signal : this.#hurry.signal
    return delay(clock, longMs * (0.5 + random() / 2), signal)
  }

  /**
   * The store does not know this client, and it is so long ago that it was heard that it may simply have removed the
   * entry. If a batch went unanswered in between, nobody can say whether it was applied.
   */
  #isUndecidable(batch: Batch, lastApplied: number, failures: number): boolean {
    if (lastApplied !== 0 || failures === 0 || this.#heardMs === undefined) return false
    const silentSeconds = (this.#options.clock.monotonicMs() - this.#heardMs) / 1000
    return batch.number > 1 && silentSeconds > clientLifeSeconds(this.#options.group)
  }

  #giveUp(batch: Batch): Delivered {
    const { group, logger, statistics } = this.#options
    const events = sumCounts(batch.counts)
    statistics.unknown += events
    this.#inFlight = undefined
    this.#lastNumber = 0
    logger.error(
      { group: group.name, events },
      `group "${group.name}": it is not known whether ${events} events were counted: the store was away for so long that it has forgotten this client`,
    )
    return { batch, applied: undefined }
  }

  /** The store has gone back to a state before batches that it had acknowledged. */
  #noteForgotten(batch: Batch, lastApplied: number): void {
    const { group, clock, logger, statistics } = this.#options
    const forgotten = batch.follows - lastApplied
    const silentSeconds =
      this.#heardMs === undefined ? 0 : (clock.monotonicMs() - this.#heardMs) / 1000
    // After so long the entry has just been tidied away.
    if (forgotten <= 0 || silentSeconds > clientLifeSeconds(group)) return
    statistics.forgottenBatches += forgotten
    logger.error(
      { group: group.name, forgotten },
      `group "${group.name}": the store has forgotten ${forgotten} batches of counts that it had acknowledged, as after a crash without its last writes`,
    )
  }

  #done(batch: Batch, applied: Extract<Applied, { status: 'applied' | 'duplicate' }>): Delivered {
    const { statistics } = this.#options
    const events = sumCounts(batch.counts)
    statistics.batches++
    this.#inFlight = undefined
    this.#lastNumber = batch.number
    this.#reported.clear()
    // What failed in some intervals has been counted with the batch that it was in.
    if (batch.intervals === this.#options.group.intervals) statistics.applied += events
    if (applied.status === 'applied' && batch.counts.length > 0) {
      const ahead = applied.placements.includes('ahead')
      if (ahead || applied.placements.includes('late')) statistics.late += events
      else this.#holdExhausted = false
      if (ahead) this.#noteNoMaster()
    }
    return { batch, applied }
  }

  /** A dead master costs one grace, not one a boundary. */
  #noteNoMaster(): void {
    if (this.#holdExhausted || this.#hurry.signal.aborted) return
    this.#holdExhausted = true
    const { group, logger } = this.#options
    logger.warn(
      { group: group.name },
      `group "${group.name}": its windows are not turned over; is ecl-master running? Counts are kept, but land in another window`,
    )
  }

  #reportOnce(error: Error): void {
    // The store's own troubles are reported where they happen, once for all groups.
    if (error instanceof StoreError || this.#reported.has(error.message)) return
    this.#reported.add(error.message)
    const { group, logger } = this.#options
    logger.error({ err: error, group: group.name }, `group "${group.name}": ${error.message}`)
  }
}

/** The sum of a batch's counts. */
export function sumCounts(counts: Iterable<readonly [event: string, count: Count]>): number {
  let sum = 0
  for (const [, count] of counts) sum += Number(count)
  return sum
}

/** The instant that stamps counts made between two instants of the monotonic clock. */
export function stampBetween(
  storeClock: StoreClock,
  group: GroupSpec,
  openedMs: number,
  closedMs: number,
): EpochSeconds {
  // The middle, as the ends lie on boundaries, where a millisecond's error would change the window.
  const middleMs = storeClock.atMonotonicMs((openedMs + closedMs) / 2)
  return latestBoundary(middleMs / 1000, group.intervals)
}
