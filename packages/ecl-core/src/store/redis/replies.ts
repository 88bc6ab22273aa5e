import type { Batch } from '../../batch.ts'
import type { EpochSeconds, Interval } from '../../interval.ts'
import { windowStart } from '../../interval.ts'
import type { Applied, ApplyFailure, Placement, Rotated } from '../counter-store.ts'

/**
 * What Redis says, turned into what it means. Nobody else looks at replies; what cannot be understood throws here.
 */

function unexpected(what: string, reply: unknown): Error {
  return new Error(`unexpected reply to ${what}: ${JSON.stringify(reply)?.slice(0, 200)}`)
}

function asArray(what: string, reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw unexpected(what, reply)
  return reply
}

function asNumber(what: string, text: unknown): number {
  const number = typeof text === 'string' || typeof text === 'number' ? Number(text) : Number.NaN
  if (!Number.isFinite(number)) throw unexpected(what, text)
  return number
}

/** TIME's two texts, seconds and microseconds, as ms since the epoch. */
export function parseTime(reply: unknown): number {
  const [seconds, microseconds] = asArray('TIME', reply)
  return asNumber('TIME', seconds) * 1000 + asNumber('TIME', microseconds) / 1000
}

/** The reply of apply.lua, which took so long. */
export function parseApplied(reply: unknown, batch: Batch, roundTripMs: number): Applied {
  const [status, seconds, microseconds, third, failed] = asArray('apply', reply)
  const timed = { storeTimeMs: parseTime([seconds, microseconds]), roundTripMs }
  switch (status) {
    case 'applied':
      return {
        ...timed,
        status,
        placements: asArray('apply', third).map(parsePlacement),
        failures: parseFailures(asArray('apply', failed), batch),
      }
    case 'gap':
      return { ...timed, status, lastApplied: asNumber('apply', third) }
    case 'duplicate':
    case 'hold':
      return { ...timed, status }
    default:
      throw unexpected('apply', reply)
  }
}

function parsePlacement(placement: unknown): Placement {
  switch (placement) {
    case 'cur':
    case 'last':
    case 'late':
    case 'ahead':
      return placement
    default:
      throw unexpected('apply', placement)
  }
}

/** Values that no repeat will make a counter of: another type, no number, or a sum beyond 64 bits. */
const HOPELESS = /WRONGTYPE|not an integer|overflow|out of range/i

function parseFailures(reply: readonly unknown[], batch: Batch): ApplyFailure[] {
  const failures: ApplyFailure[] = []
  for (let i = 0; i < reply.length; i += 3) {
    const interval = batch.intervals[asNumber('apply', reply[i]) - 1]
    const entry = batch.counts[asNumber('apply', reply[i + 1]) - 1]
    if (interval === undefined || entry === undefined) throw unexpected('apply', reply)
    const message = String(reply[i + 2])
    failures.push({ interval, event: entry[0], retry: !HOPELESS.test(message), message })
  }
  return failures
}

/** The reply of rotate.lua. */
export function parseRotated(reply: unknown, interval: Interval): Rotated {
  const [status, seconds, microseconds, window, fourth, events] = asArray('rotate', reply)
  const storeTimeMs = parseTime([seconds, microseconds])
  const current = asNumber('rotate', window) as EpochSeconds
  switch (status) {
    case 'rotated': {
      const start = asNumber('rotate', fourth) as EpochSeconds
      const end = (start + interval.seconds) as EpochSeconds
      return { status, start, end, current, events: asNumber('rotate', events), storeTimeMs }
    }
    case 'already':
    case 'begun':
      return { status, current, storeTimeMs }
    case 'reset':
      return { status, current, was: asNumber('rotate', fourth) as EpochSeconds, storeTimeMs }
    default:
      throw unexpected('rotate', reply)
  }
}

/** The three marks of an interval's windows, as stored. */
export interface WindowMarks {
  readonly curTs: string | null
  readonly curBy: string | null
  readonly lastTs: string | null
}

/** Reads marks from a list of three. */
export function parseMarks(reply: unknown): WindowMarks {
  const [curTs, curBy, lastTs] = asArray('MGET', reply).map((mark) =>
    typeof mark === 'string' ? mark : null,
  )
  return { curTs: curTs ?? null, curBy: curBy ?? null, lastTs: lastTs ?? null }
}

/** Starts of the current and the last window. */
export interface WindowStarts {
  readonly cur: EpochSeconds | undefined
  readonly last: EpochSeconds | undefined
  /** Whether a master other than ours turned the window over last. */
  readonly foreign: boolean
}

/**
 * What the marks mean: the Python original writes its wall time, to be aligned; what it rotated since our last rotation
 * makes `last:@ts` out of date, and then `last` is taken for the window before.
 */
export function windowStarts(marks: WindowMarks, interval: Interval): WindowStarts {
  const curTs = wholeOrUndefined(marks.curTs)
  if (curTs === undefined) return { cur: undefined, last: undefined, foreign: false }
  const cur = windowStart(curTs, interval)
  const foreign = marks.curBy !== marks.curTs
  const told = foreign ? undefined : wholeOrUndefined(marks.lastTs)
  return { cur, last: (told ?? cur - interval.seconds) as EpochSeconds, foreign }
}

function wholeOrUndefined(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** A stored count, or undefined for what is not a whole number. */
export function parseCount(text: string): bigint | undefined {
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
}

/** A list of texts, such as the members of a set. */
export function parseTexts(reply: unknown): string[] {
  return asArray('SMEMBERS', reply).map(String)
}
