import { bigintIn, numberIn } from 'ecl-sqlite/file'
import type { Level, Range } from '../levels.ts'
import { asOneStep, firstReads, plan, type Read, type ReadableLevel } from '../plan.ts'
import { MOST_LOOKED_UP, type ReadingQuery, type Slice, type Wanted } from '../reading.ts'
import type { Tile, TileCount } from '../step-fold.ts'
import type { Statements } from './history-file.ts'
import { findLevels } from './series.ts'

/** Reads the first tiles of a plan, in one transaction: see HistorySource. */
export function readSlice(
  statements: Statements,
  query: ReadingQuery,
  atMost: number,
  wanted: Wanted,
): Slice | undefined {
  const levels = levelsFor(statements, query)
  const [windows] = levels
  if (windows === undefined) return undefined
  const { reads, to } = firstReads(query, levels, atMost)
  const tiles: Tile[] = []
  const counts: TileCount[] = []
  for (const read of reads) {
    const isRolledUp = read.level !== windows
    addTiles(statements, read, isRolledUp, tiles)
    if (wanted !== 'none') addCounts(statements, read, isRolledUp, wanted, counts)
  }
  return { windowSeconds: windows.seconds, to, tiles, counts }
}

/** How often each event happened in a range, near enough to rank them. */
export function weigh(statements: Statements, query: ReadingQuery): ReadonlyMap<number, number> {
  const weights = new Map<number, number>()
  const levels = levelsFor(statements, query)
  // Sums over the whole time need no boundaries within it.
  for (const read of plan(asOneStep(query), levels)) {
    const statement = read.level === levels[0] ? statements.weighCounts : statements.weighStepCounts
    for (const row of statement.iterate(inputsOf(read))) {
      const event = numberIn(row, 'event')
      weights.set(event, (weights.get(event) ?? 0) + numberIn(row, 'weight'))
    }
  }
  return weights
}

/** Levels with what is known of their tiles. */
export function readable(
  { readExtent, staleRanges }: Statements,
  levels: readonly Level[],
  { from, to }: Range,
): readonly ReadableLevel[] {
  return levels.map((level, index) => {
    const { id: series, seconds, keptFrom } = level
    const rangeIn = (row: unknown): Range => ({
      from: numberIn(row, 'first'),
      to: numberIn(row, 'last') + seconds,
    })
    const row = readExtent.get({ series, kept_from: keptFrom })
    const stale = index === 0 ? [] : [...staleRanges.iterate({ series, seconds, from, to })]
    return {
      ...level,
      extent: row === undefined ? undefined : rangeIn(row),
      stale: stale.map(rangeIn),
    }
  })
}

function levelsFor(statements: Statements, query: ReadingQuery): readonly ReadableLevel[] {
  const { group, interval } = query
  return readable(statements, findLevels(statements, group, interval), query)
}

function inputsOf({ level, from, to }: Read) {
  return { series: level.id, from, to }
}

function addTiles(
  { readWindows, readSteps }: Statements,
  read: Read,
  isRolledUp: boolean,
  into: Tile[],
): void {
  for (const row of (isRolledUp ? readSteps : readWindows).iterate(inputsOf(read))) {
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

function addCounts(
  statements: Statements,
  read: Read,
  isRolledUp: boolean,
  wanted: 'all' | readonly number[],
  into: TileCount[],
): void {
  const events = wanted === 'all' ? null : JSON.stringify(wanted)
  const { readCounts, readCountsOf, readStepCounts, readStepCountsOf } = statements
  const [scan, lookUp] = isRolledUp
    ? [readStepCounts, readStepCountsOf]
    : [readCounts, readCountsOf]
  const isFew = wanted !== 'all' && wanted.length <= MOST_LOOKED_UP
  for (const row of (isFew ? lookUp : scan).iterate({ ...inputsOf(read), events })) {
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
