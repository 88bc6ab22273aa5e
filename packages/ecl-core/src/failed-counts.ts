import type { Backlog, Horizon } from './backlog.ts'
import type { Batch, Count } from './batch.ts'
import type { Delivered, DeliveryOptions } from './delivery.ts'
import type { Interval } from './interval.ts'
import type { ApplyFailure } from './store/counter-store.ts'

/** A sum beyond 64 bits. */
const FULL = /would overflow/

/** Bounds what is remembered of what was reported. */
const MAX_REPORTS = 1000

/** Deals with counts that the store has not taken, while it took the rest of their batch. */
export class FailedCounts {
  readonly #options: DeliveryOptions
  readonly #backlog: Backlog
  readonly #reported = new Set<string>()

  /** @param backlog where counts go that are to be sent again */
  constructor(options: DeliveryOptions, backlog: Backlog) {
    this.#options = options
    this.#backlog = backlog
  }

  /**
   * Sends again what may succeed, and gives up what cannot, with a report.
   *
   * @param serial the age of the counts, for who waits for them
   * @returns whether something has to be sent again
   */
  settle({ batch, failures }: Delivered, serial: number, horizon: Horizon): boolean {
    if (batch.at === undefined || failures.length === 0) return false
    const counts = new Map(batch.counts)
    const again = new Map<Interval, Map<string, Count>>()
    const refused = new Set<string>()
    for (const failure of failures) {
      this.#report(failure)
      if (!failure.retry) {
        refused.add(failure.event)
        continue
      }
      const rest = again.get(failure.interval) ?? new Map<string, Count>()
      rest.set(failure.event, counts.get(failure.event) ?? 0)
      again.set(failure.interval, rest)
    }
    for (const [interval, rest] of again) this.#addRest(batch, interval, rest, serial, horizon)
    for (const event of refused) this.#options.statistics.rejected += Number(counts.get(event) ?? 0)
    return again.size > 0
  }

  #addRest(
    { at }: Batch,
    interval: Interval,
    rest: ReadonlyMap<string, Count>,
    serial: number,
    horizon: Horizon,
  ): void {
    if (at === undefined) return
    this.#backlog.addRest({ at, intervals: [interval], counts: [...rest], serial }, horizon)
  }

  /** Once for each event that is refused, once for all that is tried again. */
  #report({ interval, event, message, retry }: ApplyFailure): void {
    const { group, logger } = this.#options
    const window = `${group.name}:${interval.spec}:cur`
    const key = `${window}:${event}`
    const topic = retry ? message : key
    const [kind, place] =
      group.layout === 'hash'
        ? ['field', `its field of the hash "${window}"`]
        : ['key', `the key "${key}"`]
    // What is full is a count of ours, or as good as one: deleted, it would be missing.
    const why = FULL.test(message)
      ? `${place} has no room (${message}); it is counted again from the next window on`
      : `${place} holds something else than a count (${message}); delete that ${kind}`
    if (this.#reported.has(topic) || this.#reported.size > MAX_REPORTS) return
    this.#reported.add(topic)
    logger.error(
      { group: group.name, interval: interval.spec, event },
      retry
        ? `group "${group.name}": counts were not taken, and are sent again: ${message}`
        : `group "${group.name}": "${event}" cannot be counted, as ${why}`,
    )
  }
}
