import type { CellContext } from './cell-context.ts'

/** What a number counts, and which of two is better: of rates the higher one, of all others the lower one. */
export type Unit =
  | 'ns'
  | 'µs'
  | 'ms'
  | 's'
  | 'bytes'
  | 'KiB'
  | '%'
  | 'a second'
  | 'events/s'
  | 'lines/s'

/** One of the things that are measured of each contestant in a case. */
export interface Measure {
  /** As the head of a column: `server CPU a flush`. */
  readonly title: string
  readonly unit: Unit
}

/** What a cell found, by the measures' ids. What is missing was not measured. */
export type Figures = Readonly<Record<string, number>>

/** One of those who are compared. Each of its measurements runs in a process of its own. */
export interface Contestant {
  /** Unique in its case: `ecl`, `prom-client`. */
  readonly id: string
  readonly title: string
  /**
   * `ours` is what the case is about; `peer` does the same job otherwise; `floor` does less, so that it shows what there
   * is to be gained at most.
   */
  readonly kind: 'ours' | 'peer' | 'floor'
  /** What the user has to give to have it measured; without that, it is "not measured". */
  readonly needs?: 'python'
  /** Set-up, warm-up and measurement. What it starts by the context is ended for it. */
  readonly run: (context: CellContext) => Promise<Figures>
}

/** A bound that one figure, or the ratio of two from the same round, is to keep. */
export interface Goal {
  /** What it means, as a row of the table of goals. */
  readonly says: string
  readonly measure: string
  /** The contestant whose figure it is. */
  readonly of: string
  /** The contestant that it is divided by; absent for an absolute bound. */
  readonly against?: string
  readonly atMost?: number
  readonly atLeast?: number
}

/** Contestants that do the same in the same run. */
export interface BenchmarkCase {
  /** For `--only`. */
  readonly id: string
  readonly title: string
  /** What exactly is done, in a sentence or two, where title and measures do not tell. */
  readonly about?: string
  readonly measures: Readonly<Record<string, Measure>>
  readonly contestants: readonly Contestant[]
  readonly goals: readonly Goal[]
  /** Takes longer than a quick run has time for. */
  readonly slow?: boolean
  /** Contestants do next to nothing, so that they are measured at the same time. */
  readonly together?: boolean
  /** Figures of it do not scatter, so that this many rounds are enough. Default: those of the run. */
  readonly rounds?: number
}

/** Whether more of a unit is better. */
export function isRate(unit: Unit): boolean {
  return unit === 'a second' || unit === 'events/s' || unit === 'lines/s'
}
