import type { EpochSeconds, Interval } from 'ecl-core'
import type { HistoryStep } from '../../history.ts'
import type { TimeRange } from '../../query/runs.ts'
import type { Step } from '../../query/step.ts'
import { instantText } from '../../query/time-text.ts'

/** What is to be printed, and where it goes. */
export interface Page {
  readonly group: string
  readonly interval: Interval
  readonly step: Step
  readonly range: TimeRange
  readonly zone: string
  /**
   * Events that are there with 0 where they did not happen, in code-point order: what the config declares, or what was
   * asked for.
   */
  readonly declared: readonly string[]
  /** The sum of each event over the whole time, the largest first, for those who draw columns. */
  readonly sums: readonly (readonly [event: string, sum: bigint])[]
  /** A terminal takes some characters for commands, and so must not get them. */
  readonly terminal: boolean
  /** Whether a spreadsheet must not take names for formulas. */
  readonly defuseFormulas?: boolean
  /** The terminal's width, or how wide text for people is to be. */
  readonly columns: number
  readonly colour: boolean
}

/** Turns steps into text, piece by piece; pure. */
export type Format = (steps: AsyncIterable<HistoryStep>, page: Page) => AsyncIterable<string>

/** Counts of a step that is known, in code-point order, with the zeroes of what is declared. */
export function countsOf(
  { rows }: HistoryStep,
  { declared }: Pick<Page, 'declared'>,
  sort: (names: readonly string[]) => string[],
): [event: string, sum: bigint][] {
  const counts = new Map(rows.map(({ event, sum }) => [event, sum]))
  const missing = declared.filter((event) => !counts.has(event))
  if (missing.length === 0) return [...counts]
  return sort([...counts.keys(), ...missing]).map((event) => [event, counts.get(event) ?? 0n])
}

/** An instant for people: with seconds where the steps begin at such. */
export function timeOf(at: EpochSeconds, { step, interval, zone }: Page): string {
  const seconds = step.unit === 'seconds' ? step.seconds : interval.seconds
  const byMinutes = step.unit !== 'seconds' && step.unit !== 'window'
  return instantText(at, zone, !byMinutes && seconds % 60 !== 0)
}

/** Whether nothing is known of a step. */
export function isGap({ windows }: Pick<HistoryStep, 'windows'>): boolean {
  return windows === 0
}
