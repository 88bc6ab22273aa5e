import { bigintIn, numberIn } from 'ecl-sqlite/file'
import { type Level, levelsFor, planStretches, type Stretch } from '../levels.ts'
import type { Slice, SliceRange, Wanted } from '../reading.ts'
import type { KnownCount, KnownWindows } from '../step-fold.ts'
import type { Statements } from './history-file.ts'
import { findLevels } from './series.ts'

/** Reads the first part of a range, in one transaction: see HistorySource. */
export function readSlice(
  statements: Statements,
  range: SliceRange,
  atMost: number,
  wanted: Wanted,
): Slice | undefined {
  const levels = usable(statements, range)
  const [first] = levels
  const last = levels.at(-1)
  if (first === undefined || last === undefined) return undefined
  const skip = last === first ? statements.skipWindows : statements.skipSteps
  const { from } = range
  const next = skip.get({ series: last.id, from, to: range.to, skip: atMost })
  const to = next === undefined ? range.to : numberIn(next, 'start')
  const windows: KnownWindows[] = []
  const counts: KnownCount[] = []
  const planned = planStretches(levels, from, to, staleIn(statements))
  for (const stretch of planned) {
    const isRolledUp = stretch.level !== first
    readStretchWindows(statements, stretch, isRolledUp, windows)
    if (wanted !== 'none') readStretchCounts(statements, stretch, isRolledUp, wanted, counts)
  }
  return { seconds: first.seconds, to, windows, counts }
}

/** How often each event happened in a range, near enough to rank them. */
export function weigh(statements: Statements, range: SliceRange): ReadonlyMap<number, number> {
  const { from, to } = range
  const weights = new Map<number, number>()
  // Sums over the whole time need no boundaries within it.
  const levels = findLevels(statements, range.group, range.interval)
  for (const stretch of planStretches(levels, from, to, staleIn(statements))) {
    const statement =
      stretch.level === levels[0] ? statements.weighCounts : statements.weighStepCounts
    for (const row of statement.iterate(inputsOf(stretch))) {
      const event = numberIn(row, 'event')
      weights.set(event, (weights.get(event) ?? 0) + numberIn(row, 'weight'))
    }
  }
  return weights
}

function usable(statements: Statements, range: SliceRange): readonly Level[] {
  const { group, interval, stepSeconds, offsetSeconds } = range
  return levelsFor(findLevels(statements, group, interval), stepSeconds, offsetSeconds)
}

/** The stale steps of a level: see planStretches. */
export function staleIn({ listStale }: Statements) {
  return ({ id }: Level, from: number, to: number): readonly number[] =>
    [...listStale.iterate({ series: id, from, to, limit: -1 })].map((row) => numberIn(row, 'start'))
}

function inputsOf({ level, from, to }: Stretch) {
  return { series: level.id, from, to }
}

function readStretchWindows(
  { readWindows, readSteps }: Statements,
  stretch: Stretch,
  isRolledUp: boolean,
  into: KnownWindows[],
): void {
  for (const row of (isRolledUp ? readSteps : readWindows).iterate(inputsOf(stretch))) {
    into.push({
      start: numberIn(row, 'start'),
      windows: numberIn(row, 'windows'),
      publishedMs: numberIn(row, 'published_ms'),
      revision: numberIn(row, 'revision'),
      rank: numberIn(row, 'completeness'),
      late: bigintIn(row, 'late'),
      total: bigintIn(row, 'total'),
    })
  }
}

function readStretchCounts(
  statements: Statements,
  stretch: Stretch,
  isRolledUp: boolean,
  wanted: 'all' | readonly number[],
  into: KnownCount[],
): void {
  const { readCounts, readCountsOf, readStepCounts, readStepCountsOf } = statements
  const [all, some] = isRolledUp ? [readStepCounts, readStepCountsOf] : [readCounts, readCountsOf]
  const rows =
    wanted === 'all'
      ? all.iterate(inputsOf(stretch))
      : some.iterate({ ...inputsOf(stretch), events: JSON.stringify(wanted) })
  for (const row of rows) {
    const sum = bigintIn(row, 'n')
    into.push({
      start: numberIn(row, 'start'),
      event: numberIn(row, 'event'),
      windows: isRolledUp ? numberIn(row, 'windows') : 1,
      sum,
      least: isRolledUp ? bigintIn(row, 'least') : sum,
      most: isRolledUp ? bigintIn(row, 'most') : sum,
    })
  }
}
