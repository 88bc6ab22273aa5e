import type { CaseResult } from '../results.ts'
import { figureOf } from '../results.ts'
import type { Step } from './sweeps.ts'

/** A point of a curve, with how far it scattered. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly least: number
  readonly most: number
  /** The curve it belongs to, as the legend has it. */
  readonly series: string
}

/** What a run has found, by the cases' ids. */
export type GrowthResults = ReadonlyMap<string, CaseResult>

/**
 * The points of one contestant's curve; none where nothing was measured.
 *
 * @param along the measure that tells the place on the axis, where it was not given but found
 */
export function curve(
  results: GrowthResults,
  steps: readonly Step[],
  ...[contestant, measure, series, along]: readonly [string, string, string, string?]
): Point[] {
  return steps.flatMap(({ x, benchmark }) => {
    const result = results.get(benchmark.id)
    if (result === undefined) return []
    const found = figureOf(result, contestant, measure)
    const at = along === undefined ? x : figureOf(result, contestant, along)?.median
    if (found === undefined || at === undefined) return []
    return [{ x: at, y: found.median, least: found.least, most: found.most, series }]
  })
}
