import type { Completeness } from 'ecl-core'

type Status = Completeness['status']

/** As databases hold them: of several windows, the last one of these that is true of any is true of all. */
const RANKED: readonly Status[] = ['complete', 'pending', 'unknown', 'partial']

/** The number by which a database knows a status. */
export function rankOf(status: Status): number {
  return RANKED.indexOf(status)
}

/** The status that a number stands for; one that is not known tells nothing. */
export function statusOf(rank: number): Status {
  return RANKED[rank] ?? 'unknown'
}
