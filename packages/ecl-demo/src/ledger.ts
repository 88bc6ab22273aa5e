import { graceMs, type Reading } from 'ecl-core'
import type { Counts } from './tally.ts'

/** A window as it was when it was last looked at. */
interface Entry {
  readonly counts: Counts
  /** By the store's clock. */
  readonly seenMs: number
}

/**
 * What ECL counted in the windows of one group and interval over a whole run.
 *
 * Each closed window is in it once, by its start, as it was when it was last seen: counts that arrive late may still go
 * into the last finished window. What the current window holds is added while it is not closed.
 */
export class Ledger {
  readonly #closed = new Map<number, Entry>()
  #open: (Entry & { readonly start: number | undefined }) | undefined

  /** Enters a reading. */
  note({ cur, last, storeTimeMs: seenMs }: Reading): void {
    if (last?.start !== undefined) {
      this.#closed.set(last.start, { counts: toNumbers(last.counts), seenMs })
    }
    if (cur !== undefined) this.#open = { start: cur.start, counts: toNumbers(cur.counts), seenMs }
  }

  /** Counts of a closed window; undefined where it has not been seen. */
  window(start: number): Counts | undefined {
    return this.#closed.get(start)?.counts
  }

  /**
   * How many windows cannot be relied on: not seen at all, or not since they were settled, one grace after their end.
   *
   * @param seconds length of a window
   * @param fromMs when logging began
   * @param doneMs when everything that was logged had been counted
   */
  unsettled(seconds: number, fromMs: number, doneMs: number): number {
    const length = seconds * 1000
    let unsettled = 0
    for (let startMs = Math.floor(fromMs / length) * length; startMs <= doneMs; startMs += length) {
      const start = startMs / 1000
      const entry = this.#open?.start === start ? this.#open : this.#closed.get(start)
      const settledMs = Math.min(doneMs, startMs + length + graceMs(seconds))
      if (entry === undefined || entry.seenMs < settledMs) unsettled++
    }
    return unsettled
  }

  /** Event → count over all windows. */
  get totals(): Counts {
    const windows = Array.from(this.#closed.values(), ({ counts }) => counts)
    if (this.#open !== undefined) windows.push(this.#open.counts)
    const totals = new Map<string, number>()
    for (const counts of windows) {
      for (const [event, n] of counts) totals.set(event, (totals.get(event) ?? 0) + n)
    }
    return totals
  }
}

function toNumbers(counts: ReadonlyMap<string, bigint>): Counts {
  return new Map(Array.from(counts, ([event, n]) => [event, Number(n)]))
}
