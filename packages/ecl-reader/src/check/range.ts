/**
 * Ranges as monitoring plugins have them (https://www.monitoring-plugins.org/doc/guidelines.html, "Threshold and
 * Ranges"): `10`, `10:`, `~:10`, `10:20`, `@10:20`.
 */

/** Which values are fine. */
export interface Range {
  readonly from: number
  readonly to: number
  /** Whether it is the values inside, both ends included, that are not fine. */
  readonly inside: boolean
  /** As it was written. */
  readonly text: string
}

/** Why a text is not a range. */
export interface NotARange {
  readonly problem: string
}

const NUMBER = String.raw`-?(?:\d+(?:\.\d*)?|\.\d+)`
const PATTERN = new RegExp(`^(@?)(?:(~|${NUMBER})?(:))?(${NUMBER})?$`)

/** Reads a range. */
export function parseRange(text: string): Range | NotARange {
  const [, at, from, colon, to] = PATTERN.exec(text) ?? []
  // "" and "@", and ":" which says nothing
  if (at === undefined || (to === undefined && (colon === undefined || from === undefined))) {
    return { problem: 'it is not a range; write 10, 10:, ~:10, 10:20 or @10:20' }
  }
  const range = {
    from: from === '~' ? Number.NEGATIVE_INFINITY : Number(from ?? 0),
    to: to === undefined ? Number.POSITIVE_INFINITY : Number(to),
    inside: at === '@',
    text,
  }
  if (range.from > range.to) return { problem: 'its start is greater than its end' }
  return range
}

/** Whether a value is one to raise an alarm for. */
export function alerts({ from, to, inside }: Range, value: number): boolean {
  return (value >= from && value <= to) === inside
}
