import {
  type Completeness,
  type EpochSeconds,
  graceMs,
  type Interval,
  parseInterval,
} from 'ecl-core'
import { type Run, runsOf, type TimeRange } from './query/runs.ts'
import { type Step, stepProblem } from './query/step.ts'
import type { HistoryRow, HistoryStore, HistoryWindow } from './store/history-store.ts'

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

/** What is in SQL, as those who read it see it: in steps, with what is missing. */
export class History {
  readonly #store: HistoryStore

  /** @param store which the caller closes */
  constructor(store: HistoryStore) {
    this.#store = store
  }

  /**
   * The windows of a time, one by one or in steps, from the oldest on; those that are missing, too, once there has been
   * a first one. The first and the last step are whole.
   *
   * @throws RangeError for a text that is no interval, and a step that is no multiple of the windows; StoreError
   */
  async *query(request: HistoryRequest): AsyncGenerator<HistoryStep> {
    const { step = { unit: 'window' }, zone = 'UTC', top } = request
    const { seconds } = intervalOf(request)
    const problem = stepProblem(step, seconds)
    if (problem !== undefined) throw new RangeError(problem)
    const events =
      top === undefined ? request.events : (await this.sums(request)).map(([name]) => name)
    const expected = await this.#expectedTime(request)
    for (const run of runsOf(request, step, seconds, zone)) {
      yield* this.#steps(run, { ...request, events }, seconds, expected)
    }
  }

  /** The sum of each event over all steps, the largest first; of equal ones, by name. */
  async sums(request: HistoryRequest): Promise<[event: string, sum: bigint][]> {
    const { step = { unit: 'window' }, zone = 'UTC', top } = request
    const { seconds } = intervalOf(request)
    const runs = [...runsOf(request, step, seconds, zone)]
    const [first, last] = [runs.at(0), runs.at(-1)]
    if (first === undefined || last === undefined) return []
    const all: Run = { from: first.from, to: last.to, stepSeconds: last.to - first.from }
    const sums: [string, bigint][] = []
    for await (const { event, sum } of this.#store.rows({
      ...queryOf(all, request, seconds),
      top,
    })) {
      sums.push([event, sum])
    }
    // Stable, so what came in the order of names stays so.
    return sums.sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0))
  }

  /** In which time windows should be known: from the first that is, to those that have had the time to arrive. */
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
    const query = queryOf(run, request, windowSeconds)
    const windows = new Ahead(this.#store.windows(query))
    // Where no event is asked for, only the windows are.
    const rows = new Ahead(request.events?.length === 0 ? nothing() : this.#store.rows(query))
    try {
      // What was before the first window is no gap, nor is what is still to come.
      const first = Math.min((await windows.nextStart()) ?? Infinity, expected.from)
      const skipped = Math.max(0, Math.floor((first - run.from) / run.stepSeconds))
      let start = (run.from + skipped * run.stepSeconds) as EpochSeconds
      while (start < run.to) {
        const isKnown = (await windows.nextStart()) !== undefined
        if (!isKnown && start + windowSeconds > expected.to) return
        const end = (start + run.stepSeconds) as EpochSeconds
        const [known] = await windows.upTo(end)
        const counted = await rows.upTo(end)
        const time = Math.min(end, expected.to) - Math.max(start, expected.from)
        // Windows are whole: one that has not ended by then is not expected.
        yield stepOf({ start, end }, known, counted, Math.max(0, Math.floor(time / windowSeconds)))
        start = end
      }
    } finally {
      await Promise.all([windows.close(), rows.close()])
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
  known: HistoryWindow | undefined,
  rows: readonly HistoryRow[],
  shouldBe: number,
): HistoryStep {
  if (known === undefined) {
    return {
      start,
      end,
      windows: 0,
      expected: shouldBe,
      completeness: 'unknown',
      late: 0n,
      total: 0n,
      rows: [],
    }
  }
  const { windows, late, total } = known
  const expected = Math.max(windows, shouldBe)
  const completeness = windows < expected ? 'unknown' : known.completeness
  return { start, end, windows, expected, completeness, late, total, rows }
}

function queryOf(
  { from, to, stepSeconds }: Run,
  { group, interval, events }: Pick<HistoryRequest, 'group' | 'interval' | 'events'>,
  windowSeconds: number,
) {
  const query = { group, interval, from, to, events }
  if (stepSeconds === windowSeconds) return query
  return { ...query, stepSeconds, offsetSeconds: from % stepSeconds }
}

async function* nothing(): AsyncGenerator<never> {}

/** Takes from a stream in the order of starts what belongs to one step after the other. */
class Ahead<T extends { readonly start: EpochSeconds }> {
  readonly #source: AsyncIterator<T>
  #next: Promise<IteratorResult<T>> | undefined

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Where the next one begins; undefined where there is none. */
  async nextStart(): Promise<EpochSeconds | undefined> {
    const next = await this.#peek()
    return next.done === true ? undefined : next.value.start
  }

  /** All that begins before an instant. */
  async upTo(end: EpochSeconds): Promise<T[]> {
    const taken: T[] = []
    for (;;) {
      const next = await this.#peek()
      if (next.done === true || next.value.start >= end) return taken
      taken.push(next.value)
      this.#next = undefined
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }

  #peek(): Promise<IteratorResult<T>> {
    this.#next ??= this.#source.next()
    return this.#next
  }
}
