import type { GroupSpec } from './group-spec.ts'

const DAY_SECONDS = 24 * 3600

/**
 * Seconds for which a store remembers a client after its last batch: a day, and at least three of the longest interval.
 * After that its entry may be removed, and a batch of unknown fate can no longer be told from one that was applied.
 */
export function clientLifeSeconds(group: GroupSpec): number {
  const longest = Math.max(...group.intervals.map((interval) => interval.seconds))
  return Math.max(DAY_SECONDS, 3 * longest)
}
