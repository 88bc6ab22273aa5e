import type { Maintained, Retention } from './history-store.ts'
import type { Level } from './levels.ts'
import type { Keeping } from './retention.ts'

/** The levels of one interval: its windows first, then roll-ups, the shorter before the longer. */
export type Levels = readonly Level[]

/** Some stale steps that were made anew. */
export interface RolledUp {
  /** Where they end. */
  readonly to: number
  /** How many; those whose sums leave 64 bits stay stale, and are read from what they are made of. */
  readonly rolledUp: number
}

/**
 * What a database does for the maintenance. Each is a transaction that is complete by itself, and undefined where another
 * process has the maintenance.
 */
export interface MaintenanceSource {
  /** The levels of all intervals. */
  levels(): Promise<readonly Levels[] | undefined>
  /** Makes anew the first stale steps that begin at or after an instant and are over. Undefined: there are no more. */
  rollUpNext(
    levels: Levels,
    index: number,
    from: number,
    now: number,
  ): Promise<RolledUp | undefined>
  /** Writes down what is no longer kept; from then on nobody reads or archives it. */
  forget(levels: Levels, now: number, retention: Retention): Promise<readonly Keeping[] | undefined>
  /** Removes some of what is no longer kept. Says how many windows, and whether there are more. */
  removeSome(
    keeping: Keeping,
    isRolledUp: boolean,
  ): Promise<{ readonly windows: number; readonly more: boolean } | undefined>
  /** Lets others do the maintenance. */
  leave(): Promise<void>
}

/** One round: rolls up what has changed, and removes what is no longer kept. */
export async function maintain(
  source: MaintenanceSource,
  now: number,
  retention: Retention,
  signal: AbortSignal,
): Promise<Maintained> {
  signal.throwIfAborted()
  const series = await source.levels()
  if (series === undefined) return { done: false, rolledUp: 0, removedWindows: 0 }
  let rolledUp = 0
  let removedWindows = 0
  try {
    for (const levels of series) {
      for (let index = 1; index < levels.length; index++) {
        rolledUp += await rollUp(source, levels, index, now, signal)
      }
      for (const keeping of (await source.forget(levels, now, retention)) ?? []) {
        const isRolledUp = keeping.level !== levels[0]
        const removed = await remove(source, keeping, isRolledUp, signal)
        if (!isRolledUp) removedWindows += removed
      }
    }
    return { done: true, rolledUp, removedWindows }
  } finally {
    await source.leave()
  }
}

async function rollUp(
  source: MaintenanceSource,
  levels: Levels,
  index: number,
  now: number,
  signal: AbortSignal,
): Promise<number> {
  let rolledUp = 0
  let from = 0
  for (;;) {
    signal.throwIfAborted()
    const made = await source.rollUpNext(levels, index, from, now)
    if (made === undefined) return rolledUp
    rolledUp += made.rolledUp
    from = made.to
  }
}

async function remove(
  source: MaintenanceSource,
  keeping: Keeping,
  isRolledUp: boolean,
  signal: AbortSignal,
): Promise<number> {
  for (let removed = 0; ; ) {
    signal.throwIfAborted()
    const some = await source.removeSome(keeping, isRolledUp)
    removed += some?.windows ?? 0
    if (some?.more !== true) return removed
  }
}

/** The first of some steps, in their order, that follow on each other. */
export function firstRun(starts: readonly number[], seconds: number): readonly number[] {
  const [first] = starts
  if (first === undefined) return []
  const gap = starts.findIndex((start, index) => start !== first + index * seconds)
  return gap < 0 ? starts : starts.slice(0, gap)
}
