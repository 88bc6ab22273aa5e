/** Decides which tiles of which levels an answer is made of. Pure; all stores read what it says. */

import { type Level, type Range, stepStart, tilesBetween } from './levels.ts'

/** A level, and what is known of its tiles. */
export interface ReadableLevel extends Level {
  /** From its first tile to the end of its last one; undefined where it has none. */
  readonly extent: Range | undefined
  /** Whole tiles that are not as their windows are, in their order; ranges that touch are one. Of windows, none. */
  readonly stale: readonly Range[]
}

/** What is asked for. */
export interface PlanQuery extends Range {
  /** Undefined where each window is asked for by itself. */
  readonly stepSeconds: number | undefined
  /** The steps' boundaries are this far from multiples of their length. */
  readonly offsetSeconds: number
}

/** All tiles of one level that begin in a range. */
export interface Read extends Range {
  readonly level: ReadableLevel
}

/**
 * Divides a range into reads, in their order: the longest tiles that are up to date, and cross no boundary of a step
 * nor of the range; shorter ones at the edges. What lies between two reads is what no level knows.
 *
 * Made as it is asked for, since steps that fit no tile may have very many. The reads of the rest of a range, from where
 * one of them or one of their tiles begins, are the rest of its reads.
 *
 * @param levels the windows first, then roll-ups, the shorter before the longer
 */
export function* plan(query: PlanQuery, levels: readonly ReadableLevel[]): Generator<Read> {
  let open: Read | undefined
  for (const read of cover(query, levels, query)) {
    if (open?.level === read.level && open.to === read.from) open = { ...open, to: read.to }
    else {
      if (open !== undefined) yield open
      open = read
    }
  }
  if (open !== undefined) yield open
}

/** The question for a range without a boundary in it. */
export function asOneStep({ from, to }: Range): PlanQuery {
  return { from, to, stepSeconds: to - from, offsetSeconds: from % Math.max(1, to - from) }
}

/** Some reads, and where the next ones begin. */
export interface FirstReads {
  readonly reads: readonly Read[]
  readonly to: number
}

/** The first reads, with so many tiles at most; the last one may be cut. */
export function firstReads(
  query: PlanQuery,
  levels: readonly ReadableLevel[],
  atMost: number,
): FirstReads {
  const reads: Read[] = []
  let left = Math.max(1, atMost)
  for (const read of plan(query, levels)) {
    const { level, from } = read
    if (left <= 0) return { reads, to: from }
    const tiles = tilesBetween(from, read.to, level.seconds)
    if (tiles > left) {
      const to = (Math.ceil(from / level.seconds) + left) * level.seconds
      return { reads: [...reads, { level, from, to }], to }
    }
    reads.push(read)
    // Where windows are not aligned to the range, there may be none in a read, which costs as much as one.
    left -= Math.max(1, tiles)
  }
  return { reads, to: query.to }
}

function* cover(
  { from, to }: Range,
  levels: readonly ReadableLevel[],
  query: PlanQuery,
): Generator<Read> {
  const level = levels.at(-1)
  if (level === undefined || from >= to) return
  const shorter = levels.slice(0, -1)
  let at = from
  for (const tiles of usable(level, { from, to }, shorter.length === 0, query)) {
    yield* cover({ from: at, to: tiles.from }, shorter, query)
    yield { level, ...tiles }
    at = tiles.to
  }
  yield* cover({ from: at, to }, shorter, query)
}

/** The tiles of a level that a range can be read from. */
function* usable(
  level: ReadableLevel,
  range: Range,
  areWindows: boolean,
  { stepSeconds, offsetSeconds }: PlanQuery,
): Generator<Range> {
  const { seconds, keptFrom, extent } = level
  if (extent === undefined) return
  const from = Math.max(range.from, keptFrom, extent.from)
  const to = Math.min(range.to, extent.to)
  if (areWindows) {
    // A window belongs to the step in which it begins.
    if (from < to) yield { from, to }
    return
  }
  // Longer than a step, a tile crosses a boundary wherever it is.
  if (stepSeconds === undefined || stepSeconds < seconds) return
  if (stepSeconds % seconds === 0 && offsetSeconds % seconds === 0) {
    yield* fresh(level, from, to)
    return
  }
  for (let step = stepStart(from, stepSeconds, offsetSeconds); step < to; step += stepSeconds) {
    yield* fresh(level, Math.max(from, step), Math.min(to, step + stepSeconds))
  }
}

/** The tiles that are whole in a range, and up to date. */
function* fresh({ seconds, stale }: ReadableLevel, from: number, to: number): Generator<Range> {
  const end = Math.floor(to / seconds) * seconds
  let at = Math.ceil(from / seconds) * seconds
  for (let i = firstAfter(stale, at); at < end; i++) {
    const next = stale[i]
    const until = Math.min(end, next?.from ?? end)
    if (at < until) yield { from: at, to: until }
    at = Math.max(at, next?.to ?? end)
  }
}

/** The index of the first range that ends after an instant. */
function firstAfter(ranges: readonly Range[], at: number): number {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.to ?? Infinity) > at) high = middle
    else low = middle + 1
  }
  return low
}
