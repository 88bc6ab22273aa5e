import type { Interval } from 'ecl-core'
import type { Statements } from './counter-file.ts'
import { bigintIn, numberIn, textIn } from './rows.ts'

/** The windows of one interval, as stored. */
export interface Series {
  readonly id: number
  /** Starts of the windows, epoch seconds. */
  readonly current: number
  readonly last: number
  /** Of the current window's counts; those of the last one have the one before. */
  readonly generation: number
  /** What loggers say that they have put there and that happened there. */
  readonly sums: Readonly<Record<'cur' | 'last', bigint>>
  /** When the latest counts were made that were put into `cur` though the next window should have begun. */
  readonly ahead: number
  /** Which window was published: its start and, where that was not the last word, a space and until when; '' for none. */
  readonly published: string
  /** Whether a master has ever turned a window over. */
  readonly turned: boolean
}

/** Finds the windows of an interval; undefined before the first. */
export function findSeries(
  { findSeries: statement }: Statements,
  group: string,
  interval: string,
): Series | undefined {
  const row = statement.get({ group_name: group, interval })
  if (row === undefined) return undefined
  return {
    id: numberIn(row, 'id'),
    current: numberIn(row, 'current'),
    last: numberIn(row, 'last'),
    generation: numberIn(row, 'generation'),
    sums: { cur: bigintIn(row, 'current_sum'), last: bigintIn(row, 'last_sum') },
    ahead: numberIn(row, 'ahead'),
    published: textIn(row, 'published'),
    turned: numberIn(row, 'turned') === 1,
  }
}

/** Begins the first window of an interval, for a batch or for a master. */
export function beginSeries(
  statements: Statements,
  group: string,
  interval: Interval,
  current: number,
  by: 'batch' | 'master',
): Series {
  statements.beginSeries.run({
    ...{ group_name: group, interval: interval.spec },
    ...{ current, last: current - interval.seconds },
    generation: by === 'batch' ? 1 : 2,
  })
  const begun = findSeries(statements, group, interval.spec)
  if (begun === undefined) throw new Error('bug: a window that was begun is not there')
  return begun
}

/** Start of the window that holds an instant. */
export function windowStart(at: number, { seconds }: Interval): number {
  return Math.floor(at / seconds) * seconds
}

/** The generation of a window's counts. */
export function generationOf({ generation }: Series, part: 'cur' | 'last'): number {
  return part === 'cur' ? generation : generation - 1
}
