import type { EpochSeconds } from 'ecl-core'
import { DateTime } from 'luxon'
import type { Step } from './step.ts'

const DAY = 86_400

/** Steps of one length, one behind the other: what a store answers in one go. */
export interface Run {
  readonly from: EpochSeconds
  readonly to: EpochSeconds
  /** Divides the time between them. */
  readonly stepSeconds: number
}

/** A stretch of time: from the first instant up to the second, without it. */
export interface TimeRange {
  readonly from: EpochSeconds
  readonly to: EpochSeconds
}

/**
 * Divides a time into steps, the first and the last of them whole. Days have 23, 24 or 25 hours, so what is one step
 * long in one night may not be in another; there are as few runs as that allows.
 *
 * @param windowSeconds the length of the windows that the steps are made of
 */
export function* runsOf(
  { from, to }: { readonly from: number; readonly to: number },
  step: Step,
  windowSeconds: number,
  zone: string,
): Generator<Run> {
  if (from >= to) return
  if (step.unit === 'window') yield evenRun(from, to, windowSeconds)
  else if (step.unit === 'all') {
    const { from: first, to: last } = evenRun(from, to, windowSeconds)
    yield { from: first, to: last, stepSeconds: last - first }
  } else if (step.unit === 'seconds' && DAY % step.seconds !== 0) {
    yield evenRun(from, to, step.seconds)
  } else yield* joined(pieces({ from, to }, step, zone))
}

/** Counted from the epoch. */
function evenRun(from: number, to: number, stepSeconds: number): Run {
  return {
    from: (Math.floor(from / stepSeconds) * stepSeconds) as EpochSeconds,
    to: (Math.ceil(to / stepSeconds) * stepSeconds) as EpochSeconds,
    stepSeconds,
  }
}

/** The steps of each day, week or month by itself; of a day that no number of steps fills, the rest is a short one. */
function* pieces(
  { from, to }: { readonly from: number; readonly to: number },
  step: Exclude<Step, { unit: 'window' | 'all' }>,
  zone: string,
): Generator<Run> {
  const unit = step.unit === 'seconds' ? 'day' : step.unit
  let begins = DateTime.fromSeconds(from, { zone }).startOf(unit)
  while (begins.toSeconds() < to) {
    const ends = begins.plus({ [unit]: 1 }).startOf(unit)
    const [start, end] = [begins.toSeconds(), ends.toSeconds()]
    const stepSeconds = step.unit === 'seconds' ? step.seconds : end - start
    const even = end - ((end - start) % stepSeconds)
    yield* cut({ from: start, to: even, stepSeconds }, from, to)
    if (even < end) yield* cut({ from: even, to: end, stepSeconds: end - even }, from, to)
    begins = ends
  }
}

/** The steps of a run that are touched by a time. */
function* cut(
  run: { readonly from: number; readonly to: number; readonly stepSeconds: number },
  from: number,
  to: number,
): Generator<Run> {
  const { stepSeconds } = run
  const skipped = Math.max(0, Math.floor((from - run.from) / stepSeconds)) * stepSeconds
  const first = (run.from + skipped) as EpochSeconds
  const taken = Math.ceil((Math.min(run.to, to) - first) / stepSeconds) * stepSeconds
  if (taken > 0) yield { from: first, to: (first + taken) as EpochSeconds, stepSeconds }
}

/** Joins runs that are one, such as days of 24 hours. */
function* joined(runs: Iterable<Run>): Generator<Run> {
  let open: Run | undefined
  for (const run of runs) {
    if (open !== undefined && open.to === run.from && open.stepSeconds === run.stepSeconds) {
      open = { ...open, to: run.to }
    } else {
      if (open !== undefined) yield open
      open = run
    }
  }
  if (open !== undefined) yield open
}
