import type { EpochSeconds } from 'ecl-core'
import type { ClosedWindow } from 'ecl-history'

/** A day that begins at midnight, UTC, and with it an hour and a minute. */
const MIDNIGHT = 1_790_035_200

/** Seconds since that midnight, as an instant. */
export function at(seconds: number): EpochSeconds {
  // A number of a test's is in its unit.
  return (MIDNIGHT + seconds) as EpochSeconds
}

type Given = Partial<Omit<ClosedWindow, 'counts' | 'start' | 'end'>> & {
  /** Length of the window, seconds. */
  readonly seconds?: number
}

/**
 * A window of the group g and the interval 5s, as it is published first.
 *
 * @param start seconds since midnight
 * @param counts its counts, and where it has several parts, those of this one
 */
export function closed(
  start: number,
  counts: Readonly<Record<string, number | bigint>>,
  { seconds = 5, ...given }: Given = {},
): ClosedWindow {
  const whole = new Map(Object.entries(counts).map(([event, n]) => [event, BigInt(n)]))
  return {
    ...{ group: 'g', interval: '5s', publishedMs: (MIDNIGHT + start + seconds + 2) * 1000 },
    ...{ revision: 1, part: 1, parts: 1, completeness: 'complete', late: 0n },
    total: [...whole.values()].reduce((sum, n) => sum + n, 0n),
    ...given,
    ...{ start: at(start), end: at(start + seconds), counts: whole },
  }
}

/** All that comes. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
