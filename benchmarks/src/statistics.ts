/** A figure over the rounds of a run. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** The middle one; the mean of the two in the middle of an even number. @throws where there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1]
  const lower = sorted[(sorted.length - 1) >> 1]
  if (upper === undefined || lower === undefined) throw new RangeError('no values, no median')
  return (lower + upper) / 2
}

/** Median and bounds. @throws where there is nothing */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/** The value that so many of 1 are not above. @throws where there is none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (at === undefined) throw new RangeError('no values, no quantile')
  return at
}
