import type { ChainableCommander, Redis } from 'ioredis'
import type { Clock } from '../../clock.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import type { Which } from '../counter-store.ts'
import {
  askForClients,
  type Clients,
  type FirstClients,
  parseFirstClients,
} from './client-entries.ts'
import {
  aheadKey,
  clientsKey,
  countKey,
  indexKey,
  isReserved,
  type Part,
  startKey,
  sumKey,
  writtenByKey,
} from './keys.ts'
import { packTexts } from './packed-texts.ts'
import {
  parseAccounts,
  parseMarks,
  parsePacked,
  parseSums,
  parseTexts,
  parseTime,
  type WindowStarts,
  type WindowSums,
  windowStarts,
} from './replies.ts'
import { runReadOnlyScript, type Script } from './script.ts'
import {
  askForFields,
  askForHash,
  fieldsAtOnce,
  type HashChunk,
  parseFields,
  parseHashChunk,
} from './window-hash.ts'

/** MGET of more blocks the server for longer than one flush does. */
const CHUNK = 1000

/** What a read needs besides the connection. */
export interface ReadContext {
  /** Put before keys by the client, but not before patterns. */
  readonly keyPrefix: string
  /** TIME, or what stands for it in tests. */
  readonly timeCommand: readonly [string, ...string[]]
  readonly readScript: Script
  readonly clock: Clock
  /** Called when a reply has come of many that a large hash takes, as they may take longer than one is waited for. */
  readonly answered: () => void
}

/** One look at everything. */
export interface Step {
  readonly storeTimeMs: number
  readonly starts: WindowStarts
  /** Which state the index was in, to be held against that of a listing; '' where nobody looked. */
  readonly indexState: string
  /** Those that were asked for; undefined where something else is in their place. */
  readonly clients: Clients
  /** Whether there are more of them. */
  readonly hasMoreClients: boolean
  /** What loggers say that the windows hold. */
  readonly sums: WindowSums
  /** What was found in keys: event → stored text. */
  readonly parts: ReadonlyMap<Part, ReadonlyMap<string, string>>
  /** What was found in hashes. */
  readonly hashes: ReadonlyMap<Part, HashChunk>
}

/** What a look is to see. */
export interface Question {
  readonly group: GroupSpec
  readonly interval: Interval
  readonly parts: readonly Part[]
  readonly asked: readonly string[]
  /** Whether there is an index of what is to be asked for. */
  readonly indexed: boolean
  /** Whether completeness is asked for. */
  readonly judged: boolean
  /** Whose last batch is asked for. */
  readonly client: string | undefined
  /** Whether hashes are asked for these events only. One step reads them however large they are. */
  readonly namesFields: boolean
}

/** The events that the index names. */
export interface Listing {
  readonly events: readonly string[]
  readonly indexState: string
}

/** Asks for the index, whole. */
export async function listEvents(
  redis: Redis,
  { group, interval, parts }: Pick<Question, 'group' | 'interval' | 'parts'>,
): Promise<Listing> {
  const multi = redis.multi()
  multi.mget(startKey(group, interval, 'cur'))
  for (const part of parts) multi.smembers(indexKey(group, interval, part))
  const [marks, ...indexes] = await results(multi)
  const listed = indexes.map((reply) => parseTexts(reply ?? []))
  return {
    events: listed.flat().filter((event) => !isReserved(event)),
    indexState: stateOfIndex(
      parseMarks(marks).curTs,
      listed.map((events) => events.length),
    ),
  }
}

/**
 * What an index is told apart by. While a window is the current one, events are added to its index, and none is taken
 * away; when it is turned over, its start is another. So the sizes will do, and 100,000 names need not come twice.
 */
function stateOfIndex(start: string | null, sizes: readonly number[]): string {
  return [start, ...sizes].join(' ')
}

