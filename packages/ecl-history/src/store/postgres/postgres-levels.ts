import { numberIn, textIn } from 'ecl-sqlite/file'
import { type Level, rollUpsOf } from '../levels.ts'
import type { Levels, Series } from '../maintenance.ts'
import { UnfitWindowError } from '../unfit-window-error.ts'
import type { WindowParts } from '../window-batch.ts'
import type { Query } from './connections.ts'
import * as sql from './sql.generated.ts'

/** The windows of an interval, and their roll-ups, the shorter before the longer; none where it is not known. */
export async function findLevels(query: Query, group: string, interval: string): Promise<Levels> {
  return (
    levelsIn(await query(sql.findSeries, [[group], [interval]])).get(keyOf(group, interval)) ?? []
  )
}

/** The windows of all intervals, and their roll-ups. */
export async function allSeries(query: Query): Promise<readonly Series[]> {
  return [...levelsIn(await query(sql.allSeries))].map(([key, levels]) => {
    const [group = '', interval = ''] = key.split(':')
    return { group, interval, levels }
  })
}

/** Gives each window its levels, which are entered where they are not known. */
export async function ensureLevels(
  query: Query,
  windows: readonly WindowParts[],
): Promise<ReadonlyMap<WindowParts, Levels>> {
  const asked = new Map(
    windows.map(({ window, seconds }) => [
      keyOf(window.group, window.interval),
      { window, seconds },
    ]),
  )
  const names = [...asked.values()].map(({ window }) => window)
  const inputs = [names.map(({ group }) => group), names.map(({ interval }) => interval)]
  let known = levelsIn(await query(sql.findSeries, inputs))
  const unknown = [...asked].filter(([key]) => !known.has(key))
  for (const [, { window, seconds }] of unknown) {
    await query(sql.addSeries, [window.group, window.interval, [seconds, ...rollUpsOf(seconds)]])
  }
  if (unknown.length > 0) known = levelsIn(await query(sql.findSeries, inputs))
  return new Map(
    windows.map((parts) => [
      parts,
      fitting(parts, known.get(keyOf(parts.window.group, parts.window.interval)) ?? []),
    ]),
  )
}

function fitting({ window, seconds }: WindowParts, levels: Levels): Levels {
  const [windows] = levels
  if (windows === undefined || windows.seconds === seconds) return levels
  throw new UnfitWindowError(
    `a window of ${window.group} ${window.interval} is ${seconds} s long; others of it are ${windows.seconds} s`,
  )
}

function levelsIn(rows: readonly unknown[]): Map<string, Level[]> {
  const found = new Map<string, Level[]>()
  for (const row of rows) {
    const key = keyOf(textIn(row, 'group_name'), textIn(row, 'interval'))
    const levels = found.get(key) ?? []
    levels.push({
      id: numberIn(row, 'id'),
      seconds: numberIn(row, 'seconds'),
      keptFrom: numberIn(row, 'kept_from'),
    })
    found.set(key, levels)
  }
  return found
}

/** Neither a group nor an interval has a colon in its name. */
function keyOf(group: string, interval: string): string {
  return `${group}:${interval}`
}
