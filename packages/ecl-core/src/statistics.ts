/**
 * What became of the events of a process, for `ecl.stats`. All numbers are sums of counts since the start, unless they
 * say otherwise.
 */
export interface Statistics {
  /** Counted by `log` and `inc`. */
  readonly logged: number
  /** Acknowledged by the store. */
  readonly applied: number
  /** Of those applied: put into a later window than the one in which they happened, in one interval at least. */
  readonly late: number
  /** Not counted, as their event is not declared, or cannot be an event's name. */
  readonly undeclared: number
  /** Refused by the store, in one interval at least, as something else than a counter is stored under the event's key. */
  readonly rejected: number
  /** Of unknown fate: sent to a store that has forgotten this client since. */
  readonly unknown: number
  /** Still in memory. */
  readonly unsent: number
  /** Sum of what the store had acknowledged and forgotten, after a crash or a failover, and was sent once more. */
  readonly replayed: number
  /** How many batches with counts the store has applied. */
  readonly batches: number
  /** How often a batch was sent again, as no reply came. */
  readonly retries: number
  /** How often a batch had to wait for its window to begin in the store. */
  readonly holds: number
  /** How many acknowledged batches the store has forgotten that could not be replayed. */
  readonly forgottenBatches: number
}

/** The part of the statistics that sending brings about. */
export type DeliveryStatistics = {
  -readonly [K in Exclude<keyof Statistics, 'logged' | 'undeclared' | 'unsent'>]: number
}

/** All zero. */
export function newDeliveryStatistics(): DeliveryStatistics {
  return {
    applied: 0,
    late: 0,
    rejected: 0,
    unknown: 0,
    replayed: 0,
    batches: 0,
    retries: 0,
    holds: 0,
    forgottenBatches: 0,
  }
}

/** Adds up the statistics of several groups. */
export function sumStatistics(all: readonly Statistics[]): Statistics {
  const sum = { ...newDeliveryStatistics(), logged: 0, undeclared: 0, unsent: 0 }
  for (const one of all) {
    for (const key of Object.keys(sum) as (keyof Statistics)[]) sum[key] += one[key]
  }
  return sum
}
