/** Folds what is known of windows, or of steps of a roll-up, into the steps that were asked for. */

/** Windows as a whole, as they are read: one, or a step of a roll-up. */
export interface KnownWindows {
  readonly start: number
  readonly windows: number
  readonly publishedMs: number
  readonly revision: number
  /** See completeness-rank.ts. */
  readonly rank: number
  readonly late: bigint
  readonly total: bigint
}

/** One event as it is read: in one window, or in a step of a roll-up. */
export interface KnownCount {
  readonly start: number
  /** Its number in the database. */
  readonly event: number
  /** How many windows have a count of it. */
  readonly windows: number
  readonly sum: bigint
  /** The least and the most of those counts. */
  readonly least: bigint
  readonly most: bigint
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] }

/** A step that was asked for. */
export interface FoldedStep {
  readonly known: KnownWindows
  readonly counts: ReadonlyMap<number, KnownCount>
}

interface OpenStep {
  known: Open<KnownWindows>
  readonly counts: Map<number, Open<KnownCount>>
}

/** Takes what is read in the order of its start, and gives steps when they are over. */
export class StepFold {
  readonly #startOf: (at: number) => number
  readonly #open = new Map<number, OpenStep>()

  /** @param startOf the start of the step that holds an instant */
  constructor(startOf: (at: number) => number) {
    this.#startOf = startOf
  }

  /** Adds windows before their counts. */
  addWindows(known: KnownWindows): void {
    const start = this.#startOf(known.start)
    const step = this.#open.get(start)
    if (step === undefined) {
      this.#open.set(start, { known: { ...known, start }, counts: new Map() })
      return
    }
    const sum = step.known
    sum.windows += known.windows
    sum.publishedMs = Math.max(sum.publishedMs, known.publishedMs)
    sum.revision = Math.max(sum.revision, known.revision)
    sum.rank = Math.max(sum.rank, known.rank)
    sum.late += known.late
    sum.total += known.total
  }

  /** Adds a count. */
  addCount(count: KnownCount): void {
    const counts = this.#open.get(this.#startOf(count.start))?.counts
    if (counts === undefined) throw new Error('bug: a count of a window that is not known')
    const sum = counts.get(count.event)
    if (sum === undefined) {
      counts.set(count.event, count)
      return
    }
    counts.set(count.event, {
      start: sum.start,
      event: sum.event,
      windows: sum.windows + count.windows,
      sum: sum.sum + count.sum,
      least: sum.least < count.least ? sum.least : count.least,
      most: sum.most > count.most ? sum.most : count.most,
    })
  }

  /** Takes out the steps that begin before the one that holds an instant: no more comes for them. */
  take(until: number): readonly FoldedStep[] {
    const current = this.#startOf(until)
    const over = [...this.#open].filter(([start]) => start < current)
    for (const [start] of over) this.#open.delete(start)
    return over.map(([, step]) => step)
  }

  /** Takes out what is left. */
  takeAll(): readonly FoldedStep[] {
    return this.take(Number.POSITIVE_INFINITY)
  }
}
