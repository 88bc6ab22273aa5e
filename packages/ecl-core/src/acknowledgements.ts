import { type Batch, type Books, sumCounts } from './batch.ts'
import type { DeliveryOptions } from './delivery.ts'
import type { EpochSeconds } from './interval.ts'
import { ReplayBuffer } from './replay-buffer.ts'
import type { ApplyFailure } from './store/counter-store.ts'

/**
 * What the store has acknowledged to a client, and what becomes of that when the store has forgotten it: after a crash
 * without its last writes, after a failover to a replica that lagged behind, after a client's entry was tidied away.
 */
export class Acknowledgements {
  readonly #options: DeliveryOptions
  readonly #replay: ReplayBuffer
  /** Counts from before this instant may be lost. */
  #lossUntil = 0 as EpochSeconds
  /** What was entered into books that are gone with the client's entry. */
  #settledEvents = 0
  /** Of which batch a loss was last told, and to which number the store had gone back. */
  #toldLoss = ''
  #toldNoRoom = false

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#replay = new ReplayBuffer({
      lossWindowMs: options.store.lossWindowMs,
      limit: options.group.replayLimit,
    })
  }

  /** Counts from before this instant are not in, and will not be: lost by the store, or refused by it; 0 for none. */
  get lossUntil(): EpochSeconds {
    return this.#lossUntil
  }

  /** Counts from before this instant may never be in. */
  #doubt(until: EpochSeconds): void {
    this.#lossUntil = Math.max(this.#lossUntil, until) as EpochSeconds
  }

  /** The client's books as its entry in the store has them. */
  books(books: Omit<Books, 'replayed'>): Books {
    const { replayed } = this.#options.statistics
    return { ...books, logged: books.logged - this.#settledEvents, replayed }
  }

  /**
   * The store has acknowledged a batch.
   *
   * @param failures the counts that it did not take
   * @param sentMs when that try was sent, by the monotonic clock
   */
  add(batch: Batch, failures: readonly ApplyFailure[], sentMs: number): void {
    const nowMs = this.#options.clock.monotonicMs()
    const pushedOut = this.#replay.acknowledge(replayable(batch, failures), sentMs, nowMs)
    if (pushedOut > 0) this.#noteNoRoom()
    // What is refused will never be in.
    if (failures.some(({ retry }) => !retry)) this.#doubt(this.#nowSeconds())
  }

  /**
   * The store has gone back to a state before batches that it had acknowledged.
   *
   * @param newest the batch that it did not take for that
   * @param lastApplied the number that it knows
   * @returns what is to be sent instead: the batches that can be replayed, and then the newest
   */
  rewind(newest: Batch, lastApplied: number): readonly Batch[] {
    const { batches, lostEvents } = this.#replay.after(lastApplied)
    const lostBatches = newest.number - 1 - lastApplied - batches.length
    // Where the store goes back to the same number twice before the newest batch gets through, it is the same loss.
    const loss = `${newest.number} after ${lastApplied}`
    if (lostBatches > 0 && loss !== this.#toldLoss) {
      this.#toldLoss = loss
      this.#noteLoss(lostBatches, lostEvents)
    }
    let follows = lastApplied
    return [...batches, newest].map((batch) => {
      const linked = { ...batch, follows, lossUntil: this.#lossUntil }
      follows = batch.number
      return linked
    })
  }

  /** The store has tidied the entry away: the books begin anew with a batch, which is the first one it knows. */
  beginAnewWith(newest: Batch): Batch {
    const left = newest.books.unsent + sumCounts(newest.counts)
    return { ...newest, follows: 0, books: this.#beginNewBooks(newest.books, left) }
  }

  /** The same, where a batch is given up with the entry, as it is not known whether it was counted. */
  beginAnewWithout(batch: Batch): void {
    this.#beginNewBooks(batch.books, batch.books.unsent)
    this.#doubt(this.#nowSeconds())
  }

  /** What was acknowledged, and may still be forgotten. */
  get kept(): readonly Batch[] {
    return this.#replay.after(0).batches
  }

  /**
   * The client takes another id, and with it an entry of its own: the books begin anew with these batches, which are the
   * first ones that the store knows of it.
   *
   * @param batches the newest is the last of them
   */
  beginAnewAs(clientId: string, batches: readonly Batch[], newest: Batch): readonly Batch[] {
    const events = (batch: Batch) => (batch.isRest ? 0 : sumCounts(batch.counts))
    let unsent = newest.books.unsent + batches.reduce((sum, batch) => sum + events(batch), 0)
    const { logged } = this.#beginNewBooks(newest.books, unsent)
    let follows = 0
    return batches.map((batch) => {
      unsent -= events(batch)
      const books = { ...newest.books, logged, unsent }
      const linked = { ...batch, clientId, follows, books, lossUntil: this.#lossUntil }
      follows = batch.number
      return linked
    })
  }

  #beginNewBooks(books: Books, logged: number): Books {
    this.#replay.clear()
    this.#settledEvents += books.logged - logged
    return { ...books, logged }
  }

  #noteLoss(lostBatches: number, lostEvents: number): void {
    this.#doubt(this.#nowSeconds())
    const { group, logger, statistics } = this.#options
    statistics.forgottenBatches += lostBatches
    const size =
      lostEvents === 0 ? '' : `, ${lostEvents} events of them for want of room (replay_limit)`
    logger.error(
      { group: group.name, lostBatches, lostEvents },
      `group "${group.name}": the store has forgotten ${lostBatches} batches of counts that it had acknowledged, and they cannot be replayed${size}; see loss_window`,
    )
  }

  #noteNoRoom(): void {
    if (this.#toldNoRoom) return
    this.#toldNoRoom = true
    const { group, logger } = this.#options
    logger.warn(
      { group: group.name },
      `group "${group.name}": more than ${group.replayLimit} counts were sent within the time for which a crash of the store may undo them, so not all of them could be replayed; raise replay_limit`,
    )
  }

  #nowSeconds(): EpochSeconds {
    return Math.ceil(this.#options.storeClock.nowMs() / 1000) as EpochSeconds
  }
}

/**
 * A batch as it may be sent once more. Counts that are going to be sent in a batch of their own, since the store could not
 * take them, must not come twice.
 */
function replayable(batch: Batch, failures: readonly ApplyFailure[]): Batch {
  const again = new Set(failures.filter(({ retry }) => retry).map(({ event }) => event))
  if (again.size === 0) return batch
  return { ...batch, counts: batch.counts.filter(([event]) => !again.has(event)) }
}
