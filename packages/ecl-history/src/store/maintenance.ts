import type { EpochSeconds } from 'ecl-core'
import type { Expiry, Maintained, MaintainOptions, Retention } from './history-store.ts'
import type { Level } from './levels.ts'
import type { Clocks, Keeping } from './retention.ts'

/** The levels of one interval: its windows first, then roll-ups, the shorter before the longer. */
export type Levels = readonly Level[]

/** An interval of a group. */
export interface Series {
  readonly group: string
  readonly interval: string
  readonly levels: Levels
}

/** By what windows grow old. */
export interface Aging {
  readonly clocks: Clocks
  readonly force: boolean
  readonly retention: Retention
}

/** What is to become of the levels of an interval. */
export interface Forgotten {
  /** What is to be removed: nobody reads or archives it any more. */
  readonly expired: readonly Keeping[]
  /** What would be, and is left. */
  readonly refused: readonly Keeping[]
  /** What is kept from an earlier time on than it was. */
  readonly restored: readonly Keeping[]
}

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
  series(): Promise<readonly Series[] | undefined>
  /** What the clocks say. @param host the one here, epoch seconds */
  clocks(host: number): Promise<Clocks | undefined>
  /** Makes anew the first stale steps that begin at or after an instant and are over. Undefined: there are no more. */
  rollUpNext(
    levels: Levels,
    index: number,
    from: number,
    now: number,
  ): Promise<RolledUp | undefined>
  /** Writes down what is no longer kept; from then on nobody reads or archives it. */
  forget(levels: Levels, aging: Aging): Promise<Forgotten | undefined>
  /** Removes some of what is no longer kept. Says how many windows or steps, and whether there are more. */
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
  now: EpochSeconds,
  retention: Retention,
  signal: AbortSignal,
  { force = false }: MaintainOptions = {},
): Promise<Maintained> {
  signal.throwIfAborted()
  const all = await source.series()
  const clocks = all === undefined ? undefined : await source.clocks(now)
  const outcome = { rolledUp: 0, expired: [], refused: [], restored: [] } as Outcome
  if (all === undefined || clocks === undefined) return maintained(false, outcome)
  try {
    for (const series of all) {
      const { levels } = series
      for (let index = 1; index < levels.length; index++) {
        outcome.rolledUp += await rollUp(source, levels, index, now, signal)
      }
      await expire(source, series, { clocks, force, retention }, signal, outcome)
    }
    return maintained(true, outcome)
  } finally {
    await source.leave()
  }
}

/** What a round has done so far. */
interface Outcome {
  rolledUp: number
  readonly expired: Expiry[]
  readonly refused: Expiry[]
  readonly restored: Expiry[]
}

function maintained(done: boolean, { rolledUp, ...outcome }: Outcome): Maintained {
  const windows = outcome.expired.filter(({ stepSeconds }) => stepSeconds === undefined)
  const removedWindows = windows.reduce((sum, { removed }) => sum + removed, 0)
  return { done, rolledUp, removedWindows, ...outcome }
}

async function expire(
  source: MaintenanceSource,
  { group, interval, levels }: Series,
  aging: Aging,
  signal: AbortSignal,
  outcome: Outcome,
): Promise<void> {
  const forgotten = await source.forget(levels, aging)
  if (forgotten === undefined) return
  const expiryOf = ({ level, keptFrom }: Keeping, removed: number): Expiry => ({
    ...{ group, interval, stepSeconds: level === levels[0] ? undefined : level.seconds, removed },
    keptFrom: keptFrom as EpochSeconds,
  })
  outcome.refused.push(...forgotten.refused.map((keeping) => expiryOf(keeping, 0)))
  outcome.restored.push(...forgotten.restored.map((keeping) => expiryOf(keeping, 0)))
  for (const keeping of [...forgotten.restored, ...forgotten.expired]) {
    const removed = await remove(source, keeping, keeping.level !== levels[0], signal)
    if (removed > 0) outcome.expired.push(expiryOf(keeping, removed))
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
