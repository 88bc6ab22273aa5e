import type { EpochSeconds } from 'ecl-core'
import type { ClosedWindow } from '../closed-window.ts'
import { statusOf } from './completeness-rank.ts'
import type {
  HistoryQuery,
  HistoryRow,
  HistoryWindow,
  KnownStep,
  StepQuery,
  WindowRange,
} from './history-store.ts'
import { stepStart, tilesBetween } from './levels.ts'
import type { PlanQuery } from './plan.ts'
import { type FoldedStep, StepFold, type Tile, type TileCount } from './step-fold.ts'

/** What is asked of one interval of a group, and by which steps. */
export interface ReadingQuery extends PlanQuery {
  readonly group: string
  readonly interval: string
}

/** The first part of an answer, as of one instant. */
export interface Slice {
  /** Length of the windows, seconds. */
  readonly windowSeconds: number
  /** Where the part ends, and the next one begins. */
  readonly to: number
  readonly tiles: readonly Tile[]
  readonly counts: readonly TileCount[]
}

/** Which counts to read: none, all, or those of events with these numbers. */
export type Wanted = 'none' | 'all' | readonly number[]

/**
 * Of more events than so many, the counts of a range are scanned for them; of fewer, each is looked up in each tile, which
 * may have very many others.
 */
export const MOST_LOOKED_UP = 32

/** What a database does for those who read. */
export interface HistorySource {
  /** Reads the first tiles of a plan, so many at most. Undefined where nothing is known of the interval. */
  slice(query: ReadingQuery, atMost: number, wanted: Wanted): Promise<Slice | undefined>
  /** The numbers of events that the database knows. */
  eventIds(names: readonly string[]): Promise<readonly number[]>
  /** The names of events, by number. */
  eventNames(ids: Iterable<number>): Promise<ReadonlyMap<number, string>>
  /** How often each event happened in a range, near enough to rank them. */
  weights(query: ReadingQuery): Promise<ReadonlyMap<number, number>>
}

/** So many counts and tiles are read at once: enough to be quick, few enough to be held, and not to stop the program. */
const SLICE_ROWS = 10_000
const FIRST_SLICE = 8
const MAX_PART_EVENTS = 1000

/** Steps with the events in them. */
export async function* readSteps(
  source: HistorySource,
  query: HistoryQuery,
): AsyncGenerator<KnownStep> {
  const asked = readingQueryOf(query)
  const wanted = await wantedEvents(source, query, asked)
  const read = readFolded(source, asked, wanted.length === 0 ? 'none' : wanted)
  for await (const { steps, names, windowSeconds } of read) {
    for (const { known, counts } of steps) {
      const rows = inOrder(counts, names).map(([event, count]) => rowOf(event, known, count))
      yield { ...windowOf(known, windowSeconds, asked), rows }
    }
  }
}

/** Events of steps, one by one. */
export async function* readRows(
  source: HistorySource,
  query: HistoryQuery,
): AsyncGenerator<HistoryRow> {
  for await (const { rows } of readSteps(source, query)) yield* rows
}

/** Steps as a whole. */
export async function* readWindows(
  source: HistorySource,
  query: StepQuery,
): AsyncGenerator<HistoryWindow> {
  const asked = readingQueryOf(query)
  for await (const { steps, windowSeconds } of readFolded(source, asked, 'none')) {
    for (const { known } of steps) yield windowOf(known, windowSeconds, asked)
  }
}

/** Windows as they were published. */
export async function* readClosed(
  source: HistorySource,
  { group, interval, ...range }: WindowRange,
): AsyncGenerator<ClosedWindow> {
  const asked = readingQueryOf({ group, interval, ...range })
  for await (const { steps, names, windowSeconds } of readFolded(source, asked, 'all')) {
    for (const { known, counts } of steps) {
      const named = inOrder(counts, names).map(([event, { sum }]) => [event, sum] as const)
      const parts = Math.max(1, Math.ceil(named.length / MAX_PART_EVENTS))
      for (let part = 1; part <= parts; part++) {
        yield {
          ...{ group, interval, part, parts },
          start: known.start as EpochSeconds,
          end: (known.start + windowSeconds) as EpochSeconds,
          ...{ publishedMs: known.publishedMs, revision: known.revision },
          completeness: statusOf(known.rank),
          ...{ late: known.late, total: known.total },
          counts: new Map(named.slice((part - 1) * MAX_PART_EVENTS, part * MAX_PART_EVENTS)),
        }
      }
    }
  }
}

/** The events of some steps, by number, in the code-point order of their names. */
type Names = ReadonlyMap<number, { readonly name: string; readonly rank: number }>

interface FoldedSlice {
  readonly steps: readonly FoldedStep[]
  readonly names: Names
  readonly windowSeconds: number
}

