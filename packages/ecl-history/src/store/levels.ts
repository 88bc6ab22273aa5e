/**
 * What a history holds of an interval: its windows, and roll-ups of them. Everything is whole seconds of Unix time, UTC.
 */

/** The lengths of the tiles of roll-ups: a minute, an hour, a day. */
const ROLL_UP_SECONDS: readonly number[] = [60, 3600, 86_400]

/** A range of time: from the first instant up to the second, without it. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The windows of an interval, or a roll-up of them. */
export interface Level {
  /** Its number in the database. */
  readonly id: number
  /** Length of a tile: of a window, or of the minutes, hours or days of a roll-up. */
  readonly seconds: number
  /** What begins before is no longer kept. */
  readonly keptFrom: number
}

/** The lengths of the tiles that windows of a length are rolled up to: those that they fill without a rest. */
export function rollUpsOf(windowSeconds: number): readonly number[] {
  return ROLL_UP_SECONDS.filter(
    (seconds) => seconds > windowSeconds && seconds % windowSeconds === 0,
  )
}

/** Start of the step or tile that holds an instant. Boundaries are `offset` away from multiples of the length. */
export function stepStart(at: number, seconds: number, offset = 0): number {
  return Math.floor((at - offset) / seconds) * seconds + offset
}

/** How many windows or tiles of a length begin in a range. */
export function tilesBetween(from: number, to: number, seconds: number): number {
  return Math.max(0, Math.ceil(to / seconds) - Math.ceil(from / seconds))
}
