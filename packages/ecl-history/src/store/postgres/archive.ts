import type { EpochSeconds } from 'ecl-core'
import { numberIn, textIn } from 'ecl-sqlite/file'
import type { ClosedWindow } from '../../closed-window.ts'
import { rankOf } from '../completeness-rank.ts'
import type { Archived } from '../history-store.ts'
import { stepStart } from '../levels.ts'
import type { Levels } from '../maintenance.ts'
import { type Clocks, checkMark } from '../retention.ts'
import { compareVersions, type WindowParts, withdrawn } from '../window-batch.ts'
import type { Query } from './connections.ts'
import { clocksOf } from './maintenance.ts'
import * as sql from './sql.generated.ts'

/** A window on its way in. */
interface Entering {
  readonly series: number
  readonly levels: Levels
  readonly start: number
  readonly window: ClosedWindow
  readonly parts: ReadonlyMap<number, ClosedWindow>
  readonly isCut: boolean
  /** How many parts are missing in the database. */
  missing: number
}

/** The numbers of all events of a batch; those that have none are given one. */
export async function ensureEvents(
  query: Query,
  windows: readonly WindowParts[],
): Promise<ReadonlyMap<string, number>> {
  const names = new Set<string>()
  for (const { parts } of windows) {
    for (const { counts } of parts.values()) for (const name of counts.keys()) names.add(name)
  }
  const found = await findEvents(query, [...names])
  const unknown = [...names].filter((name) => !found.has(name))
  if (unknown.length === 0) return found
  await query(sql.addEvents, [unknown])
  return new Map([...found, ...(await findEvents(query, unknown))])
}

/** The numbers of events that are known. */
export async function findEvents(
  query: Query,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (names.length === 0) return new Map()
  const rows = await query(sql.findEvents, [names])
  return new Map(rows.map((row) => [textIn(row, 'name'), numberIn(row, 'id')]))
}

/** Enters windows, in one transaction. */
export async function archive(
  query: Query,
  levelsOf: ReadonlyMap<WindowParts, Levels>,
  events: ReadonlyMap<string, number>,
): Promise<Archived> {
  const keptFrom = await lockLevels(query, levelsOf)
  let expired = 0
  let clocks: Clocks | undefined
  const given: Entering[] = []
  for (const [{ window, parts, isCut }, levels] of levelsOf) {
    const series = levels[0]?.id
    const { start } = window
    const mark = series === undefined ? 0 : (keptFrom.get(series) ?? 0)
    if (start < mark) checkMark(mark, window, (clocks ??= await clocksOf(query, 0)))
    if (series === undefined || start < mark) expired += parts.size
    else given.push({ series, levels, start, window, parts, isCut, missing: window.parts })
  }
  const undone = await findUndone(query, given)
  const entering = await lockWindows(query, latestOf([...given, ...undone]))
  if (entering.length > 0) {
    await enterCounts(query, await enterParts(query, entering), events)
    const cut = entering.filter(({ isCut }) => isCut)
    if (cut.length > 0) await query(sql.markPartial, placeColumns(cut))
    await markStale(query, entering)
  }
  return { expired }
}

/** What is put in the place of windows that the counters' store has forgotten. */
async function findUndone(query: Query, given: readonly Entering[]): Promise<readonly Entering[]> {
  const found: Entering[] = []
  for (const { series, levels, start, window: after } of given) {
    if (after.undone === undefined) continue
    const { next, lossWindowMs, mayHoldForeign } = after.undone
    const told = [start, next, after.publishedMs, lossWindowMs, Number(mayHoldForeign)]
    const rows = await query(sql.findUndone, [series, ...told])
    for (const row of rows) {
      const { window, ...rest } = withdrawn(after, numberIn(row, 'start') as EpochSeconds)
      found.push({ series, levels, start: window.start, window, ...rest, missing: window.parts })
    }
  }
  return found
}

/** Of several versions of a window, the latest: a statement may not enter one window twice. */
function latestOf(given: readonly Entering[]): readonly Entering[] {
  const latest = new Map<string, Entering>()
  for (const one of given) {
    const place = placeOf(one.series, one.start)
    const known = latest.get(place)
    if (known === undefined || compareVersions(one.window, known.window) > 0) {
      latest.set(place, one)
    }
  }
  return [...latest.values()]
}

/** Keeps the maintenance from forgetting windows meanwhile. */
async function lockLevels(
  query: Query,
  levelsOf: ReadonlyMap<WindowParts, Levels>,
): Promise<ReadonlyMap<number, number>> {
  const ids = new Set([...levelsOf.values()].flatMap(([windows]) => windows?.id ?? []))
  const rows = await query(sql.lockSeries, [[...ids]])
  return new Map(rows.map((row) => [numberIn(row, 'id'), numberIn(row, 'kept_from')]))
}