/** Looks at everything in one MULTI. */
export async function readStep(
  redis: Redis,
  context: ReadContext,
  question: Question,
): Promise<Step> {
  const { group, interval, parts, asked, indexed, judged, client, namesFields } = question
  const multi = redis.multi()
  multi.call(...context.timeCommand)
  multi.mget(
    startKey(group, interval, 'cur'),
    writtenByKey(group, interval),
    startKey(group, interval, 'last'),
    sumKey(group, interval, 'cur'),
    sumKey(group, interval, 'last'),
    aheadKey(group, interval),
  )
  if (judged) askForClients(multi, group)
  else if (client !== undefined) multi.hget(clientsKey(group), client)
  for (const part of parts) {
    if (namesFields) askForFields(multi, group, interval, part, asked)
    else askForHash(multi, group, interval, part, fieldsAtOnce(parts.length))
    if (indexed) multi.scard(indexKey(group, interval, part))
    for (let first = 0; first < asked.length; first += CHUNK) {
      const chunk = asked.slice(first, first + CHUNK)
      multi.mget(chunk.map((event) => countKey(group, interval, part, event)))
    }
  }
  const [time, marks, ...rest] = await results(multi)
  const { clients, isCut } = judged
    ? parseFirstClients(rest.shift())
    : clientIn(client, () => rest.shift())
  const sizes: number[] = []
  const found = new Map<Part, Map<string, string>>()
  const hashes = new Map<Part, HashChunk>()
  for (const part of parts) {
    hashes.set(
      part,
      namesFields ? parseFields(asked, rest.splice(0, asked.length)) : parseHashChunk(rest.shift()),
    )
    if (indexed) sizes.push(Number(rest.shift() ?? 0))
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
    sums: parseSums(marks),
    clients,
    hasMoreClients: isCut,
    indexState: indexed ? stateOfIndex(parseMarks(marks).curTs, sizes) : '',
    parts: found,
    hashes,
  }
}

/** The one client in a reply of HGET, where that was asked for. */
function clientIn(client: string | undefined, reply: () => unknown): FirstClients {
  const entry = client === undefined ? undefined : reply()
  const clients = typeof entry === 'string' ? parseAccounts([client, entry]) : []
  return { clients, isCut: false }
}

/**
 * Looks at everything by a script, which asks for what the index names at that instant: a thousand events are read twice
 * as fast as in steps.
 *
 * @param mostEvents a script for more would block the server for too long
 * @returns undefined where that has to be done in steps: there is no EVALSHA_RO, or it is not this user's right, or the script is not loaded, or there are
 * more events
 */
export async function readByScript(
  redis: Redis,
  context: ReadContext,
  { group, interval, parts, asked, judged, client = '' }: Question,
  mostEvents: number,
): Promise<Step | undefined> {
  const which: Which = parts.length === 2 ? 'both' : (parts[0] ?? 'last')
  const reply = await runReadOnlyScript(
    redis,
    context.readScript,
    startKey(group, interval, 'cur'),
    [
      ...[which, String(fieldsAtOnce(parts.length)), judged ? '*' : client, String(mostEvents)],
      packTexts(asked),
    ],
  )
  if (reply === undefined || reply === null) return undefined
  if (!Array.isArray(reply)) throw new Error('unexpected reply to read')
  const [seconds, microseconds, marks, clients, cur, last, curHash, lastHash]: unknown[] = reply
  const found = <T>(ofCur: T, ofLast: T): Map<Part, T> =>
    new Map([
      ...(which === 'last' ? [] : [['cur', ofCur] as const]),
      ...(which === 'cur' ? [] : [['last', ofLast] as const]),
    ])
  const hashes = found(parseHashChunk(curHash), parseHashChunk(lastHash))
  if ([...hashes.values()].some(({ cursor }) => cursor !== undefined)) return undefined
  const first: FirstClients =
    judged || client !== '' ? parseFirstClients(clients) : { clients: [], isCut: false }
  return {
    storeTimeMs: parseTime([seconds, microseconds]),
    starts: windowStarts(parseMarks(marks), interval),
    sums: parseSums(marks),
    clients: first.clients,
    hasMoreClients: first.isCut,
    indexState: '',
    parts: found(parsePacked(cur), parsePacked(last)),
    hashes,
  }
}

/**
 * The results of a pipeline; the first error among them is thrown. Undefined stands for a foreign value in the place of
 * an index or of the clients; MGET makes a null of such a thing by itself.
 */
export async function results(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = await pipeline.exec()
  // null: a WATCH failed, which we never use
  if (replies === null) throw new Error('the transaction was discarded')
  return replies.map(([error, result]) => {
    if (error === null) return result
    if (error.message.startsWith('WRONGTYPE')) return undefined
    throw error
  })
}
