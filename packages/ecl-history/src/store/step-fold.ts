/** Folds tiles into the steps that were asked for. */

/** A tile as it is read: a window, or a minute, an hour or a day of a roll-up. */
export interface Tile {
  readonly start: number
  readonly windows: number
  readonly publishedMs: number
  readonly revision: number
  /** See completeness-rank.ts. */
  readonly rank: number
  readonly late: bigint
  readonly total: bigint
}

/** One event in a tile. */
export interface TileCount {
  readonly start: number
  /** Its number in the database. */
  readonly event: number
  /** How many windows of the tile have a count of it. */
  readonly windows: number
  readonly sum: bigint
  /** The least and the most of those counts. */
  readonly least: bigint
  readonly most: bigint
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] }

/** A step that was asked for. */
export interface FoldedStep {
  readonly known: Tile
  readonly counts: ReadonlyMap<number, TileCount>
}

interface OpenStep {
  known: Open<Tile>
  readonly counts: Map<number, Open<TileCount>>
}

/** Takes what is read in the order of its start, and gives steps when they are over. */
export class StepFold {
  readonly #startOf: (at: number) => number
  readonly #open = new Map<number, OpenStep>()

  /** @param startOf the start of the step that holds an instant */
  constructor(startOf: (at: number) => number) {
    this.#startOf = startOf
  }

  /** Adds a tile, before its counts. */
  addTile(tile: Tile): void {
    const start = this.#startOf(tile.start)
    const step = this.#open.get(start)
    if (step === undefined) {
      this.#open.set(start, { known: { ...tile, start }, counts: new Map() })
      return
    }
    const sum = step.known
    sum.windows += tile.windows
    sum.publishedMs = Math.max(sum.publishedMs, tile.publishedMs)
    sum.revision = Math.max(sum.revision, tile.revision)
    sum.rank = Math.max(sum.rank, tile.rank)
    sum.late += tile.late
    sum.total += tile.total
  }

  /** Adds a count of a tile. */
  addCount(count: TileCount): void {
    const counts = this.#open.get(this.#startOf(count.start))?.counts
    if (counts === undefined) throw new Error('bug: a count of a tile that is not known')
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
