/**
 * Interval arithmetic. Everything is whole seconds of Unix time, so a window is named by one integer.
 */

/** Whole seconds since the Unix epoch, by the clock of the store. */
export type EpochSeconds = number & { readonly __unit: 'epoch seconds' }

/** A configured interval length. */
export interface Interval {
  /** Exactly as spelled in the config, such as `5m`; part of the key names. */
  readonly spec: string
  /** Its length in whole seconds, at least 1. */
  readonly seconds: number
}

/** The `<number><s|m|h>` of the config, either case; a fraction needs a digit behind its dot. */
const SPEC_PATTERN = /^(\d+(?:\.\d+)?|\.\d+)([smh])$/i
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
/** A hundred years: a longer interval is a slip of the keyboard, and would leave safe integers. */
const MAX_SECONDS = 100 * 366 * 24 * 3600

/** Why a text is not an interval, in words that complete `"5x" …`. */
export interface NotAnInterval {
  readonly problem: string
}

/**
 * Reads an interval such as `5s`, `1.5m` or `2H`.
 *
 * @returns the interval, or the reason why the text is none: wrong form, shorter than a second, or not whole seconds.
 */
export function parseInterval(spec: string): Interval | NotAnInterval {
  const match = SPEC_PATTERN.exec(spec)
  const unit = UNIT_SECONDS[match?.[2]?.toLowerCase() ?? '']
  if (match?.[1] === undefined || unit === undefined) {
    return { problem: 'is not an interval; write a number and s, m or h, such as "5m"' }
  }
  // 0.1 * 3600 is 360.00000000000006 in doubles: round at a millisecond before asking for whole seconds.
  const seconds = Math.round(Number(match[1]) * unit * 1000) / 1000
  if (seconds < 1) return { problem: 'is shorter than a second; the shortest interval is "1s"' }
  if (seconds > MAX_SECONDS) return { problem: 'is longer than a hundred years' }
  if (!Number.isInteger(seconds)) {
    return { problem: `is ${seconds} s; an interval is a whole number of seconds` }
  }
  return { spec, seconds }
}

/** Writes a length of whole seconds in the largest unit that divides it: 90 → `90s`, 7200 → `2h`. */
export function formatInterval(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  if (seconds % 60 === 0) return `${seconds / 60}m`
  return `${seconds}s`
}

/** Start of the window that holds an instant. Counted from the epoch, so all processes agree without talking. */
export function windowStart(atSeconds: number, interval: Interval): EpochSeconds {
  return (Math.floor(atSeconds / interval.seconds) * interval.seconds) as EpochSeconds
}

/** End of the window that holds an instant; the next window's start. */
export function windowEnd(atSeconds: number, interval: Interval): EpochSeconds {
  return (windowStart(atSeconds, interval) + interval.seconds) as EpochSeconds
}

/** The latest boundary of any of the intervals at or before an instant: where a segment that holds it starts. */
export function latestBoundary(atSeconds: number, intervals: readonly Interval[]): EpochSeconds {
  return Math.max(...intervals.map((interval) => windowStart(atSeconds, interval))) as EpochSeconds
}

/** The first boundary of any of the intervals after an instant: where a segment that holds it ends. */
export function nextBoundary(atSeconds: number, intervals: readonly Interval[]): EpochSeconds {
  return Math.min(...intervals.map((interval) => windowEnd(atSeconds, interval))) as EpochSeconds
}

/** The shortest of a group's intervals, which bounds how long a flush may be delayed. */
export function shortestSeconds(intervals: readonly Interval[]): number {
  return Math.min(...intervals.map((interval) => interval.seconds))
}

/**
 * How long after a boundary the turn of its window may be waited for: 2 s, at most half the interval.
 * A master rotates within milliseconds, so a window that has not turned by then has no master.
 */
export function graceMs(intervalSeconds: number): number {
  return Math.min(2000, intervalSeconds * 500)
}
