import type { Counts } from './tally.ts'

/** How many rows that do not balance are worth a look. */
const WRONG_ROWS = 10

/** One event's counts, from each source. */
export interface BalanceRow {
  readonly event: string
  /** One for each source, in their order; 0 where the source does not know the event. */
  readonly counts: readonly number[]
  /** Whether all sources agree. */
  readonly same: boolean
}

/**
 * Sets counts from several sources side by side.
 *
 * @returns a row for each event that any source knows, the most frequent first, by the first source
 */
export function balance(sources: readonly Counts[]): BalanceRow[] {
  const events = new Set(sources.flatMap((counts) => [...counts.keys()]))
  return Array.from(events, (event) => {
    const counts = sources.map((source) => source.get(event) ?? 0)
    return { event, counts, same: counts.every((n) => n === counts[0]) }
  }).sort(byCount)
}

/** Sums each source up. */
export function totalOf(rows: readonly BalanceRow[], event: string): BalanceRow {
  const width = rows[0]?.counts.length ?? 0
  const counts = Array.from({ length: width }, (_, index) =>
    rows.reduce((sum, row) => sum + (row.counts[index] ?? 0), 0),
  )
  return { event, counts, same: rows.every((row) => row.same) }
}

/**
 * Sums up what is beyond the first rows, but neither hides the first rows that do not balance, nor that there are more
 * of them: the sum is marked by them even where the differences cancel out.
 *
 * @param keep how many rows stay as they are
 */
export function foldRows(rows: readonly BalanceRow[], keep: number): BalanceRow[] {
  const wrong = new Set(rows.filter(({ same }) => !same).slice(0, WRONG_ROWS))
  const isKept = (row: BalanceRow, index: number) => index < keep || wrong.has(row)
  const rest = rows.filter((row, index) => !isKept(row, index))
  if (rest.length < 2) return [...rows]
  return [...rows.filter(isKept), totalOf(rest, `${rest.length} others`)]
}

function byCount(a: BalanceRow, b: BalanceRow): number {
  const difference = (b.counts[0] ?? 0) - (a.counts[0] ?? 0)
  if (difference !== 0) return difference
  return a.event < b.event ? -1 : 1
}
