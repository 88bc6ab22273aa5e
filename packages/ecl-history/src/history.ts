import {
  type Completeness,
  type EpochSeconds,
  graceMs,
  type Interval,
  parseInterval,
} from 'ecl-core'
import { type Run, runsOf, type TimeRange } from './query/runs.ts'
import { type Step, stepProblem } from './query/step.ts'
import type { HistoryRow, HistoryStore, KnownStep } from './store/history-store.ts'

/** From the end of a window and its grace until it is in SQL; where archivers are well, it takes far less. */
const ARCHIVING_SECONDS = 15

/** What is asked of a history. */
export interface HistoryRequest {
  readonly group: string
  /** As spelled in the config. */
  readonly interval: string
  /** Seconds since the epoch: from the window or step that holds this instant. */
  readonly from: number
  /** Up to the one that holds this instant; without it, where it begins there. */
  readonly to: number
  /** Only these events; undefined for all. */
  readonly events?: readonly string[] | undefined
  /** Only so many events, those with the largest sums over the whole time. */
  readonly top?: number | undefined
  /** How windows are put together. Default: each by itself. */
  readonly step?: Step | undefined
  /** Whose days and hours the steps are. Default: UTC. */
  readonly zone?: string | undefined
  /** Now, seconds since the epoch: windows that have hardly ended are not expected yet. Default: by this machine's clock. */
  readonly now?: number | undefined
}

/** One window, or the windows of one step. */
export interface HistoryStep {
  readonly start: EpochSeconds
  readonly end: EpochSeconds
  /** How many windows are known in it, and how many should be by now. None: nothing is known, which is not 0. */
  readonly windows: number
  readonly expected: number
  /** The worst of its windows'; `unknown` also where windows are missing. */
  readonly completeness: Completeness['status']
  /** Counts of all events that are in it though they did not happen in it. */
  readonly late: bigint
  /** Counts of all events, also of those that were not asked for. */
  readonly total: bigint
  /** The events that were asked for and happened, in code-point order. */
  readonly rows: readonly HistoryRow[]
}

/** The events of a time, put together. */
export interface HistorySums {
  /** How many windows are known in it, and how many should be by now: the sums are of the former. */
  readonly windows: number
  readonly expected: number
  /** The largest sum first; of equal ones, by name. */
  readonly sums: readonly (readonly [event: string, sum: bigint])[]
}

/** What is in SQL, as those who read it see it: in steps, with what is missing. */
export class History {
  readonly #store: HistoryStore

  /** @param store which the caller closes */
  constructor(store: HistoryStore) {
    this.#store = store
  }

  /**
   * The windows of a time, one by one or in steps, from the oldest on; those that are missing, too, once there has been
   * a first one, and also those of which nothing is kept any more. The first and the last step are whole.
   *
   * @throws RangeError for a text that is no interval, and a step that is no multiple of the windows; StoreError
   */
  async *query(request: HistoryRequest): AsyncGenerator<HistoryStep> {
    const { step = { unit: 'window' }, zone = 'UTC', top } = request
    const { seconds } = intervalOf(request)
    const problem = stepProblem(step, seconds)
    if (problem !== undefined) throw new RangeError(problem)
    const events =
      top === undefined ? request.events : (await this.sums(request)).sums.map(([name]) => name)
    const expected = await this.#expectedTime(request)
    for (const run of runsOf(request, step, seconds, zone)) {
      yield* this.#steps(run, { ...request, events, top: undefined }, seconds, expected)
    }
  }

  /** The sum of each event over all steps. @throws as query */
  async sums(request: HistoryRequest): Promise<HistorySums> {
    const { step = { unit: 'window' }, zone = 'UTC' } = request
    const { seconds } = intervalOf(request)
    const runs = [...runsOf(request, step, seconds, zone)]
    const [first, last] = [runs.at(0), runs.at(-1)]
    if (first === undefined || last === undefined) return { windows: 0, expected: 0, sums: [] }
    const all: Run = { from: first.from, to: last.to, stepSeconds: last.to - first.from }
    let [windows, expected] = [0, 0]
    const sums: [string, bigint][] = []
    for await (const one of this.#steps(all, request, seconds, await this.#expectedTime(request))) {
      windows += one.windows
      expected += one.expected
      for (const { event, sum } of one.rows) sums.push([event, sum])
    }
    // Stable, so what came in the order of names stays so.
    return { windows, expected, sums: sums.sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0)) }
  }

  /**
   * In which time windows should be known: from the first that has ever been, also of those that are no longer kept, to
   * those that have had the time to arrive.
   */
  async #expectedTime(request: HistoryRequest): Promise<TimeRange> {
    const { group, interval, now } = request
    const series = await this.#store.series()
    const found = series.find((one) => one.group === group && one.interval === interval)
    if (found === undefined) return { from: Infinity as EpochSeconds, to: 0 as EpochSeconds }
    const { seconds } = intervalOf(request)
    const arrived = (now ?? Date.now() / 1000) - graceMs(seconds) / 1000 - ARCHIVING_SECONDS
    return { from: found.first, to: Math.max(found.last + seconds, arrived) as EpochSeconds }
  }

  async *#steps(
    run: Run,
    request: HistoryRequest,
    windowSeconds: number,
    expected: TimeRange,
  ): AsyncGenerator<HistoryStep> {
    const known = this.#store.steps(queryOf(run, request, windowSeconds))[Symbol.asyncIterator]()
    try {
      let next = await known.next()
      // What was before the first window is no gap, nor is what is still to come.
      const first = Math.min(next.done === true ? Infinity : next.value.start, expected.from)
      const skipped = Math.max(0, Math.floor((first - run.from) / run.stepSeconds))
      let start = (run.from + skipped * run.stepSeconds) as EpochSeconds
      while (start < run.to) {
        if (next.done === true && start + windowSeconds > expected.to) return
        const end = (start + run.stepSeconds) as EpochSeconds
        const time = Math.min(end, expected.to) - Math.max(start, expected.from)
        // Windows are whole: one that has not ended by then is not expected.
        const shouldBe = Math.max(0, Math.floor(time / windowSeconds))
        if (next.done !== true && next.value.start < end) {
          yield stepOf({ start, end }, next.value, shouldBe)
          next = await known.next()
        } else yield stepOf({ start, end }, undefined, shouldBe)
        start = end
      }
    } finally {
      await known.return?.()
    }
  }
}

/** @throws RangeError */
function intervalOf({ interval: spec }: Pick<HistoryRequest, 'interval'>): Interval {
  const interval = parseInterval(spec)
  if ('problem' in interval) throw new RangeError(`"${spec}" ${interval.problem}`)
  return interval
}

function stepOf(
  { start, end }: Pick<HistoryStep, 'start' | 'end'>,
  known: KnownStep | undefined,
  shouldBe: number,
): HistoryStep {
  const { windows = 0, late = 0n, total = 0n, rows = [] } = known ?? {}
  const expected = Math.max(windows, shouldBe)
  const completeness = known === undefined || windows < expected ? 'unknown' : known.completeness
  return { start, end, windows, expected, completeness, late, total, rows }
}

function queryOf(
  { from, to, stepSeconds }: Run,
  { group, interval, events, top }: HistoryRequest,
  windowSeconds: number,
) {
  const query = { group, interval, from, to, events, top }
  if (stepSeconds === windowSeconds) return query
  return { ...query, stepSeconds, offsetSeconds: from % stepSeconds }
}
