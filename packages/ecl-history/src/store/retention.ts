import { parseDuration } from 'ecl-core'
import type { Level } from './levels.ts'

/** A level, and how much of it is to be kept. */
export interface Keeping {
  readonly level: Level
  /** What begins before is not. */
  readonly keptFrom: number
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
  return levels.flatMap((level, index) => {
    const keptSeconds = kept.get(level.seconds)
    if (keptSeconds === undefined) return []
    const longer = levels.slice(index + 1)
    const needed = longer.map((other, distance) =>
      // A step that is not over is made of what is just below it, later.
      firstStale(other, distance === 0 ? now : now - other.seconds + 1),
    )
    const oldest = Math.min(now - keptSeconds, ...needed.filter((at) => at !== undefined))
    const unit = longer[0]?.seconds ?? level.seconds
    const keptFrom = Math.floor(oldest / unit) * unit
    return keptFrom > level.keptFrom ? [{ level, keptFrom }] : []
  })
}
