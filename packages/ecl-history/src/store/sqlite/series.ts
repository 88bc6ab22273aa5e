import { numberIn } from 'ecl-sqlite/file'
import { type Level, rollUpsOf } from '../levels.ts'
import { UnfitWindowError } from '../unfit-window-error.ts'
import type { Statements } from './history-file.ts'

/** The windows of an interval, and their roll-ups, the shorter before the longer; none where it is not known. */
export function findLevels(
  { findSeries }: Statements,
  group: string,
  interval: string,
): readonly Level[] {
  return [...findSeries.iterate({ group_name: group, interval })].map((row) => ({
    id: numberIn(row, 'id'),
    seconds: numberIn(row, 'seconds'),
    keptFrom: numberIn(row, 'kept_from'),
  }))
}

/** Enters an interval, unless it is known. */
export function ensureLevels(
  statements: Statements,
  group: string,
  interval: string,
  seconds: number,
): readonly Level[] {
  const known = findLevels(statements, group, interval)
  const [windows] = known
  if (windows !== undefined) {
    if (windows.seconds === seconds) return known
    throw new UnfitWindowError(
      `a window of ${group} ${interval} is ${seconds} s long; others of it are ${windows.seconds} s`,
    )
  }
  for (const length of [seconds, ...rollUpsOf(seconds)]) {
    statements.addSeries.run({ group_name: group, interval, seconds: length })
  }
  return findLevels(statements, group, interval)
}
