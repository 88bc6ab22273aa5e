import type { ChainableCommander, Redis } from 'ioredis'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import { isReserved, type Part, windowKey } from './keys.ts'
import { parseTexts } from './replies.ts'

/**
 * About how many fields one command reads, or all commands of one MULTI: some 3 ms of the server's time, as a field takes
 * it about 1 µs. A window with more is read in steps.
 */
const HASH_CHUNK = 2500
const FROM_THE_START = '0'

/** What has been read of the hash of a window. */
export interface HashChunk {
  /** Event → stored text. */
  readonly fields: ReadonlyMap<string, string>
  /** Where to go on; undefined where nothing is left. */
  readonly cursor: string | undefined
}

/**
 * How many fields of each hash to ask for in one MULTI, about.
 *
 * @param parts of how many windows
 */
export function fieldsAtOnce(parts: number): number {
  return HASH_CHUNK / parts
}

/**
 * Asks for the first fields of a window's hash. HSCAN rather than HGETALL: a hash of no more fields comes whole, and one
 * that has become larger since somebody looked blocks the server no longer than that.
 */
export function askForHash(
  pipeline: ChainableCommander,
  group: GroupSpec,
  interval: Interval,
  part: Part,
  fields: number,
): void {
  pipeline.hscan(windowKey(group, interval, part), FROM_THE_START, 'COUNT', fields)
}

/** Asks for some events' fields alone, as many replies as there are events. */
export function askForFields(
  pipeline: ChainableCommander,
  group: GroupSpec,
  interval: Interval,
  part: Part,
  events: readonly string[],
): void {
  // HGET and not HMGET: each program that counts has the right to it.
  for (const event of events) pipeline.hget(windowKey(group, interval, part), event)
}

/** The replies to that; undefined stands for a foreign value in the hash's place. */
export function parseFields(events: readonly string[], replies: readonly unknown[]): HashChunk {
  const fields = new Map<string, string>()
  events.forEach((event, index) => {
    const text = replies[index]
    if (typeof text === 'string') fields.set(event, text)
  })
  return { fields, cursor: undefined }
}

/** The reply to that of whole hashes; undefined stands for a foreign value in the hash's place. */
export function parseHashChunk(reply: unknown): HashChunk {
  if (reply === undefined || reply === null) return { fields: new Map(), cursor: undefined }
  if (!Array.isArray(reply)) throw new Error('unexpected reply to HSCAN')
  const [cursor, texts]: unknown[] = reply
  const next = String(cursor)
  return { fields: parsePairs(texts), cursor: next === FROM_THE_START ? undefined : next }
}

/**
 * Reads what is left of a window's hash, a chunk at a time. What changes meanwhile is seen or not: who needs one instant
 * has to look before and afterwards whether something has.
 *
 * @param redis the connection of the first chunk, as a cursor means nothing to another server
 * @param answered called after each chunk
 */
export async function readRestOfHash(
  redis: Redis,
  answered: () => void,
  key: string,
  begun: HashChunk,
): Promise<HashChunk> {
  const fields = new Map(begun.fields)
  let { cursor } = begun
  while (cursor !== undefined) {
    const chunk = parseHashChunk(await redis.hscan(key, cursor, 'COUNT', HASH_CHUNK))
    // A field may come twice; the later word is the newer one.
    for (const [event, text] of chunk.fields) fields.set(event, text)
    cursor = chunk.cursor
    answered()
  }
  return { fields, cursor }
}

/** A list of events and stored texts in turn. */
function parsePairs(reply: unknown): Map<string, string> {
  const texts = parseTexts(reply)
  const pairs = new Map<string, string>()
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const event = texts[i] ?? ''
    if (!isReserved(event)) pairs.set(event, texts[i + 1] ?? '')
  }
  return pairs
}
