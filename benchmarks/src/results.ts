import type { BenchmarkCase, Figures, Goal } from './benchmark.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** What a contestant's rounds have found; undefined for one that failed, none for one that was not measured. */
export type Rounds = readonly (Figures | undefined)[]

/** A case with what was found. */
export interface CaseResult {
  readonly benchmark: BenchmarkCase
  /** By the contestants' ids. */
  readonly rounds: ReadonlyMap<string, Rounds>
}

/** What has become of a goal. */
export interface Verdict {
  readonly goal: Goal
  readonly verdict: 'met' | 'missed' | 'not measured'
  /** The figure or the ratio. */
  readonly measured: Spread | undefined
}

/** A contestant's figure; undefined where it was not measured. */
export function figureOf(
  result: CaseResult,
  contestant: string,
  measure: string,
): Spread | undefined {
  return spread(valuesOf(result, contestant, measure))
}

/** How many times another one's figure a contestant's is: each round by itself, as noise hits both of them. */
export function ratioOf(
  result: CaseResult,
  measure: string,
  contestant: string,
  other: string,
): Spread | undefined {
  const others = valuesOf(result, other, measure)
  const ratios = valuesOf(result, contestant, measure).map((value, round) => {
    const divisor = others[round]
    return value === undefined || divisor === undefined ? undefined : value / divisor
  })
  return spread(ratios)
}

/** Compares what was found with what a case is to reach, by the median of its rounds. */
export function verdicts(result: CaseResult): Verdict[] {
  return result.benchmark.goals.map((goal) => {
    const { measure, of, against, atMost = Infinity, atLeast = -Infinity } = goal
    const measured =
      against === undefined ? figureOf(result, of, measure) : ratioOf(result, measure, of, against)
    if (measured === undefined) return { goal, verdict: 'not measured', measured }
    const met = measured.median <= atMost && measured.median >= atLeast
    return { goal, verdict: met ? 'met' : 'missed', measured }
  })
}

function valuesOf(result: CaseResult, contestant: string, measure: string) {
  return (result.rounds.get(contestant) ?? []).map((figures) => figures?.[measure])
}

function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[]
  return known.length === 0 ? undefined : spreadOf(known)
}
