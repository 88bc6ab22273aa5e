/**
 * Counts kept apart from ECL, by the simplest means: the truth that ECL's counts are compared with.
 */

/** Event → count. */
export type Counts = ReadonlyMap<string, number>

/** What has been logged: counts of events by group. Can be sent between processes as it is: `groups` is Maps. */
export class Tally {
  readonly groups: Map<string, Map<string, number>>

  constructor(groups: Map<string, Map<string, number>> = new Map()) {
    this.groups = groups
  }

  /** Counts an event `n` times. */
  add(group: string, event: string, n = 1): void {
    let counts = this.groups.get(group)
    if (counts === undefined) {
      counts = new Map()
      this.groups.set(group, counts)
    }
    counts.set(event, (counts.get(event) ?? 0) + n)
  }

  /** Adds all of another's counts. */
  merge(other: Tally): void {
    for (const [group, counts] of other.groups) {
      for (const [event, n] of counts) this.add(group, event, n)
    }
  }

  /** The counts of one group. */
  of(group: string): Counts {
    return this.groups.get(group) ?? new Map()
  }

  /** The sum of all counts. */
  get total(): number {
    return Array.from(this.groups.values(), sumOf).reduce((sum, n) => sum + n, 0)
  }
}

/** The sum of all events' counts. */
export function sumOf(counts: Counts): number {
  let sum = 0
  for (const n of counts.values()) sum += n
  return sum
}
