import {
  type EpochSeconds,
  type GroupSpec,
  graceMs,
  type Interval,
  type Reading,
  windowStart,
} from 'ecl-core'
import type { PastRange, PastWindows } from '../apart/past-windows.ts'
import type { Values } from './graph.ts'
import type { Target } from './targets.ts'

/** Munin asks so often. */
const MUNIN_SECONDS = 300
/** It may have missed a question; what it has heard before, it leaves out. */
const TOLD_SECONDS = 2 * MUNIN_SECONDS

/**
 * How long to wait until the latest window has settled. Munin asks on the minute, when windows end, and keeps the first
 * value that it is told; a master needs milliseconds to turn the window over, and loggers a grace to send the rest.
 *
 * @param atMs now, since the epoch
 */
export function unsettledMs(atMs: number, interval: Interval): number {
  const sinceMs = atMs - windowStart(atMs / 1000, interval) * 1000
  return Math.max(0, Math.ceil(graceMs(interval.seconds) - sinceMs))
}

/**
 * The counts of the latest window that has ended, for a graph's events.
 *
 * Where no master has turned it over, nothing of it is known. In a window that was read, an event that is not there has
 * not happened: a true 0, unless the group was full and it may have been counted under `overflow_event`.
 */
export function valuesOf(
  { group, interval }: Target,
  reading: Reading,
  events: readonly string[],
): Values {
  const latest = windowStart((reading.storeTimeMs - graceMs(interval.seconds)) / 1000, interval)
  const { current, last } = reading
  // The clock may have passed a boundary between the turn and now.
  const at = current === undefined || current < latest ? latest : current
  if (last?.end !== at) return { at, counts: new Map() }
  // What was not found may have happened all the same.
  const isFound = (event: string) => reading.searchCutShort !== true || last.counts.has(event)
  const unreadable = new Set(last.unreadable)
  return { at, counts: knownCounts(group, last.counts, events.filter(isFound), unreadable) }
}

/**
 * The same of all windows that end between two of Munin's questions.
 *
 * Munin takes nothing that is older than what it has been told. So where a window is still on its way into the history,
 * the ones after it wait, too, the latest one that the store knows included.
 *
 * @param past what the history knows, by the windows' starts
 * @param latest what the store knows
 * @returns oldest first; of a window that is missing between others, nothing is known
 */
export function everyValueOf(
  { group, interval }: Target,
  past: PastWindows,
  events: readonly string[],
  latest: Values,
): Values[] {
  if (past.size === 0) return [latest]
  const values: Values[] = []
  const [first, last] = [Math.min(...past.keys()), Math.max(...past.keys())]
  for (let start = first; start <= last; start += interval.seconds) {
    const counted = past.get(start as EpochSeconds)
    const counts = counted && knownCounts(group, counted, events, new Set())
    values.push({ at: (start + interval.seconds) as EpochSeconds, counts: counts ?? new Map() })
  }
  const isNext = latest.at === last + 2 * interval.seconds
  return isNext && latest.counts.size > 0 ? [...values, latest] : values
}

/** The time of the windows that `everyValueOf` is to tell of; undefined where Munin sees each window anyway. */
export function pastRange({ interval }: Target, nowSeconds: number): PastRange | undefined {
  if (interval.seconds >= MUNIN_SECONDS) return undefined
  const to = windowStart(nowSeconds, interval)
  return { from: windowStart(to - TOLD_SECONDS, interval), to }
}

function knownCounts(
  group: GroupSpec,
  counted: ReadonlyMap<string, bigint>,
  events: readonly string[],
  unreadable: ReadonlySet<string>,
): Map<string, bigint> {
  const overflowed = (counted.get(group.overflowEvent) ?? 0n) !== 0n
  const full = group.dynamic && group.maxEvents !== undefined && overflowed
  const counts = new Map<string, bigint>()
  for (const event of events) {
    const count = counted.get(event)
    if (count === undefined ? full : unreadable.has(event)) continue
    counts.set(event, count ?? 0n)
  }
  return counts
}

/** Where a window's end is not known, for the store is not. */
export const UNKNOWN: Values = { at: undefined, counts: new Map<string, bigint>() }

/** The events of a graph: the config's, then those that were seen before, then new ones; so colours stay. */
export function eventsOf(
  { group }: Target,
  seen: readonly string[],
  reading: Reading | undefined,
  past: PastWindows = new Map(),
): string[] {
  const counted = [reading?.last?.counts ?? new Map<string, bigint>(), ...past.values()]
  const known = new Set(seen)
  const found = counted.flatMap((counts) => [...counts.keys()].filter((event) => !known.has(event)))
  return [...new Set([...group.events, ...seen, ...found.sort()])]
}
