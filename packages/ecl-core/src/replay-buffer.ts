import { type Batch, sumCounts } from './batch.ts'

/** How far back acknowledged batches are kept. */
export interface ReplayBounds {
  /** For how long after its reply the store may still forget a batch, ms. */
  readonly lossWindowMs: number
  /** The most counts to keep, over all batches; one without counts weighs as one. */
  readonly limit: number
}

/** A batch that the store has acknowledged and may still forget. */
interface Kept {
  readonly number: number
  /** Sum of its counts. */
  readonly events: number
  readonly weight: number
  /** Undefined where the bound on memory has pushed it out: then only its size is known. */
  batch: Batch | undefined
  /** By the monotonic clock. */
  repliedAtMs: number
}

/** What is to be done when the store has gone back to an earlier number. */
export interface Replay {
  /** To be sent again, in this order. */
  readonly batches: readonly Batch[]
  /** The sum of the counts of those that had to leave for want of room. */
  readonly lostEvents: number
}

/**
 * Acknowledged batches that a crash or a failover of the store may still undo.
 *
 * A batch leaves only when a reply arrives to a later batch that was sent more than the loss window after its own reply:
 * that reply says that the store has everything before it, now that the time is over in which it could still forget. No
 * timer may do that: it would empty the buffer during the very outage after which it is needed.
 */
export class ReplayBuffer {
  readonly #bounds: ReplayBounds
  /** By their numbers, which ascend without gaps. Dropping the oldest of an array would move all the others. */
  readonly #kept = new Map<number, Kept>()
  #oldest = 0
  #newest = 0
  /** No batch before this number is kept with its counts. */
  #fullFrom = 0
  #weight = 0

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds
  }

  /** How many counts are kept; a batch without counts weighs as one. */
  get weight(): number {
    return this.#weight
  }

  /**
   * Takes in the reply to a batch: it is kept from now on, and those before it may leave.
   *
   * @param sentMs when that try of the batch was sent, which the reply answered
   * @param repliedAtMs when the reply came; both by the monotonic clock
   * @returns how many counts had to leave too early, for want of room
   */
  acknowledge(batch: Batch, sentMs: number, repliedAtMs: number): number {
    const { lossWindowMs } = this.#bounds
    for (let first = this.#kept.get(this.#oldest); first !== undefined; ) {
      if (first.number >= batch.number || first.repliedAtMs >= sentMs - lossWindowMs) break
      this.#kept.delete(first.number)
      if (first.batch !== undefined) this.#weight -= first.weight
      first = this.#kept.get(++this.#oldest)
    }
    if (this.#kept.size > 0 && batch.number <= this.#newest) {
      // It has been sent once more, and may be forgotten once more.
      const known = this.#kept.get(batch.number)
      if (known?.batch !== undefined) known.batch = batch
      if (known !== undefined) known.repliedAtMs = repliedAtMs
      return 0
    }
    const weight = Math.max(1, batch.counts.length)
    const events = sumCounts(batch.counts)
    if (this.#kept.size === 0) this.#oldest = batch.number
    this.#newest = batch.number
    this.#kept.set(batch.number, { number: batch.number, events, weight, batch, repliedAtMs })
    this.#weight += weight
    return this.#makeRoom()
  }

  /** What is to be sent again to a store that knows nothing after a number. */
  after(number: number): Replay {
    const batches: Batch[] = []
    let lostEvents = 0
    for (const kept of this.#kept.values()) {
      if (kept.number <= number) continue
      if (kept.batch === undefined) lostEvents += kept.events
      else batches.push(kept.batch)
    }
    return { batches, lostEvents }
  }

  /** Forgets everything: what was acknowledged will not be asked for again. */
  clear(): void {
    this.#kept.clear()
    this.#fullFrom = 0
    this.#weight = 0
  }

  #makeRoom(): number {
    let pushedOut = 0
    this.#fullFrom = Math.max(this.#fullFrom, this.#oldest)
    while (this.#weight > this.#bounds.limit && this.#fullFrom <= this.#newest) {
      const kept = this.#kept.get(this.#fullFrom++)
      if (kept?.batch === undefined) continue
      kept.batch = undefined
      this.#weight -= kept.weight
      pushedOut += kept.events
    }
    return pushedOut
  }
}