/** Enters windows, and gives those of which the database does not have a later version, or all of this one. */
async function lockWindows(query: Query, given: readonly Entering[]): Promise<readonly Entering[]> {
  if (given.length === 0) return []
  await query(sql.addWindows, windowColumns(given))
  const rows = await query(sql.lockWindows, placeColumns(given))
  const known = new Map(
    rows.map((row) => [placeOf(numberIn(row, 'series'), numberIn(row, 'start')), row]),
  )
  const later: Entering[] = []
  const entering = given.filter((one) => {
    const row = known.get(placeOf(one.series, one.start))
    const order = compareVersions(one.window, {
      publishedMs: numberIn(row, 'published_ms'),
      revision: numberIn(row, 'revision'),
    })
    if (order > 0) later.push(one)
    else one.missing = numberIn(row, 'missing_parts')
    return order >= 0 && one.missing > 0
  })
  if (later.length > 0) {
    await query(sql.replaceWindows, windowColumns(later))
    await query(sql.dropCounts, placeColumns(later))
    await query(sql.dropParts, placeColumns(later))
  }
  return entering
}

/** A part, and the window that it is of. */
type NewPart = readonly [one: Entering, part: ClosedWindow]

/** Writes down which parts have come, and gives those that had not come before. */
async function enterParts(
  query: Query,
  entering: readonly Entering[],
): Promise<readonly NewPart[]> {
  const single = entering.filter(({ window }) => window.parts === 1)
  const divided = entering.filter(({ window }) => window.parts > 1)
  const fresh = [...single, ...divided].flatMap((one) =>
    [...one.parts.values()].map((part): NewPart => [one, part]),
  )
  const added = divided.length === 0 ? fresh : await addParts(query, fresh)
  for (const [one] of added) one.missing--
  await query(sql.markMissing, [...placeColumns(entering), entering.map(({ missing }) => missing)])
  const whole = divided.filter(({ missing }) => missing === 0)
  if (whole.length > 0) await query(sql.dropParts, placeColumns(whole))
  return added
}

async function addParts(query: Query, parts: readonly NewPart[]): Promise<readonly NewPart[]> {
  const divided = parts.filter(([{ window }]) => window.parts > 1)
  const rows = await query(sql.putParts, [
    divided.map(([{ series }]) => series),
    divided.map(([{ start }]) => start),
    divided.map(([, { part }]) => part),
  ])
  const key = (series: number, start: number, part: number) => `${placeOf(series, start)}:${part}`
  const added = new Set(
    rows.map((row) => key(numberIn(row, 'series'), numberIn(row, 'start'), numberIn(row, 'part'))),
  )
  return parts.filter(
    ([{ series, start, window }, { part }]) =>
      window.parts === 1 || added.has(key(series, start, part)),
  )
}

async function enterCounts(
  query: Query,
  parts: readonly NewPart[],
  events: ReadonlyMap<string, number>,
): Promise<void> {
  // A statement may not enter one count twice.
  const countsOf = new Map<Entering, Map<string, bigint>>()
  for (const [one, { counts }] of parts) {
    const merged = countsOf.get(one)
    if (merged === undefined) countsOf.set(one, new Map(counts))
    else for (const [name, count] of counts) merged.set(name, count)
  }
  const [series, starts, ids, all]: [number[], number[], number[], bigint[]] = [[], [], [], []]
  for (const [one, counts] of countsOf) {
    for (const [name, count] of counts) {
      const id = events.get(name)
      if (id === undefined) throw new Error(`bug: the event ${name} was given no number`)
      series.push(one.series)
      starts.push(one.start)
      ids.push(id)
      all.push(count)
    }
  }
  if (all.length > 0) await query(sql.putCounts, [series, starts, ids, all].map(arrayText))
}

async function markStale(query: Query, entering: readonly Entering[]): Promise<void> {
  const steps = new Map<string, readonly [series: number, start: number]>()
  for (const { levels, start } of entering) {
    for (const { id, seconds } of levels.slice(1)) {
      const step = stepStart(start, seconds)
      steps.set(placeOf(id, step), [id, step])
    }
  }
  if (steps.size === 0) return
  const all = [...steps.values()]
  await query(sql.markStale, [all.map(([series]) => series), all.map(([, start]) => start)])
}

function placeOf(series: number, start: number): string {
  return `${series}:${start}`
}

function placeColumns(entering: readonly Entering[]): [number[], number[]] {
  return [entering.map(({ series }) => series), entering.map(({ start }) => start)]
}

function windowColumns(entering: readonly Entering[]) {
  const windows = entering.map(({ window }) => window)
  return [
    ...placeColumns(entering),
    windows.map(({ publishedMs }) => publishedMs),
    windows.map(({ revision }) => revision),
    windows.map(({ completeness }) => rankOf(completeness)),
    arrayText(windows.map(({ late }) => late)),
    arrayText(windows.map(({ total }) => total)),
    windows.map(({ parts }) => parts),
  ]
}

/** An array of integers, as PostgreSQL reads it: much quicker than by the driver, which does not know bigint either. */
function arrayText(values: readonly (bigint | number)[]): string {
  return `{${values.join(',')}}`
}
