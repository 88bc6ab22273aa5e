import { bigintIn, numberIn } from 'ecl-sqlite/file'
import { type Level, levelsFor, planStretches, type Stretch } from '../levels.ts'
import type { Levels } from '../maintenance.ts'
import type { Slice, SliceRange, Wanted } from '../reading.ts'
import type { KnownCount, KnownWindows } from '../step-fold.ts'
import type { Query } from './connections.ts'
import { findLevels } from './levels.ts'
import * as sql from './sql.generated.ts'

/** Reads the first part of a range, in one transaction: see HistorySource. */
export async function readSlice(
  query: Query,
  range: SliceRange,
  atMost: number,
  wanted: Wanted,
): Promise<Slice | undefined> {
  const { group, interval, stepSeconds, offsetSeconds, from } = range
  const levels = levelsFor(await findLevels(query, group, interval), stepSeconds, offsetSeconds)
  const [first] = levels
  const last = levels.at(-1)
  if (first === undefined || last === undefined) return undefined
  const skip = last === first ? sql.skipWindows : sql.skipSteps
  const [next] = await query(skip, [last.id, from, range.to, atMost])
  const to = next === undefined ? range.to : numberIn(next, 'start')
  const windows: KnownWindows[] = []
  const counts: KnownCount[] = []
  for (const stretch of await stretchesOf(query, levels, from, to)) {
    const isRolledUp = stretch.level !== first
    const rows = await query(isRolledUp ? sql.readSteps : sql.readWindows, inputsOf(stretch))
    for (const row of rows) windows.push(windowsIn(row))
    if (wanted !== 'none') await readCounts(query, stretch, isRolledUp, wanted, counts)
  }
  return { seconds: first.seconds, to, windows, counts }
}

/** How often each event happened in a range, near enough to rank them. */
export async function weigh(query: Query, range: SliceRange): Promise<ReadonlyMap<number, number>> {
  const { group, interval, from, to } = range
  const levels = await findLevels(query, group, interval)
  const weights = new Map<number, number>()
  for (const stretch of await stretchesOf(query, levels, from, to)) {
    const statement = stretch.level === levels[0] ? sql.weighCounts : sql.weighStepCounts
    for (const row of await query(statement, inputsOf(stretch))) {
      const event = numberIn(row, 'event')
      weights.set(event, (weights.get(event) ?? 0) + numberIn(row, 'weight'))
    }
  }
  return weights
}

/** What a stretch of time is to be read from: see planStretches. */
export async function stretchesOf(
  query: Query,
  levels: Levels,
  from: number,
  to: number,
): Promise<readonly Stretch[]> {
  const rollUps = levels.slice(1)
  const stale = new Map<number, number[]>(rollUps.map(({ id }) => [id, []]))
  if (rollUps.length > 0) {
    const rows = await query(sql.listStale, [rollUps.map(({ id }) => id), from, to, null])
    for (const row of rows) stale.get(numberIn(row, 'series'))?.push(numberIn(row, 'start'))
  }
  return planStretches(levels, from, to, ({ id }: Level, first, end) =>
    (stale.get(id) ?? []).filter((start) => start >= first && start < end),
  )
}

/** The inputs of statements that read a stretch. */
export function inputsOf({ level, from, to }: Stretch): [number, number, number] {
  return [level.id, from, to]
}

function windowsIn(row: unknown): KnownWindows {
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

async function readCounts(
  query: Query,
  stretch: Stretch,
  isRolledUp: boolean,
  wanted: 'all' | readonly number[],
  into: KnownCount[],
): Promise<void> {
  const [all, some] = isRolledUp
    ? [sql.readStepCounts, sql.readStepCountsOf]
    : [sql.readCounts, sql.readCountsOf]
  const rows =
    wanted === 'all'
      ? await query(all, inputsOf(stretch))
      : await query(some, [...inputsOf(stretch), wanted])
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
