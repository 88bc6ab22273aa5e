import { isGlob, matches, sortByCodePoints } from 'ecl-command'
import type { Report, WindowReport } from './report.ts'

type Counts = WindowReport['counts']

/** Which events are printed, and in which order. */
export interface View {
  /** Names, or globs of them; none for all events. */
  readonly events: readonly string[]
  /** How many at most, the largest ones; undefined for all. */
  readonly top: number | undefined
  /** Undefined: by name, or where there is a `top`, by count. */
  readonly sort: 'count' | 'name' | undefined
}

/** A group, as far as it says which events there can be. */
interface Declared {
  readonly name: string
  readonly events: readonly string[]
  readonly dynamic: boolean
}

/**
 * The part of a report that is asked for.
 *
 * An event that is asked for by its name is there with 0 where a dynamic group has not counted it: who watches for
 * errors wants to hear that there were none.
 *
 * @param named whether the group itself was asked for; one of many has what it has
 * @throws Error for a name that a static group cannot have
 */
export function viewed(report: Report, view: View, group: Declared, named: boolean): Report {
  if (view.events.length === 0 && view.top === undefined && view.sort !== 'count') return report
  const names = named ? view.events.filter((event) => !isGlob(event)) : []
  const unknown = names.find((name) => !group.dynamic && !group.events.includes(name))
  if (unknown !== undefined) {
    const there =
      group.events.length === 0 ? 'there are none' : `there are: ${group.events.join(', ')}`
    throw new Error(`event "${unknown}" is not configured for group "${group.name}"; ${there}`)
  }
  const isAskedFor = (event: string) =>
    view.events.length === 0 || view.events.some((glob) => matches(glob, event))
  const unreadable = report.unreadable.filter(isAskedFor)
  const readable = names.filter((name) => !unreadable.includes(name))
  const countsOf = ({ counts }: WindowReport) =>
    arranged(
      withZeroes(
        counts.filter(([event]) => isAskedFor(event)),
        readable,
      ),
      view,
    )
  const windows = report.windows.map((window) => ({ ...window, counts: countsOf(window) }))
  return { ...report, windows, unreadable }
}

function withZeroes(counts: Counts, names: readonly string[]): Counts {
  const there = new Map(counts)
  const missing = names.filter((name) => !there.has(name))
  if (missing.length === 0) return counts
  for (const name of missing) there.set(name, 0n)
  return sortByCodePoints([...there.keys()]).map((name) => [name, there.get(name) ?? 0n])
}

/** Counts in the order, and as many, as a view wants. Of equal counts, the first by name comes first, as sorting keeps their order. */
export function arranged(counts: Counts, { top, sort }: View): Counts {
  if (top === undefined && sort !== 'count') return counts
  const byCount = [...counts].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0))
  const largest = byCount.slice(0, top)
  if (sort !== 'name') return largest
  const chosen = new Set(largest)
  return counts.filter((count) => chosen.has(count))
}
