import { addCounts, type Batch, type Count, type Place } from './batch.ts'
import type { Delivered } from './delivery.ts'
import { windowStart } from './interval.ts'

/** Where the counts of one client are that have not been acknowledged. */
export interface UnsentSource {
  /** The client's ID; undefined where nothing has ever been counted, so that no reading can hold any of it. */
  readonly client: string | undefined
  readonly inFlight: Batch | undefined
  /** What has been counted and not been sent. */
  waitingOf(place: Place): Count
  /** How many attempts to deliver have failed. */
  readonly failedAttempts: number
  /** Whether delivery has ended. */
  readonly stopped: boolean
  /** When the batch in flight has been acknowledged, or an attempt has failed. */
  nextProgress(): Promise<void>
}

/**
 * What of a client's counts a reading of the store does not hold, which was begun after this.
 *
 * The reading names the client's batch that was applied last as of its instant. All later ones are added: that in flight,
 * and those that have been acknowledged since. So nothing is counted twice and nothing is left out, and neither delivery
 * nor other readers have to wait.
 */
export class UnsentView {
  readonly #source: UnsentSource
  /** Whose last batch the reading has to name; undefined where there is none. */
  readonly client: string | undefined
  /** By their numbers: what the store has forgotten is acknowledged twice. */
  readonly #acknowledged = new Map<number, Delivered>()

  constructor(source: UnsentSource) {
    this.#source = source
    this.client = source.client
  }

  /** A batch has been acknowledged since the reading began. */
  acknowledged(delivered: Delivered): void {
    this.#acknowledged.set(delivered.batch.number, delivered)
  }

  /**
   * Waits until it is known what the store has not taken of the batches that a reading holds, as that waits here again;
   * but for one attempt at most, as a store may answer readers and refuse what is sent to it.
   *
   * @param lastApplied as the reading has it
   */
  async heardOf(lastApplied: number): Promise<void> {
    const source = this.#source
    const { failedAttempts } = source
    const isOpen = () =>
      !source.stopped && source.inFlight !== undefined && source.inFlight.number <= lastApplied
    while (isOpen() && source.failedAttempts === failedAttempts) await source.nextProgress()
  }

  /** What is to be added to a reading. */
  countOf(place: Place, lastApplied: number): Count {
    // What was counted since the reading began may be left out, and whether it holds some of it is not known.
    if (this.client === undefined) return 0
    let sum = this.#source.waitingOf(place)
    const { inFlight } = this.#source
    if (inFlight !== undefined && inFlight.number > lastApplied) {
      sum = addCounts(sum, countIn(inFlight, place))
    }
    for (const { batch, failures } of this.#acknowledged.values()) {
      // What was not taken waits again, or never will be counted.
      const failed = failures.some(
        ({ event, interval }) => event === place.event && interval === place.interval,
      )
      if (batch.number > lastApplied && !failed) sum = addCounts(sum, countIn(batch, place))
    }
    return sum
  }
}

function countIn({ at, intervals, counts }: Batch, { event, interval, window }: Place): Count {
  // A batch of what some intervals could not take is for these alone.
  if (at === undefined || !intervals.includes(interval)) return 0
  if (windowStart(at, interval) !== window) return 0
  return counts.find(([name]) => name === event)?.[1] ?? 0
}
