import { parseDuration, StoreError } from 'ecl-core'
import { numberIn } from 'ecl-sqlite/file'
import type { Level } from './levels.ts'

/** A level, and how much of it is to be kept. */
export interface Keeping {
  readonly level: Level
  /** What begins before is not. */
  readonly keptFrom: number
}

/** What the clocks say, epoch seconds. */
export interface Clocks {
  /** That of whoever does the maintenance. */
  readonly host: number
  /** That of the database; where it is a file, it has none of its own. */
  readonly database: number
  /** When the newest window of all ends, by the clock of the counters' store; undefined where there are none. */
  readonly newest: number | undefined
}

/**
 * By which time windows grow old: the earliest that any clock says, so that no clock that is ahead removes anything.
 *
 * @param force whether an operator vouches for the clocks, also where no windows have come for long
 * @returns undefined where nothing can be said to be old
 */
export function agingTime({ host, database, newest }: Clocks, force: boolean): number | undefined {
  const clock = Math.min(host, database)
  if (force) return clock
  return newest === undefined ? undefined : Math.min(clock, newest)
}

/**
 * The stretch of which something has to be known before what is older than it is removed: the older half of what is to be
 * kept. A clock that has jumped ahead, together with the windows that it made, leaves it empty.
 */
export function evidenceFor(keptFrom: number, aging: number): { from: number; to: number } {
  return { from: keptFrom, to: Math.max(keptFrom + 1, Math.ceil((keptFrom + aging) / 2)) }
}

/** What is left of a level, of which some may have been removed. Starts; 0 where there is none. */
export interface Left {
  /** Of the first window or step. */
  readonly first: number
  /** Of the first one that has counts. */
  readonly firstCount: number
  /** Of the last one that has lost its counts: they are removed before it is. */
  readonly emptied: number
}

/** Narrows a row of find-left. */
export function leftIn(row: unknown): Left {
  const [first, firstCount] = [numberIn(row, 'first'), numberIn(row, 'first_count')]
  return { first, firstCount, emptied: numberIn(row, 'emptied') }
}

/** With what the time that is kept of a level begins: a step of the one above, so that each of these can be made anew. */
export function unitOf(levels: readonly Level[], index: number): number {
  return (levels[index + 1] ?? levels[index])?.seconds ?? 1
}

/**
 * From when on a level is to be kept that was kept only from a time on that is still to come, as a clock was wrong once: all
 * that is whole, and what comes now.
 *
 * @param unit the length of the steps above it, or its own
 */
export function restoredMark(
  { first, firstCount, emptied }: Left,
  unit: number,
  clocks: Clocks,
): number {
  const now = Math.floor(latestTime(clocks) / unit) * unit
  if (first === 0) return now
  if (emptied === 0) return Math.min(now, Math.floor(first / unit) * unit)
  return Math.min(now, Math.ceil((Math.max(emptied, firstCount) + 1) / unit) * unit)
}

/** No window has begun after it. */
export function latestTime({ database, newest = 0 }: Clocks): number {
  return Math.max(database, newest)
}

/** The length of an interval, or of a roll-up's steps, as spelled: `90s`, `1m`, `1d`. */
function secondsOf(spelled: string): number | undefined {
  const parsed = parseDuration(spelled)
  return 'problem' in parsed ? undefined : parsed.seconds
}

/**
 * From when on the windows of an interval, and its roll-ups, are to be kept.
 *
 * Nothing goes before all that is made of it has been made. What is kept begins with a step of the roll-up above, so
 * that each of its steps can be made anew when counts come late, or cannot at all.
 *
 * @param levels the windows first, then roll-ups, the shorter before the longer
 * @param retention seconds by interval or roll-up as spelled
 * @param now epoch seconds
 * @param firstStale the start of the first step of a level, of those that begin before an instant, that is not as its
 *   windows are
 * @returns those of which less is to be kept than is
 */
export function planRetention(
  levels: readonly Level[],
  retention: ReadonlyMap<string, number>,
  now: number,
  firstStale: (level: Level, before: number) => number | undefined,
): readonly Keeping[] {
  const kept = new Map([...retention].map(([spelled, seconds]) => [secondsOf(spelled), seconds]))
  let longest = 0
  return levels.flatMap((level, index) => {
    const keptSeconds = kept.get(level.seconds)
    if (keptSeconds === undefined) return []
    longest = Math.max(longest, keptSeconds)
    const longer = levels.slice(index + 1)
    const needed = longer.map((other, distance) =>
      // A step that is not over is made of what is just below it, later.
      firstStale(other, distance === 0 ? now : now - other.seconds + 1),
    )
    const oldest = Math.min(now - longest, ...needed.filter((at) => at !== undefined))
    const unit = unitOf(levels, index)
    const keptFrom = Math.floor(oldest / unit) * unit
    return keptFrom > level.keptFrom ? [{ level, keptFrom }] : []
  })
}

/**
 * Sees to it that a window is not left out as older than what is kept where a clock was wrong when that was written down.
 *
 * @throws StoreError where what is kept begins later than any clock says; the next round of maintenance takes that back
 */
export function checkMark(
  keptFrom: number,
  { group, interval, end }: { group: string; interval: string; end: number },
  clocks: Clocks,
): void {
  if (keptFrom <= Math.max(latestTime(clocks), end)) return
  throw new StoreError(
    'STORE_UNAVAILABLE',
    `history: windows of ${group} ${interval} are kept only from ${new Date(keptFrom * 1000).toISOString()} on, ` +
      'which is still to come: a clock was wrong once; "ecl-history CONFIG prune" takes that back, and so does the next maintenance',
  )
}
