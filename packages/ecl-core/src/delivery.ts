import { Acknowledgements } from './acknowledgements.ts'
import type { Portion } from './backlog.ts'
import { type Batch, type Books, sumCounts } from './batch.ts'
import { clientLifeSeconds } from './client-life.ts'
import { type Clock, delay } from './clock.ts'
import { asError, StoreError } from './errors.ts'
import type { GroupSpec } from './group-spec.ts'
import { HoldPolicy } from './hold-policy.ts'
import { type EpochSeconds, latestBoundary } from './interval.ts'
import type { Logger } from './logger.ts'
import type { Pace } from './pace.ts'
import type { DeliveryStatistics } from './statistics.ts'
import type { Applied, ApplyFailure, CounterStore, Placement } from './store/counter-store.ts'
import type { StoreClock } from './store-clock.ts'
import { fateOf, type Identity, type LastApplied, ownIdentity, showsTwin } from './twins.ts'

const FIRST_HOLD_MS = 10
const LONGEST_HOLD_MS = 320
const FIRST_RETRY_MS = 20
const LONGEST_RETRY_MS = 2000
/** An error of the store's clock that may put counts on the wrong side of a boundary. */
const COARSE_MS = 5

const FORGOTTEN = 'the store was away for so long that it has forgotten this client'
const SHARED = 'the store did not answer, and another process has counted under the same id since'

/** What a delivery needs. */
export interface DeliveryOptions {
  readonly group: GroupSpec
  /** `host/pid/random`, as `identity` makes them. */
  readonly clientId: string
  readonly identity?: Identity
  /** The events of the config and those declared since. */
  readonly declared: ReadonlySet<string>
  readonly store: CounterStore
  readonly clock: Clock
  readonly storeClock: StoreClock
  readonly logger: Logger
  readonly statistics: DeliveryStatistics
  /** In [0, 1): jitter. */
  readonly random: () => number
  /** Shared by all groups of the process. */
  readonly pace: Pace
}

/** What is to be sent: counts, or nothing but the fact that the client is there, or is leaving. */
export interface Parcel {
  /** Undefined for a registration, a sign of life, or a farewell. */
  readonly portion: Portion | undefined
  readonly closes: boolean
  /** All that was counted before this instant is in the store, or in this parcel. */
  readonly through: EpochSeconds
  readonly books: Omit<Books, 'replayed'>
}

/** What became of a batch: the store has acknowledged it, or it was given up. */
export interface Delivered {
  readonly batch: Batch
  /** The counts that the store could not take. */
  readonly failures: readonly ApplyFailure[]
}

/** Who hears at once of what becomes of batches. */
export interface DeliveryListener {
  /** A batch could not be delivered, and will be sent again. */
  failed(): void
  /** A batch is not in flight any more. */
  acknowledged(delivered: Delivered): void
}

type Acknowledged = Extract<Applied, { status: 'applied' | 'duplicate' }>

