import type { EpochSeconds } from '../../interval.ts'
import type { WindowRef } from '../counter-store.ts'
import type { ClosedWindow, DeadLetter, QueuedWindow, QueueState } from '../window-queue.ts'
import { asArray, parseCompleteness, parseCount } from './replies.ts'

/**
 * What Redis says of queues, turned into what it means.
 */

/** An entry of a stream. */
export interface Entry {
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}

/** Entries of a stream; those that have been removed meanwhile are left out. */
export function parseEntries(reply: unknown): Entry[] {
  return asArray('XRANGE', reply).flatMap((entry) => {
    if (entry === null) return []
    const [id, fields] = asArray('XRANGE', entry)
    // Redis 6.2 has no fields for one that is pending, and has been removed from the stream.
    if (fields === null || fields === undefined) return []
    return [{ id: String(id), fields: mapOf(fields) }]
  })
}

/** An entry of a queue; what somebody else has put there is not thrown at whoever reads it. */
export function parseQueued(ref: WindowRef, { id, fields }: Entry): QueuedWindow {
  try {
    return { ref, id, window: windowOf(ref, fields) }
  } catch (caught) {
    const problem = caught instanceof Error ? caught.message : String(caught)
    return { ref, id, window: undefined, problem }
  }
}

/** A dead letter. Redis has given it an ID that is the time of day. */
export function parseDeadLetter(ref: WindowRef, entry: Entry): DeadLetter {
  const error = entry.fields.get('error') ?? 'unknown'
  return { ...parseQueued(ref, entry), error, rejectedMs: Number(entry.id.split('-')[0]) }
}

function windowOf(
  { group, interval }: WindowRef,
  fields: ReadonlyMap<string, string>,
): ClosedWindow {
  const text = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined) throw new Error(`the entry has no ${name}`)
    return value
  }
  const integer = (name: string): bigint => {
    const value = text(name)
    if (!/^-?\d{1,28}$/.test(value)) throw new Error(`the entry's ${name} is no whole number`)
    return BigInt(value)
  }
  const start = Number(integer('start'))
  const window: ClosedWindow = {
    group: group.name,
    interval: interval.spec,
    start: start as EpochSeconds,
    end: (start + Number(integer('length'))) as EpochSeconds,
    publishedMs: Number(integer('published')),
    revision: Number(integer('revision')),
    part: Number(integer('part')),
    parts: Number(integer('parts')),
    completeness: parseCompleteness(text('completeness')),
    late: integer('late'),
    total: integer('total'),
    counts: countsOf(text('counts')),
  }
  if (!fields.has('next')) return window
  const next = Number(integer('next')) as EpochSeconds
  const lossWindowMs = Number(integer('loss'))
  return { ...window, undone: { next, lossWindowMs, mayHoldForeign: text('foreign') !== '0' } }
}

function countsOf(json: string): Map<string, bigint> {
  const counts = new Map<string, bigint>()
  let list: unknown
  try {
    list = JSON.parse(json)
  } catch (caught) {
    throw new Error('the counts of the entry are no JSON', { cause: caught })
  }
  const texts = asArray('XREADGROUP', list)
  for (let i = 0; i < texts.length; i += 2) {
    const count = parseCount(String(texts[i + 1]))
    if (count === undefined) throw new Error('a count of the entry is no whole number')
    counts.set(String(texts[i]), count)
  }
  return counts
}

/** What our consumer group has of a stream. */
export interface GroupState {
  readonly pending: number
  readonly lastDelivered: string
  /** Entries that nobody has taken; undefined where Redis does not know. */
  readonly lag: number | undefined
  /** Whether somebody else has made consumer groups: what they still need stays in the stream, archived or not. */
  readonly isShared: boolean
}

/** The reply of XINFO GROUPS. @returns undefined where no archiver has been there yet */
export function parseGroup(reply: unknown, name: string): GroupState | undefined {
  const groups = asArray('XINFO', reply ?? []).map(mapOf)
  const own = groups.find((one) => one.get('name') === name)
  if (own === undefined) return undefined
  const lag = own.get('lag')
  return {
    pending: numberOf(own.get('pending')),
    lastDelivered: own.get('last-delivered-id') ?? '0-0',
    lag: lag !== undefined && /^\d+$/.test(lag) ? Number(lag) : undefined,
    isShared: groups.length > 1,
  }
}

/** When the first of some entries was published, ms since the epoch; undefined where there is none. */
export function parsePublishedMs(entries: unknown): number | undefined {
  const [first] = parseEntries(entries ?? [])
  return first && numberOf(first.fields.get('published'))
}

/** The replies of XINFO CONSUMERS, HGETALL and XLEN of the dead letters: all of a queue's state but what waits. */
export function parseTally(
  consumers: unknown,
  tally: unknown,
  dead: unknown,
): Omit<QueueState, 'length' | 'pending' | 'lagMs'> {
  const counted = mapOf(Array.isArray(tally) ? tally : Object.entries(tally ?? {}).flat())
  return {
    archived: numberOf(counted.get('archived')),
    rejected: numberOf(counted.get('rejected')),
    dropped: numberOf(counted.get('dropped')),
    dead: numberOf(dead),
    archivers: asArray('XINFO', consumers ?? [])
      .map(mapOf)
      .map((one) => ({
        name: one.get('name') ?? '',
        pending: numberOf(one.get('pending')),
        idleMs: numberOf(one.get('idle')),
      })),
  }
}

function numberOf(value: unknown): number {
  const number = Number(value ?? 0)
  return Number.isFinite(number) ? number : 0
}

/** A list of names and values in turn. */
function mapOf(list: unknown): Map<string, string> {
  const flat = asArray('XINFO', list)
  const map = new Map<string, string>()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const value = flat[i + 1]
    // null is what Redis does not know, such as a lag.
    const isKnown = typeof value === 'string' || typeof value === 'number'
    if (isKnown) map.set(String(flat[i]), String(value))
  }
  return map
}
