import { type GroupsConfig, resolveGroups } from 'ecl-core'
import type { LedgerInterval } from 'ecl-core/testing'
import { type Account, checkBooks } from './books.ts'
import {
  checkConservation,
  checkHistory,
  checkRotations,
  checkWindows,
  type Finding,
  type Stored,
  storedOf,
} from './checks.ts'
import { type Claim, checkClaims, type Loss } from './claims.ts'
import { type Bounds, type LoggerTruth, Truth } from './truth.ts'

/** All that is known at the end of a run. */
export interface Evidence {
  readonly groups: GroupsConfig
  /** What became of every count; undefined where no single file tells. */
  readonly ledger: ReadonlyMap<string, LedgerInterval> | undefined
  /** What the store holds in the windows that have not ended during the run. */
  readonly held: Stored
  /** What the history holds of windows that have ended; undefined where there is none. */
  readonly kept: Stored | undefined
  /** The books of each group's clients. */
  readonly accounts: ReadonlyMap<string, readonly Account[]>
  readonly loggers: readonly LoggerTruth[]
  readonly claims: readonly Claim[]
  readonly losses: readonly Loss[]
}

/** How often each event was logged: `group:interval` → event → bounds. */
type Totals = ReadonlyMap<string, ReadonlyMap<string, Bounds>>

/** Holds all that is known against what has to be true. */
export function judgeRun(evidence: Evidence): Finding[] {
  const { groups, ledger, held, kept, accounts, loggers, claims, losses } = evidence
  const truth = new Truth(loggers)
  const totals = truth.totals()
  const lengths = new Map(
    resolveGroups(groups).flatMap((group) =>
      group.intervals.map(({ spec, seconds }) => [`${group.name}:${spec}`, seconds] as const),
    ),
  )
  const stored = ledger === undefined ? undefined : storedOf(ledger)
  return [
    ...checkConservation(held, totalsIn(held, totals)),
    ...(stored === undefined ? [] : checkConservation(stored, totals)),
    ...(stored === undefined
      ? []
      : checkWindows(stored, truth.windows(lengths), truth.moves(), lengths)),
    ...checkRotations(ledger ?? new Map()),
    ...historyFindings(kept, stored, totals),
    ...checkClaims(claims, loggers, losses, stored, lengths),
    ...checkBooks(accounts, loggers),
  ]
}

/** The totals of the intervals alone of which something is stored there. */
function totalsIn(list: Stored, totals: Totals): Totals {
  return new Map([...totals].filter(([key]) => list.has(key)))
}

/** By windows, where their ends are known, else by their sums. */
function historyFindings(
  kept: Stored | undefined,
  stored: Stored | undefined,
  totals: Totals,
): Finding[] {
  if (kept === undefined) return []
  if (stored !== undefined) return checkHistory(kept, stored)
  return checkConservation(kept, totalsIn(kept, totals)).map((one) => ({
    ...one,
    check: 'history',
  }))
}