/**
 * Sends the batches of one client, one at a time, each until it is acknowledged.
 *
 *              ┌──────────────── error, time-out: the same batch again ───────────────┐
 *              ▼                                                                      │
 *   number ─▶ send ──applied, duplicate──▶ done                                       │
 *              ▲ │                                                                    │
 *              │ ├── hold: its window has not begun; 10 … 320 ms ─────────────────────┤
 *              │ └── gap: the store has forgotten; first those that it had acknowledged ─┘
 *
 * A batch keeps its number and its counts over all of this: that is what makes sending again safe.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #acknowledged: Acknowledgements
  readonly #holding: HoldPolicy
  readonly #stop = new AbortController()
  readonly #listener: DeliveryListener
  #hurry = new AbortController()
  #closing = false
  #clientId: string
  #lastNumber = 0
  #inFlight: Batch | undefined
  /** When the store was last heard, by the monotonic clock. */
  #heardMs: number | undefined
  /** The same by the store's clock, which decides when it removes a client's entry. */
  #heardStoreMs: number | undefined
  #reported = new Set<string>()

  constructor(options: DeliveryOptions, listener: DeliveryListener) {
    this.#options = options
    this.#clientId = options.clientId
    this.#listener = listener
    this.#acknowledged = new Acknowledgements(options)
    this.#holding = new HoldPolicy(options)
  }

  /** `host/pid/random`; another one from when a copy of this process was found to use it, too. */
  get clientId(): string {
    return this.#clientId
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
    const { group, store, storeClock } = this.#options
    if (storeClock.errorMs < COARSE_MS) return
    try {
      // Of a window of the group, as other groups may be where the clock is another.
      const windows = group.intervals.slice(0, 1).map((interval) => ({ group, interval }))
      storeClock.observe(await store.windows(windows, { background: true }))
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
   * @returns whether that is over: it has been acknowledged or given up, and not stopped before
   */
  async send(parcel: Parcel): Promise<boolean> {
    let newest = this.#numbered(parcel)
    this.#inFlight = newest
    /** The newest batch, and before it those that the store has forgotten. */
    let queue: readonly Batch[] = [newest]
    let next = 0
    let holds = 0
    let failures = 0
    let gaps = 0
    while (!this.#stop.signal.aborted) {
      // Masters are cut off, too, while there is no connection.
      if (!this.#options.store.connected) this.#holding.lost()
      const batch = this.#asOfNow(queue[next] ?? newest)
      const sentMs = this.#options.clock.monotonicMs()
      const reply = await this.#attempt(batch)
      const twins = this.#twinsIn(reply, batch, newest, failures)
      if (twins !== undefined) {
        const again = this.#partFromTwin(newest, twins, failures > 0)
        if (again === undefined) return true
        ;[queue, next, failures, gaps] = [again, 0, 0, 0]
        newest = again.at(-1) ?? newest
        this.#inFlight = newest
        continue
      }
      switch (reply?.status) {
        case undefined:
          await this.#pause(FIRST_RETRY_MS, LONGEST_RETRY_MS, failures++)
          break
        case 'hold':
          this.#options.statistics.holds++
          await this.#pause(FIRST_HOLD_MS, LONGEST_HOLD_MS, holds++)
          break
        case 'gap':
          // One is a crash of the store. A store that says so again and again would be sent batches without a pause.
          if (gaps > 0) await this.#pause(FIRST_RETRY_MS, LONGEST_RETRY_MS, gaps)
          gaps++
          if (reply.lastApplied > 0 || !this.#isTidiedAway(reply)) {
            queue = this.#acknowledged.rewind(newest, reply.lastApplied)
            next = 0
          } else if (failures === 0 || newest.number === 1) {
            queue = [this.#acknowledged.beginAnewWith(newest)]
            next = 0
          } else {
            this.#giveUp(newest, sumCounts(newest.counts), FORGOTTEN)
            return true
          }
          break
        case 'applied':
        case 'duplicate':
          this.#listener.acknowledged(this.#settle(batch, reply, sentMs))
          if (batch.number === newest.number) return true
          next++
      }
    }
    return false
  }

  /** A batch with what may have changed since it was numbered. */
  #asOfNow(batch: Batch): Batch {
    const { replayed } = this.#options.statistics
    const mayHold = !this.#hurry.signal.aborted && this.#holding.allows(batch)
    // What was replayed before it is in its books, not in those of a batch that is replayed itself.
    if (batch.number <= this.#lastNumber) return { ...batch, mayHold }
    return { ...batch, mayHold, books: { ...batch.books, replayed } }
  }

  #numbered({ portion, closes, through, books }: Parcel): Batch {
    const { group, identity = ownIdentity } = this.#options
    const registers = this.#lastNumber === 0
    return {
      group,
      clientId: this.#clientId,
      number: this.#lastNumber + 1,
      token: identity.token(),
      follows: this.#lastNumber,
      at: portion?.at,
      mixedWith: portion?.mixedWith,
      // A registration lets windows begin; what has no counts otherwise passes all intervals by.
      intervals: portion?.intervals ?? (registers ? group.intervals : []),
      counts: portion?.counts ?? [],
      declared: this.#options.declared,
      mayHold: false,
      closes,
      isRest: portion?.isRest ?? false,
      through,
      lossUntil: this.#acknowledged.lossUntil,
      books: this.#acknowledged.books(books),
    }
  }

  /** One try; undefined when it is not known whether the batch was applied. */
  async #attempt(batch: Batch): Promise<Applied | undefined> {
    const { clock, store, storeClock, statistics } = this.#options
    try {
      const reply = await store.apply(batch)
      storeClock.observe(reply)
      this.#holding.heard(reply.storeTimeMs)
      if (reply.status === 'gap') return reply
      this.#heardMs = clock.monotonicMs()
      this.#heardStoreMs = reply.storeTimeMs
      return reply
    } catch (caught) {
      this.#holding.lost()
      statistics.retries++
      this.#reportOnce(asError(caught))
      this.#listener.failed()
      return undefined
    }
  }

  /** Waits, longer with each time, by a random part of it, so that a fleet does not come at once. */
  #pause(firstMs: number, longestMs: number, times: number): Promise<void> {
    const { clock, random } = this.#options
    const longMs = Math.min(longestMs, firstMs * 2 ** times)
    const signal = this.#hurry.signal.aborted ? this.#stop.signal : this.#hurry.signal
    return delay(clock, longMs * (0.5 + random() / 2), signal)
  }

  /** Whether the store does not know this client since it has not heard it for so long that its entry may be gone. */
  #isTidiedAway({ storeTimeMs }: Applied): boolean {
    if (this.#heardStoreMs === undefined) return false
    return storeTimeMs - this.#heardStoreMs > clientLifeSeconds(this.#options.group) * 1000
  }

  /** What the store has of another process that counts under this client's id, where an answer shows that there is one. */
  #twinsIn(
    reply: Applied | undefined,
    batch: Batch,
    newest: Batch,
    failures: number,
  ): LastApplied | undefined {
    if (reply?.status !== 'duplicate' && reply?.status !== 'gap') return undefined
    const isFirst = failures === 0 && batch.number > this.#lastNumber
    const { kept } = this.#acknowledged
    return showsTwin(reply, batch, newest, kept, isFirst) ? reply : undefined
  }

  /**
   * Another process counts under this client's id. From here on this one has an id of its own.
   *
   * @param isInDoubt whether a try of the newest batch was not answered
   * @returns what is to be sent under it, the newest batch last; undefined where that was given up
   */
  #partFromTwin(
    newest: Batch,
    reply: LastApplied,
    isInDoubt: boolean,
  ): readonly Batch[] | undefined {
    const { group, identity = ownIdentity, logger } = this.#options
    const shared = this.#clientId
    this.#clientId = identity.clientId()
    logger.error(
      { group: group.name, shared, client: this.#clientId },
      `group "${group.name}": another process counts as ${shared}, too, such as a copy of this machine or of its memory; from now on this one is ${this.#clientId}. What was not sent when it was copied may be counted twice`,
    )
    const out = this.#acknowledged.kept.filter((batch) => fateOf(batch, reply) === 'out')
    if (isInDoubt && newest.counts.length > 0 && fateOf(newest, reply) === 'unknown') {
      this.#giveUp(newest, sumCounts([newest, ...out].flatMap(({ counts }) => counts)), SHARED)
      return undefined
    }
    return this.#acknowledged.beginAnewAs(this.#clientId, [...out, newest], newest)
  }

  /** The client's entry is gone, and with it the answer to whether a batch that went unanswered was applied. */
  #giveUp(batch: Batch, events: number, why: string): void {
    const { group, logger, statistics } = this.#options
    statistics.unknown += events
    this.#inFlight = undefined
    this.#lastNumber = 0
    this.#acknowledged.beginAnewWithout(batch)
    logger.error(
      { group: group.name, events },
      `group "${group.name}": it is not known whether ${events} events were counted: ${why}`,
    )
  }

  #settle(batch: Batch, reply: Acknowledged, sentMs: number): Delivered {
    const failures = reply.status === 'applied' ? reply.failures : []
    this.#acknowledged.add(batch, failures, sentMs)
    const misplaced = reply.status === 'applied' && reply.placements.some(isMisplaced)
    // What failed in some intervals has been counted with the batch that it was in.
    const events = batch.isRest ? 0 : sumCounts(batch.counts)
    const { statistics } = this.#options
    if (misplaced) statistics.late += events
    if (batch.number <= this.#lastNumber) {
      if (reply.status === 'applied') statistics.replayed += events
      // What is hopeless was so the first time.
      return { batch, failures: failures.filter(({ retry }) => retry) }
    }
    this.#inFlight = undefined
    this.#lastNumber = batch.number
    this.#reported.clear()
    if (batch.counts.length > 0) {
      statistics.batches++
      statistics.applied += events
      this.#lookForMaster(reply)
    }
    return { batch, failures }
  }

  #lookForMaster(reply: Acknowledged): void {
    if (reply.status !== 'applied') return
    if (!reply.placements.some(isMisplaced)) this.#holding.windowsTurn()
    // Without a hold there was no waiting for one.
    const waited = !this.#hurry.signal.aborted
    if (reply.placements.includes('ahead') && waited) this.#holding.noMaster()
  }

  #reportOnce(error: Error): void {
    // The store's own troubles are reported where they happen, once for all groups.
    if (error instanceof StoreError || this.#reported.has(error.message)) return
    this.#reported.add(error.message)
    const { group, logger } = this.#options
    logger.error({ err: error, group: group.name }, `group "${group.name}": ${error.message}`)
  }
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

function isMisplaced(placement: Placement): boolean {
  return placement === 'late' || placement === 'ahead'
}
