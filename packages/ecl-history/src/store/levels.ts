/**
 * Which roll-ups there are, and of what an answer is made. Everything is whole seconds of Unix time, UTC.
 */

/** The lengths of the steps of roll-ups: a minute, an hour, a day. */
const STEP_SECONDS: readonly number[] = [60, 3600, 86_400]

/** The windows of an interval, or a roll-up of them. */
export interface Level {
  /** Its number in the database. */
  readonly id: number
  /** Length of a window, or of a step. */
  readonly seconds: number
  /** What begins before is no longer kept. */
  readonly keptFrom: number
}

/** A stretch of time, to be read from one level: all of its windows or steps that begin in it. */
export interface Stretch {
  readonly level: Level
  readonly from: number
  readonly to: number
}

/** The steps that windows of a length are rolled up to: those that they fill without a rest. */
export function stepsOf(windowSeconds: number): readonly number[] {
  return STEP_SECONDS.filter((step) => step > windowSeconds && step % windowSeconds === 0)
}

/** Start of the step that holds an instant. Boundaries are `offset` away from multiples of the length. */
export function stepStart(at: number, seconds: number, offset = 0): number {
  return Math.floor((at - offset) / seconds) * seconds + offset
}

/** How many windows of a length begin in a stretch of time. */
export function windowsBetween(from: number, to: number, windowSeconds: number): number {
  return Math.max(0, Math.ceil(to / windowSeconds) - Math.ceil(from / windowSeconds))
}

/**
 * The levels that can be told apart by steps of a length: their steps cross no boundary of those.
 *
 * @param levels the windows first, then roll-ups, the shorter before the longer
 */
export function levelsFor(
  levels: readonly Level[],
  stepSeconds: number | undefined,
  offsetSeconds: number,
): readonly Level[] {
  const [windows, ...rollUps] = levels
  if (windows === undefined) return []
  if (stepSeconds === undefined) return [windows]
  return [
    windows,
    ...rollUps.filter(
      ({ seconds }) => stepSeconds % seconds === 0 && offsetSeconds % seconds === 0,
    ),
  ]
}

/**
 * Divides a stretch of time into such as can each be read from one level, in their order; the longest steps where they
 * are whole and fresh, what those are made of elsewhere.
 *
 * @param levels the windows first, then roll-ups, the shorter before the longer
 * @param stale the starts of a level's steps within a stretch that are not as their windows are, in their order
 */
export function planStretches(
  levels: readonly Level[],
  from: number,
  to: number,
  stale: (level: Level, from: number, to: number) => readonly number[],
): readonly Stretch[] {
  const level = levels.at(-1)
  if (level === undefined || from >= to) return []
  const finer = levels.slice(0, -1)
  if (finer.length === 0) {
    const kept = Math.max(from, level.keptFrom)
    return kept < to ? [{ level, from: kept, to }] : []
  }
  const { seconds } = level
  const first = Math.ceil(Math.max(from, level.keptFrom) / seconds) * seconds
  const end = Math.floor(to / seconds) * seconds
  if (first >= end) return planStretches(finer, from, to, stale)
  const planned = [...planStretches(finer, from, first, stale)]
  let at = first
  for (const step of stale(level, first, end)) {
    if (at < step) planned.push({ level, from: at, to: step })
    const before = planned.at(-1)
    at = step + seconds
    // Steps that follow on each other are one stretch for what they are made of.
    const made = planStretches(finer, step, at, stale)
    const [next] = made
    if (
      made.length === 1 &&
      next !== undefined &&
      before?.level === next.level &&
      before.to === next.from
    ) {
      planned[planned.length - 1] = { ...before, to: next.to }
    } else planned.push(...made)
  }
  if (at < end) planned.push({ level, from: at, to: end })
  return [...planned, ...planStretches(finer, end, to, stale)]
}
