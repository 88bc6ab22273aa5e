import { graceMs, type Interval, type Reading, windowStart } from 'ecl-core'
import type { Values } from './graph.ts'
import type { Target } from './targets.ts'

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
  const unreadable = new Set(last.unreadable)
  const overflowed = (last.counts.get(group.overflowEvent) ?? 0n) !== 0n
  const full = group.dynamic && group.maxEvents !== undefined && overflowed
  const counts = new Map<string, bigint>()
  for (const event of events) {
    const count = last.counts.get(event)
    if (count === undefined ? full : unreadable.has(event)) continue
    counts.set(event, count ?? 0n)
  }
  return { at, counts }
}

/** Where a window's end is not known, for the store is not. */
export const UNKNOWN: Values = { at: undefined, counts: new Map<string, bigint>() }

/** The events of a graph: the config's, then those that were seen before, then new ones; so colours stay. */
export function eventsOf(
  { group }: Target,
  seen: readonly string[],
  reading: Reading | undefined,
): string[] {
  const found = [...(reading?.last?.counts.keys() ?? [])].filter((event) => !seen.includes(event))
  return [...new Set([...group.events, ...seen, ...found.sort()])]
}