/** Reads slice after slice: no transaction stays open while whoever asked does something with what he got. */
async function* readFolded(
  source: HistorySource,
  query: ReadingQuery,
  wanted: Wanted,
): AsyncGenerator<FoldedSlice> {
  const { stepSeconds, offsetSeconds } = query
  const fold = new StepFold((at) =>
    stepSeconds === undefined ? at : stepStart(at, stepSeconds, offsetSeconds),
  )
  let atMost = FIRST_SLICE
  let from = query.from
  while (from < query.to) {
    const slice = await source.slice({ ...query, from }, atMost, wanted)
    if (slice === undefined) return
    const { tiles, counts, windowSeconds } = slice
    for (const tile of tiles) fold.addTile(tile)
    for (const count of counts) fold.addCount(count)
    from = slice.to
    const steps = from < query.to ? fold.take(from) : fold.takeAll()
    if (steps.length > 0) yield { steps, names: await namesOf(source, steps), windowSeconds }
    // A tile may have very many events, or there may be none for a long time.
    const byRows = Math.floor((atMost * SLICE_ROWS) / (tiles.length + counts.length + 1))
    atMost = Math.max(1, Math.min(4 * atMost, byRows, SLICE_ROWS))
  }
}

async function namesOf(source: HistorySource, steps: readonly FoldedStep[]): Promise<Names> {
  const ids = new Set<number>()
  for (const { counts } of steps) for (const id of counts.keys()) ids.add(id)
  if (ids.size === 0) return new Map()
  const sorted = sortByName(await source.eventNames(ids))
  return new Map(sorted.map(([id, name], rank) => [id, { name, rank }]))
}

/** The counts of one step by name: of all names those that are there, or sorted where they are few of very many. */
function inOrder(
  counts: ReadonlyMap<number, TileCount>,
  names: Names,
): readonly (readonly [event: string, count: TileCount])[] {
  const ids =
    counts.size * 8 > names.size
      ? names.keys()
      : [...counts.keys()].sort((a, b) => (names.get(a)?.rank ?? 0) - (names.get(b)?.rank ?? 0))
  const found: [string, TileCount][] = []
  for (const id of ids) {
    const count = counts.get(id)
    const named = names.get(id)
    if (count !== undefined && named !== undefined) found.push([named.name, count])
  }
  return found
}

function sortByName(names: ReadonlyMap<number, string>): (readonly [id: number, name: string])[] {
  return [...names].sort(([, a], [, b]) => compareCodePoints(a, b))
}

async function wantedEvents(
  source: HistorySource,
  { events, top }: HistoryQuery,
  query: ReadingQuery,
): Promise<'all' | readonly number[]> {
  const named = events === undefined ? undefined : await source.eventIds([...new Set(events)])
  if (top === undefined) return named ?? 'all'
  if (top < 1 || named?.length === 0) return []
  const among = named === undefined ? undefined : new Set(named)
  const weights = await source.weights(query)
  const ranked = [...weights].filter(([id]) => among?.has(id) ?? true).sort(([, a], [, b]) => b - a)
  const least = ranked[top - 1]?.[1]
  if (least === undefined) return ranked.map(([id]) => id)
  // Of those that happened equally often, the first by name.
  const over = ranked.filter(([, weight]) => weight > least).map(([id]) => id)
  const equal = ranked.filter(([, weight]) => weight === least).map(([id]) => id)
  const names = sortByName(await source.eventNames(equal))
  return [...over, ...names.slice(0, top - over.length).map(([id]) => id)]
}

function readingQueryOf({ stepSeconds, offsetSeconds = 0, ...query }: StepQuery): ReadingQuery {
  const { group, interval, from, to } = query
  return { group, interval, from, to, stepSeconds, offsetSeconds }
}

/** Written out: there are very many, and to spread an object costs more than all else. */
function rowOf(event: string, known: Tile, count: TileCount): HistoryRow {
  const isEverywhere = count.windows === known.windows
  const { sum, least, most } = count
  return {
    start: known.start as EpochSeconds,
    event,
    sum,
    min: isEverywhere || least < 0n ? least : 0n,
    max: isEverywhere || most > 0n ? most : 0n,
    mean: Number(sum) / known.windows,
  }
}

function windowOf(known: Tile, seconds: number, query: ReadingQuery): HistoryWindow {
  const { start, windows, publishedMs, revision, rank, late, total } = known
  const { stepSeconds = seconds, from, to } = query
  const expected = tilesBetween(Math.max(start, from), Math.min(start + stepSeconds, to), seconds)
  return {
    ...{ start: start as EpochSeconds, windows, expected },
    ...{ completeness: statusOf(rank), publishedMs, revision, late, total },
  }
}

/** UTF-16 units, by which JavaScript compares, put what is beyond the basic plane before its end. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one === other) continue
    return surrogateLast(one) - surrogateLast(other)
  }
  return a.length - b.length
}

/** Moves surrogates behind all other units. */
function surrogateLast(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
