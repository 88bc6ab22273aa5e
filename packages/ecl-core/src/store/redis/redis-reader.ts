import type { ChainableCommander, Redis } from 'ioredis'
import { StoreError } from '../../errors.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { EpochSeconds, Interval } from '../../interval.ts'
import type { Reading, Snapshot, Which } from '../counter-store.ts'
import { foreignEvents } from './foreign-events.ts'
import { countKey, indexKey, type Part, startKey, writtenByKey } from './keys.ts'
import {
  parseCount,
  parseMarks,
  parseTexts,
  parseTime,
  type WindowStarts,
  windowStarts,
} from './replies.ts'
import { runReadOnlyScript, type Script } from './script.ts'

/** MGET of more blocks the server for longer than one flush does. */
const CHUNK = 1000
/** A new event between the two steps makes a read start again; so many in a row hardly happen. */
const ATTEMPTS = 5

/** What a read needs besides the connection. */
export interface ReadContext {
  /** Put before keys by the client, but not before patterns. */
  readonly keyPrefix: string
  /** TIME, or what stands for it in tests. */
  readonly timeCommand: readonly [string, ...string[]]
  readonly readScript: Script
}

/**
 * Reads one interval's windows as they are at one instant, with reading commands only, so that a read-only user and a
 * replica will do.
 *
 * Which events there are has to be known before they can be asked for. So the index is read first, then everything in
 * one MULTI together with the index: if it names an event that was not asked for, all is done again.
 *
 * @throws StoreError READ_CONTENDED: new events came faster than they could be read, on a server without EVAL_RO
 */
export async function readWindows(
  redis: Redis,
  context: ReadContext,
  group: GroupSpec,
  interval: Interval,
  which: Which,
): Promise<Reading> {
  const parts: readonly Part[] = which === 'both' ? ['cur', 'last'] : [which]
  const events = new Set(group.events)
  if (group.dynamic) {
    for (const event of await listedEvents(redis, group, interval, parts)) events.add(event)
    for (const event of await foreignEvents(redis, context.keyPrefix, [{ group, interval }])) {
      if (parts.includes(event.part)) events.add(event.event)
    }
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const asked = [...events]
    const step = await readStep(redis, context, group, interval, parts, asked)
    const missed = step.listed.filter((event) => !events.has(event))
    if (missed.length === 0) return readingOf(group, interval, step)
    for (const event of missed) events.add(event)
  }
  return readByScript(redis, context, group, interval, which, [...events])
}

async function listedEvents(
  redis: Redis,
  group: GroupSpec,
  interval: Interval,
  parts: readonly Part[],
): Promise<string[]> {
  const pipeline = redis.pipeline()
  for (const part of parts) pipeline.smembers(indexKey(group, interval, part))
  return (await results(pipeline)).flatMap(parseTexts)
}

/** One look at everything. */
interface Step {
  readonly storeTimeMs: number
  readonly starts: WindowStarts
  /** Events that the index names. */
  readonly listed: readonly string[]
  readonly parts: ReadonlyMap<Part, ReadonlyMap<string, string>>
}

async function readStep(
  redis: Redis,
  context: ReadContext,
  group: GroupSpec,
  interval: Interval,
  parts: readonly Part[],
  asked: readonly string[],
): Promise<Step> {
  const multi = redis.multi()
  multi.call(...context.timeCommand)
  multi.mget(
    startKey(group, interval, 'cur'),
    writtenByKey(group, interval),
    startKey(group, interval, 'last'),
  )
  for (const part of parts) {
    if (group.dynamic) multi.smembers(indexKey(group, interval, part))
    for (let first = 0; first < asked.length; first += CHUNK) {
      const chunk = asked.slice(first, first + CHUNK)
      multi.mget(chunk.map((event) => countKey(group, interval, part, event)))
    }
  }
  const [time, marks, ...rest] = await results(multi)
  const listed: string[] = []
  const found = new Map<Part, Map<string, string>>()
  for (const part of parts) {
    // Not by spreading: 100,000 arguments overflow the stack.
    if (group.dynamic) for (const event of parseTexts(rest.shift())) listed.push(event)
    const counts = new Map<string, string>()
    for (let first = 0; first < asked.length; first += CHUNK) {
      const values = rest.shift()
      if (!Array.isArray(values)) throw new Error('unexpected reply to MGET')
      values.forEach((value: unknown, offset) => {
        const event = asked[first + offset]
        if (typeof value === 'string' && event !== undefined) counts.set(event, value)
      })
    }
    found.set(part, counts)
  }
  return {
    storeTimeMs: parseTime(time),
    starts: windowStarts(parseMarks(marks), interval),
    listed,
    parts: found,
  }
}

async function readByScript(
  redis: Redis,
  context: ReadContext,
  group: GroupSpec,
  interval: Interval,
  which: Which,
  asked: readonly string[],
): Promise<Reading> {
  const reply = await runReadOnlyScript(
    redis,
    context.readScript,
    startKey(group, interval, 'cur'),
    [which, ...asked],
  )
  if (reply === undefined) {
    throw new StoreError(
      'READ_CONTENDED',
      `group "${group.name}", ${interval.spec}: new events keep coming while they are read; try again`,
    )
  }
  if (!Array.isArray(reply)) throw new Error('unexpected reply to read')
  const [seconds, microseconds, curTs, curBy, lastTs, cur, last]: unknown[] = reply
  return readingOf(group, interval, {
    storeTimeMs: parseTime([seconds, microseconds]),
    starts: windowStarts(parseMarks([curTs, curBy, lastTs]), interval),
    listed: [],
    parts: new Map<Part, ReadonlyMap<string, string>>([
      ...(which === 'last' ? [] : [['cur', pairs(cur)] as const]),
      ...(which === 'cur' ? [] : [['last', pairs(last)] as const]),
    ]),
  })
}

function pairs(reply: unknown): Map<string, string> {
  const texts = parseTexts(reply)
  const counts = new Map<string, string>()
  for (let i = 0; i + 1 < texts.length; i += 2) counts.set(texts[i] ?? '', texts[i + 1] ?? '')
  return counts
}

function readingOf(group: GroupSpec, interval: Interval, step: Step): Reading {
  const cur = step.parts.get('cur')
  const last = step.parts.get('last')
  return {
    storeTimeMs: step.storeTimeMs,
    current: step.starts.cur,
    ...(cur && { cur: snapshotOf(group, interval, step.starts.cur, cur) }),
    ...(last && { last: snapshotOf(group, interval, step.starts.last, last) }),
  }
}

function snapshotOf(
  group: GroupSpec,
  interval: Interval,
  start: EpochSeconds | undefined,
  stored: ReadonlyMap<string, string>,
): Snapshot {
  const counts = new Map<string, bigint>(group.events.map((event) => [event, 0n]))
  const unreadable: string[] = []
  for (const [event, text] of stored) {
    const count = parseCount(text)
    if (count === undefined) unreadable.push(event)
    else counts.set(event, count)
  }
  const end = start === undefined ? undefined : ((start + interval.seconds) as EpochSeconds)
  return { start, end, counts, unreadable }
}

/** The results of a pipeline; the first error among them is thrown. */
export async function results(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = await pipeline.exec()
  // null: a WATCH failed, which we never use
  if (replies === null) throw new Error('the transaction was discarded')
  return replies.map(([error, result]) => {
    if (error !== null) throw error
    return result
  })
}
