import { bigintIn, numberIn } from 'ecl-sqlite/file'
import type { Range } from '../levels.ts'
import type { Levels } from '../maintenance.ts'
import { asOneStep, firstReads, plan, type Read, type ReadableLevel } from '../plan.ts'
import { MOST_LOOKED_UP, type ReadingQuery, type Slice, type Wanted } from '../reading.ts'
import type { Tile, TileCount } from '../step-fold.ts'
import type { Input, Query } from './connections.ts'
import { findLevels } from './postgres-levels.ts'
import * as sql from './sql.generated.ts'

/** Reads the first tiles of a plan, in one transaction: see HistorySource. */
export async function readSlice(
  query: Query,
  asked: ReadingQuery,
  atMost: number,
  wanted: Wanted,
): Promise<Slice | undefined> {
  const levels = await levelsFor(query, asked)
  const [windows] = levels
  if (windows === undefined) return undefined
  const { reads, to } = firstReads(asked, levels, atMost)
  const tiles: Tile[] = []
  const counts: TileCount[] = []
  // One statement for all reads of a level: those of steps that fit no tile are many.
  for (const level of levels) {
    const ranges = reads.filter((read) => read.level === level)
    if (ranges.length === 0) continue
    const isRolledUp = level !== windows
    const inputs = [level.id, ranges.map((range) => range.from), ranges.map((range) => range.to)]
    const rows = await query(isRolledUp ? sql.readSteps : sql.readWindows, inputs)
    for (const row of rows) tiles.push(tileIn(row))
    if (wanted !== 'none') await addCounts(query, inputs, isRolledUp, wanted, counts)
  }
  tiles.sort((a, b) => a.start - b.start)
  return { windowSeconds: windows.seconds, to, tiles, counts }
}

/** How often each event happened in a range, near enough to rank them. */
export async function weigh(
  query: Query,
  asked: ReadingQuery,
): Promise<ReadonlyMap<number, number>> {
  const weights = new Map<number, number>()
  const levels = await levelsFor(query, asked)
  // Sums over the whole time need no boundaries within it.
  for (const read of plan(asOneStep(asked), levels)) {
    const statement = read.level === levels[0] ? sql.weighCounts : sql.weighStepCounts
    for (const row of await query(statement, inputsOf(read))) {
      const event = numberIn(row, 'event')
      weights.set(event, (weights.get(event) ?? 0) + numberIn(row, 'weight'))
    }
  }
  return weights
}

/** Levels with what is known of their tiles. */
export async function readable(
  query: Query,
  levels: Levels,
  { from, to }: Range,
): Promise<readonly ReadableLevel[]> {
  const [, ...rollUps] = levels
  const kept = levels.map(({ keptFrom }) => keptFrom)
  const extents = await query(sql.readExtents, [levels.map(({ id }) => id), kept])
  const lengths = rollUps.map(({ seconds }) => seconds)
  const stale =
    rollUps.length === 0
      ? []
      : await query(sql.staleRanges, [rollUps.map(({ id }) => id), lengths, from, to])
  return levels.map((level) => {
    const isOfLevel = (row: unknown) => numberIn(row, 'series') === level.id
    const rangeIn = (row: unknown): Range => ({
      from: numberIn(row, 'first'),
      to: numberIn(row, 'last') + level.seconds,
    })
    const extent = extents.filter(isOfLevel).map(rangeIn)[0]
    return { ...level, extent, stale: stale.filter(isOfLevel).map(rangeIn) }
  })
}

/** The inputs of statements that read one range. */
export function inputsOf({ level, from, to }: Read): [number, number, number] {
  return [level.id, from, to]
}

async function levelsFor(query: Query, asked: ReadingQuery): Promise<readonly ReadableLevel[]> {
  const levels = await findLevels(query, asked.group, asked.interval)
  return levels.length === 0 ? [] : await readable(query, levels, asked)
}

function tileIn(row: unknown): Tile {
  return {
    start: numberIn(row, 'start'),
    windows: numberIn(row, 'windows'),
    publishedMs: numberIn(row, 'published_ms'),
    revision: numberIn(row, 'revision'),
    rank: numberIn(row, 'completeness'),
    late: bigintIn(row, 'late'),
    total: bigintIn(row, 'total'),
  }
}

async function addCounts(
  query: Query,
  inputs: readonly Input[],
  isRolledUp: boolean,
  wanted: 'all' | readonly number[],
  into: TileCount[],
): Promise<void> {
  const [scan, lookUp] = isRolledUp
    ? [sql.readStepCounts, sql.readStepCountsOf]
    : [sql.readCounts, sql.readCountsOf]
  const isFew = wanted !== 'all' && wanted.length <= MOST_LOOKED_UP
  const events = wanted === 'all' ? null : wanted
  for (const row of await query(isFew ? lookUp : scan, [...inputs, events])) {
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
