import type { Reading } from 'ecl-core'
import type { Counts } from './tally.ts'

/**
 * What ECL counted in the windows of one group and interval over a whole run.
 *
 * Each closed window is in it once, by its start, as it was when it was last seen: counts that arrive late may still go
 * into the last finished window. What the current window holds is added while it is not closed.
 */
export class Ledger {
  readonly #closed = new Map<number, Counts>()
  #open: { readonly start: number | undefined; readonly counts: Counts } | undefined

  /** Enters a reading of both windows. */
  note({ cur, last }: Reading): void {
    if (last?.start !== undefined) this.#closed.set(last.start, toNumbers(last.counts))
    if (cur !== undefined) this.#open = { start: cur.start, counts: toNumbers(cur.counts) }
  }

  /** Counts of a closed window; undefined where it has not been seen. */
  window(start: number): Counts | undefined {
    return this.#closed.get(start)
  }

  /** Event → count over all windows. */
  get totals(): Counts {
    const windows = [...this.#closed.values()]
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
