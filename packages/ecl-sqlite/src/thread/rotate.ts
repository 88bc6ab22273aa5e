import type { EpochSeconds, Interval, Rotated } from 'ecl-core'
import type { Statements } from './counter-file.ts'
import { numberIn, textIn } from './rows.ts'
import { beginSeries, findSeries, type Series, windowStart } from './series.ts'

/** So far ahead, a window was begun while a clock was wrong; a little ahead, the clock is waited for. */
const MAX_LENGTHS_AHEAD = 2

/** What a rotation came to, and whose counts are now to be tallied and swept. */
export interface Turned {
  readonly outcome: Rotated
  readonly series: Series | undefined
}

/**
 * Turns the windows of one interval over, when the current one has ended: one row is written, however many events there
 * are. Any number of masters may do it; the transaction lets one of them through.
 */
export function rotate(
  statements: Statements,
  group: string,
  interval: Interval,
  { storeTimeMs, onlyPublished }: { readonly storeTimeMs: number; readonly onlyPublished: boolean },
): Turned {
  const window = windowStart(storeTimeMs / 1000, interval) as EpochSeconds
  const known = findSeries(statements, group, interval.spec)
  if (known === undefined) {
    const series = beginSeries(statements, group, interval, window, 'master')
    return { outcome: { status: 'begun', current: window, storeTimeMs }, series }
  }
  const was = known.current as EpochSeconds
  if (was > window + MAX_LENGTHS_AHEAD * interval.seconds) {
    statements.resetSeries.run({ id: known.id, current: window })
    return { outcome: { status: 'reset', current: window, was, storeTimeMs }, series: undefined }
  }
  if (was >= window) {
    return { outcome: { status: 'already', current: was, storeTimeMs }, series: undefined }
  }
  if (onlyPublished && known.published !== String(known.last)) {
    return { outcome: { status: 'unpublished', current: was, storeTimeMs }, series: undefined }
  }
  statements.turnSeries.run({ id: known.id, was, current: window })
  const end = (was + interval.seconds) as EpochSeconds
  return {
    outcome: { status: 'rotated', start: was, end, current: window, events: 0, storeTimeMs },
    series: { ...known, generation: known.generation + 1 },
  }
}

/** How many events a window has, the declared ones that were not counted included. */
export function tally(
  { countEvents, counts, findCount }: Statements,
  series: number,
  generation: number,
  declared: ReadonlySet<string>,
): number {
  const window = { series, generation }
  const counted = numberIn(countEvents.get(window), 'n')
  // Which of them are both, by the shorter way: a group may have very many of either.
  let both = 0
  if (declared.size < counted) {
    for (const event of declared) if (findCount.get({ ...window, event }) !== undefined) both++
  } else {
    for (const row of counts.iterate(window)) if (declared.has(textIn(row, 'event'))) both++
  }
  return declared.size + counted - both
}
