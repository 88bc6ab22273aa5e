import { type EpochSeconds, parseDuration } from 'ecl-core'
import { DateTime, IANAZone } from 'luxon'
import type { TimeRange } from './runs.ts'

/** A year or a time of day alone are other things than these. */
const EPOCH_SECONDS = /^\d{9,11}$/
/** Of ISO 8601, what people write: a date, or a date and a time, with or without an offset. */
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i

/** Why a text is not what it should be, in words that complete `"x" …`. */
export interface NotATime {
  readonly problem: string
}

/** Whether there is a time zone of this name, such as `Europe/Prague` or `UTC`. */
export function isZone(name: string): boolean {
  return IANAZone.isValidZone(name)
}

/**
 * Reads an instant: `2026-11-22T18:45:00Z`, `2026-11-22 18:45` (in the zone), `2026-11-22` (midnight in the zone),
 * `today`, `yesterday` (their midnights in the zone), `now`, or seconds since the epoch.
 *
 * @param nowMs since the epoch
 */
export function parseInstant(text: string, zone: string, nowMs: number): EpochSeconds | NotATime {
  const now = DateTime.fromMillis(nowMs, { zone })
  if (text === 'now') return epochSeconds(now)
  if (text === 'today') return epochSeconds(now.startOf('day'))
  if (text === 'yesterday') return epochSeconds(now.minus({ days: 1 }).startOf('day'))
  if (EPOCH_SECONDS.test(text)) return Number(text) as EpochSeconds
  const instant = DateTime.fromISO(text.replace(' ', 'T').toUpperCase(), { zone })
  if (ISO.test(text) && instant.isValid) return epochSeconds(instant)
  return {
    problem:
      'is no time; write "2026-11-22", "2026-11-22T18:45", "2026-11-22T18:45:00Z", "yesterday", ' +
      '"today", "now" or seconds since the epoch',
  }
}

/** Old windows may be there as roll-ups only, of whole minutes or hours. */
const WHOLE = [
  { ofSeconds: 2 * 86_400, bySeconds: 3600 },
  { ofSeconds: 3600, bySeconds: 60 },
]

/**
 * Reads a length of time up to now, such as `24h`: of two days or more it begins and ends with whole hours, of an hour or
 * more with whole minutes.
 *
 * @param nowMs since the epoch
 */
export function parseSince(text: string, nowMs: number): TimeRange | NotATime {
  const length = parseDuration(text)
  if ('problem' in length) return length
  const { seconds } = length
  const by = WHOLE.find(({ ofSeconds }) => seconds >= ofSeconds)?.bySeconds ?? 1
  const now = nowMs / 1000
  return {
    from: (Math.floor((now - seconds) / by) * by) as EpochSeconds,
    to: (Math.ceil(now / by) * by) as EpochSeconds,
  }
}

/**
 * An instant for people, by the clocks of a zone: `2026-11-22 18:45`.
 *
 * @param withSeconds whether seconds are told, too
 */
export function instantText(at: EpochSeconds, zone: string, withSeconds = false): string {
  const instant = DateTime.fromSeconds(at, { zone })
  return instant.toFormat(withSeconds ? 'yyyy-MM-dd HH:mm:ss' : 'yyyy-MM-dd HH:mm')
}

/** An instant for programs, by the clocks of a zone: `2026-11-22T18:45:00Z`, `2026-11-22T19:45:00+01:00`. */
export function instantIso(at: EpochSeconds, zone: string): string {
  return DateTime.fromSeconds(at, { zone }).toISO({ suppressMilliseconds: true }) ?? String(at)
}

function epochSeconds(instant: DateTime): EpochSeconds {
  return Math.floor(instant.toSeconds()) as EpochSeconds
}
