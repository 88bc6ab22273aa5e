import type { Batch } from '../../batch.ts'
import type { EpochSeconds, Interval } from '../../interval.ts'
import { windowStart } from '../../interval.ts'
import type {
  Acknowledgement,
  Applied,
  ApplyFailure,
  ClientAccount,
  Completeness,
  Placement,
  Rotated,
} from '../counter-store.ts'
import type { Published } from '../window-queue.ts'
import { isSameRun } from './run-id.ts'

/**
 * What Redis says, turned into what it means. Nobody else looks at replies; what cannot be understood throws here.
 */

function unexpected(what: string, reply: unknown): Error {
  return new Error(`unexpected reply to ${what}: ${JSON.stringify(reply)?.slice(0, 200)}`)
}

/** Narrows a reply to a list. */
export function asArray(what: string, reply: unknown): readonly unknown[] {
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
export function parseApplied(reply: unknown, batch: Batch, sentMs: number): Applied {
  const [status, seconds, microseconds, third, failed] = asArray('apply', reply)
  const timed = { storeTimeMs: parseTime([seconds, microseconds]), sentMs }
  switch (status) {
    case 'applied':
      return {
        ...timed,
        status,
        placements: asArray('apply', third).map(parsePlacement),
        failures: parseFailures(asArray('apply', failed), batch),
      }
    case 'duplicate':
    case 'gap':
      return { ...timed, status, lastApplied: asNumber('apply', third), tokens: String(failed) }
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

/** Values that no repeat will make a counter of: another type, no number, or a sum beyond 64 bits. As apply.lua has it. */
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

/** The reply of acknowledge-client.lua. */
export function parseAcknowledgement(reply: unknown): Acknowledgement {
  switch (reply) {
    case 'acknowledged':
    case 'alive':
    case 'closed':
    case 'unknown':
      return reply
    default:
      throw unexpected('acknowledge-client', reply)
  }
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
    case 'unpublished':
    case 'begun':
      return { status, current, storeTimeMs }
    case 'reset':
      return { status, current, was: asNumber('rotate', fourth) as EpochSeconds, storeTimeMs }
    default:
      throw unexpected('rotate', reply)
  }
}

/** The reply of look.lua: the server's clock, and the marks that were asked for, false for what is not there. */
export function parseLook(reply: unknown): { storeTimeMs: number; marks: readonly unknown[] } {
  const [seconds, microseconds, marks] = asArray('look', reply)
  return { storeTimeMs: parseTime([seconds, microseconds]), marks: parseJsonArray('look', marks) }
}

/** The reply of publish.lua. */
export function parsePublication(reply: unknown, start: EpochSeconds): Published {
  const [status, , , revision, parts, completeness, dropped] = asArray('publish', reply)
  switch (status) {
    case 'published':
      return {
        ...{ status, start, revision: asNumber('publish', revision) },
        parts: asNumber('publish', parts),
        completeness: parseCompleteness(completeness),
        dropped: asNumber('publish', dropped),
      }
    case 'already':
    case 'nothing':
      return { status }
    default:
      throw unexpected('publish', reply)
  }
}

/** What an entry says of the completeness of its window. */
export function parseCompleteness(text: unknown): Completeness['status'] {
  if (text === 'complete' || text === 'pending' || text === 'partial' || text === 'unknown') {
    return text
  }
  throw unexpected('publish', text)
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

/**
 * Which window was published, as its mark says, the fourth of that list; none where that was in another run of the server,
 * which may have forgotten what changed it since.
 *
 * @returns as `Publication` has it: its start and, where there is one, until when it is open
 */
export function parsePublished(reply: unknown, run: string): string | undefined {
  const [, , , mark] = asArray('MGET', reply)
  const [start, markedIn, ...until] = typeof mark === 'string' ? mark.split(' ') : []
  return isSameRun(markedIn, run) ? [start, ...until].join(' ') : undefined
}

/** What loggers say of the windows of an interval. */
export interface WindowSums {
  readonly cur: bigint
  readonly last: bigint
  /** When the latest counts were made that went into the window before their own; 0 for never. */
  readonly aheadAt: number
}

/** Reads that from the same list, behind the marks; what is no number counts as nothing. */
export function parseSums(reply: unknown): WindowSums {
  const [cur, last, ahead] = asArray('MGET', reply)
    .slice(3)
    .map((text) => (typeof text === 'string' ? (parseCount(text) ?? 0n) : 0n))
  return { cur: cur ?? 0n, last: last ?? 0n, aheadAt: Number(ahead ?? 0n) }
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

/** The fields of a client's entry, in the order in which apply.lua writes them. */
const ENTRY =
  /^(\d{1,15}) (\d{1,15}) ([012]) (\d{1,15}) (\d{1,15}) (-?\d+) (-?\d+) (-?\d+) (-?\d+) (-?\d+) (-?\d+)(?: \w*)?$/

/**
 * Reads the hash of clients: a list of fields and values in turn. What someone else wrote there is passed over, as
 * apply.lua does.
 *
 * @returns in the order of the ids
 */
export function parseAccounts(reply: unknown): ClientAccount[] {
  const texts = parseTexts(reply)
  const accounts: ClientAccount[] = []
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const match = ENTRY.exec(texts[i + 1] ?? '')
    if (match === null) continue
    const [number = 0, lastUse = 0, closed = 0, through = 0, lossUntil = 0, ...books] = match
      .slice(1)
      .map(Number)
    const [logged = 0, applied = 0, unsent = 0, refused = 0, late = 0, replayed = 0] = books
    accounts.push({
      clientId: texts[i] ?? '',
      number,
      lastUse: lastUse as EpochSeconds,
      closed: closed === 1,
      acknowledged: closed === 2,
      through: through as EpochSeconds,
      lossUntil: lossUntil as EpochSeconds,
      logged,
      applied,
      unsent,
      refused,
      late,
      replayed,
    })
  }
  return accounts.sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
}

/** A stored count, or undefined for what is not a whole number. */
export function parseCount(text: string): bigint | undefined {
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
}

/** Events and their stored texts, as read.lua packs them: event → text, without those that have none. */
export function parsePacked(reply: unknown): Map<string, string> {
  const found = new Map<string, string>()
  // Nothing was asked for.
  if (reply === null || reply === undefined) return found
  const [events = [], ...chunks] = asArray('read', reply).map((text) =>
    parseJsonArray('read', text),
  )
  let e = 0
  for (const chunk of chunks) {
    for (const value of chunk) {
      const event = events[e++]
      if (typeof value === 'string' && typeof event === 'string') found.set(event, value)
    }
  }
  return found
}

function parseJsonArray(what: string, text: unknown): readonly unknown[] {
  const parsed: unknown = JSON.parse(String(text))
  return asArray(what, parsed)
}

/** A list of texts, such as the members of a set. */
export function parseTexts(reply: unknown): string[] {
  return asArray('SMEMBERS', reply).map(String)
}
