import { sortByCodePoints } from 'ecl-command'
import type { Completeness, EpochSeconds, Interval, Reading, Snapshot } from 'ecl-core'
import type { ReadRequest } from './arguments.ts'

/** What is to be printed, whatever the format: all values read, names in code-point order. */
export interface Report {
  readonly group: string
  readonly interval: Interval
  /** One, or with `both` two: the last one first. */
  readonly windows: readonly WindowReport[]
  /** Whether both were asked for, so that the parts need titles. */
  readonly both: boolean
  /** Start of the window that is current in the store; undefined before the first. */
  readonly current: EpochSeconds | undefined
  readonly storeTimeMs: number
  /** Events whose stored value is no count; they are not among the counts. */
  readonly unreadable: readonly string[]
  /** Whether events of programs that leave no index may be missing. */
  readonly searchCutShort?: true
}

/** The counts of one window. */
export interface WindowReport {
  readonly which: 'last' | 'current'
  readonly start: EpochSeconds | undefined
  readonly end: EpochSeconds | undefined
  readonly counts: readonly (readonly [event: string, count: bigint])[]
  /** Present where it was asked for. */
  readonly completeness?: Completeness
}

/** Where the text goes, and how it is wanted there. */
export interface Destination {
  /** A terminal takes some characters for commands, and so must not get them. */
  readonly terminal: boolean
  /** The terminal's width; 80 where there is none. */
  readonly columns?: number
  /** Whether counts are told per second. */
  readonly rate?: boolean
  /** Whether a spreadsheet must not take names for formulas. */
  readonly defuseFormulas?: boolean
}

/** Puts what was read into the order in which it is printed. */
export function reportOf(
  { group, which }: { readonly group: string; readonly which: ReadRequest['which'] },
  interval: Interval,
  reading: Reading,
): Report {
  const parts = [['last', reading.last] as const, ['current', reading.cur] as const]
  const windows: WindowReport[] = []
  const unreadable = new Set<string>()
  for (const [name, snapshot] of parts) {
    if (snapshot === undefined) continue
    windows.push({
      which: name,
      start: snapshot.start,
      end: snapshot.end,
      counts: countsOf(snapshot),
      ...(snapshot.completeness && { completeness: snapshot.completeness }),
    })
    for (const event of snapshot.unreadable) unreadable.add(event)
  }
  return {
    group,
    interval,
    windows,
    both: which === 'both',
    current: reading.current,
    storeTimeMs: reading.storeTimeMs,
    unreadable: sortByCodePoints([...unreadable]),
    ...(reading.searchCutShort && { searchCutShort: true }),
  }
}

function countsOf({ counts, unreadable }: Snapshot): [string, bigint][] {
  // A 0 for what cannot be read would be a lie.
  const left = new Set(unreadable)
  const events = sortByCodePoints([...counts.keys()].filter((event) => !left.has(event)))
  return events.map((event) => [event, counts.get(event) ?? 0n])
}
