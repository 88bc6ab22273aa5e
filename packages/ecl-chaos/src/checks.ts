import type { LedgerInterval } from 'ecl-core/testing'
import type { ReadLine } from './journal.ts'
import { ALL, EXTRA, isWholeInReadings, lookedAtAs } from './scenario.ts'
import type { Bounds, Move } from './truth.ts'

/** Something that must not be. */
export interface Finding {
  /** Which promise is broken. */
  readonly check: CheckName
  readonly message: string
  /** About when, ms since the epoch; undefined where that cannot be said. */
  readonly atMs?: number
}

/** The promises that are looked at. */
export type CheckName =
  | 'conservation'
  | 'right window'
  | 'rotated once'
  | 'history'
  | 'late without reason'
  | 'mixed window'
  | 'complete and wrong'
  | 'books'
  | 'unsent'
  | 'crash'
  | 'memory'

/** What the store holds at the end, or held: `group:interval` → start → event → count; zeroes left out. */
export type Stored = ReadonlyMap<string, ReadonlyMap<number, ReadonlyMap<string, number>>>

/** What the append-only file tells, by the names that the checks look at. */
export function storedOf(ledger: ReadonlyMap<string, LedgerInterval>): Stored {
  const stored = new Map<string, Map<number, Map<string, number>>>()
  for (const [key, { windows }] of ledger) {
    const group = key.slice(0, key.indexOf(':'))
    const starts = new Map<number, Map<string, number>>()
    stored.set(key, starts)
    for (const { start = 0, counts } of windows) {
      const events = starts.get(start) ?? new Map<string, number>()
      starts.set(start, events)
      for (const [id, count] of counts) {
        if (count === 0n) continue
        const event = lookedAtAs(group, id)
        events.set(event, (events.get(event) ?? 0) + Number(count))
      }
    }
  }
  return stored
}

/** Nothing is missing, nothing is there twice: over all windows, each event has been stored as often as logged. */
export function checkConservation(
  stored: Stored,
  totals: ReadonlyMap<string, ReadonlyMap<string, Bounds>>,
): Finding[] {
  const findings: Finding[] = []
  for (const key of new Set([...totals.keys(), ...stored.keys()])) {
    const sums = new Map<string, number>()
    for (const events of stored.get(key)?.values() ?? []) {
      for (const [event, n] of events) sums.set(event, (sums.get(event) ?? 0) + n)
    }
    for (const event of new Set([...sums.keys(), ...(totals.get(key)?.keys() ?? [])])) {
      const { low, high } = totals.get(key)?.get(event) ?? { low: 0, high: 0 }
      const sum = sums.get(event) ?? 0
      if (sum >= low && sum <= high) continue
      const message = `${key}: "${event}" was logged ${range({ low, high })} times, and stored ${sum} times`
      findings.push({ check: 'conservation', message })
    }
  }
  return findings
}

/** For how long a window may be current beyond its end, while no master turns it over, ms. */
const OVERDUE_MS = 40_000

/**
 * Each count is in the window in which it was made; what is missing there, and what is too much elsewhere, is no more
 * than what the store has said it put into another window.
 *
 * @param lengths of windows, in seconds, by `group:interval`
 */
export function checkWindows(
  stored: Stored,
  expected: ReadonlyMap<string, ReadonlyMap<number, ReadonlyMap<string, Bounds>>>,
  moves: ReadonlyMap<string, ReadonlyMap<string, readonly Move[]>>,
  lengths: ReadonlyMap<string, number>,
): Finding[] {
  const findings: Finding[] = []
  for (const [key, windows] of expected) {
    const lengthMs = (lengths.get(key) ?? 0) * 1000
    const misplaced = new Map<string, number>()
    for (const [start, events] of windows) {
      for (const [event, { low, high }] of events) {
        const n = stored.get(key)?.get(start)?.get(event) ?? 0
        if (n >= low && n <= high) continue
        const startMs = start * 1000
        const some = (moves.get(key)?.get(event) ?? []).filter(({ stamp, ackedMs }) =>
          n < low
            ? stamp <= start && ackedMs >= startMs
            : ackedMs >= startMs && ackedMs <= startMs + lengthMs + OVERDUE_MS,
        )
        const moved = some.reduce((sum, one) => sum + one.n, 0)
        const wrong = n < low ? low - n : n - high
        misplaced.set(event, (misplaced.get(event) ?? 0) + Math.max(0, low - n))
        if (wrong <= moved) continue
        const message = `${key}: in the window of ${time(start)}, "${event}" was logged ${range({ low, high })} times, and stored ${n} times; ${moved} are known to have been put elsewhere`
        findings.push({ check: 'right window', message, atMs: startMs })
      }
    }
    for (const [event, n] of misplaced) {
      const moved = (moves.get(key)?.get(event) ?? []).reduce((sum, one) => sum + one.n, 0)
      if (n <= moved) continue
      const message = `${key}: "${event}" is missing ${n} times in the windows in which it was logged; ${moved} are known to have been put elsewhere`
      findings.push({ check: 'right window', message })
    }
  }
  return findings
}

/**
 * The history holds of each window what was in it when it was overwritten, and nothing of others.
 *
 * @param kept all windows in the history, by `group:interval`
 */
export function checkHistory(kept: Stored, stored: Stored): Finding[] {
  const findings: Finding[] = []
  for (const [key, windows] of kept) {
    const there = stored.get(key) ?? new Map<number, ReadonlyMap<string, number>>()
    for (const start of new Set([...windows.keys(), ...there.keys()])) {
      const [found, wanted] = [windows.get(start), there.get(start)]
      for (const event of new Set([...(found?.keys() ?? []), ...(wanted?.keys() ?? [])])) {
        const [n, m] = [found?.get(event) ?? 0, wanted?.get(event) ?? 0]
        if (n === m) continue
        const message = `${key}: the window of ${time(start)} has "${event}" ${n} times in the history, and had it ${m} times`
        findings.push({ check: 'history', message, atMs: start * 1000 })
      }
    }
  }
  return findings
}

/** No boundary was passed twice, and none backwards. */
export function checkRotations(ledger: ReadonlyMap<string, LedgerInterval>): Finding[] {
  const findings: Finding[] = []
  for (const [key, { rotated }] of ledger) {
    rotated.forEach((start, index) => {
      const before = rotated[index - 1]
      if (before === undefined || before < start) return
      const message = `${key}: the window of ${time(start)} was turned over after that of ${time(before)}`
      findings.push({ check: 'rotated once', message, atMs: start * 1000 })
    })
  }
  return findings
}

/** In each reading, the events of a group add up to `all`, which is counted together with each of them. */
export function checkReading(line: ReadLine): Finding | undefined {
  if (!isWholeInReadings(line.group)) return undefined
  let sum = 0
  for (const [event, n] of Object.entries(line.counts)) {
    if (event !== ALL && event !== EXTRA) sum += n
  }
  const all = line.counts[ALL] ?? 0
  if (sum === all) return undefined
  const when = line.start === null ? 'without a start' : time(line.start)
  const message = `${line.group}:${line.interval}: a reading of "${line.which}" (${when}) has ${all} events in all, of which it names ${sum}: ${JSON.stringify(line.counts)}`
  return { check: 'mixed window', message, atMs: line.storeMs }
}

function range({ low, high }: Bounds): string {
  return low === high ? String(low) : `${low} to ${high}`
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
