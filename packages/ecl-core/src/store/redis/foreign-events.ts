import type { Redis } from 'ioredis'
import type { Clock } from '../../clock.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { WindowRef } from '../counter-store.ts'
import { type CountKeyParts, escapeGlob, foreignKey, type Part, parseCountKey } from './keys.ts'

/** How many keys one step of SCAN looks at: about a millisecond of the server's time. */
const SCAN_COUNT = 5000
/** So long a reader searches where nobody knows whether there is something to be found. */
const LONGEST_SEARCH_MS = 5000
export const FROM_THE_START = '0'

/**
 * Events of programs that count in keys and know of no index, as the Python original does, are found by a search through
 * all keys of the database. Masters search, and leave a mark for each group:
 *
 *     none             all keys were looked at, and there was none
 *     found SECONDS    some were found, at last then
 *     (nothing)        nobody has looked at all keys yet
 */
export type ForeignMark = 'none' | 'unknown' | { readonly foundAt: number }

/** Reads a mark; what somebody else has written there is none. */
export function parseForeignMark(text: unknown): ForeignMark {
  if (text === 'none') return 'none'
  const found = typeof text === 'string' ? /^found (\d{1,15})$/.exec(text) : null
  return found === null ? 'unknown' : { foundAt: Number(found[1]) }
}

/** Whether other programs may count events in a group that only a search finds. */
export function mayHaveForeignEvents({ dynamic, pythonWriters }: GroupSpec): boolean {
  return dynamic && pythonWriters !== false
}

/** Reads the mark of a group. By MGET, which makes nothing of a foreign value. */
export async function readForeignMark(redis: Redis, group: GroupSpec): Promise<ForeignMark> {
  const [text] = await redis.mget(foreignKey(group))
  return parseForeignMark(text)
}

/** One step of a search. */
export interface ScanStep {
  readonly found: readonly CountKeyParts[]
  /** Where to go on; FROM_THE_START where all keys have been looked at. */
  readonly cursor: string
}

/**
 * Looks at some keys of the database.
 *
 * @param keyPrefix put before keys by the client, but not before patterns
 * @param windows whose events are looked for; one at least
 */
export async function scanForEvents(
  redis: Redis,
  keyPrefix: string,
  windows: readonly WindowRef[],
  from: string,
): Promise<ScanStep> {
  const [only, ...others] = new Set(windows.map(({ group }) => group.name))
  const groups = only !== undefined && others.length === 0 ? escapeGlob(only) : '*'
  // `cur` or `last`.
  const pattern = `${escapeGlob(keyPrefix)}${groups}:*:[cl][ua][rs]*:[^@]*`
  const [cursor, keys] = await redis.scan(from, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
  const known = new Set(windows.map(({ group, interval }) => `${group.name}:${interval.spec}`))
  const found = keys.flatMap((key) => {
    const parts = parseCountKey(key.slice(keyPrefix.length))
    return parts && known.has(`${parts.group}:${parts.interval}`) ? [parts] : []
  })
  return { found, cursor }
}

/** What a reader needs for a search. */
export interface SearchContext {
  readonly keyPrefix: string
  readonly clock: Clock
  /** Called after each step, as all of them may take longer than a reply is waited for. */
  readonly answered: () => void
}

/** What is said where a reader had no time to look at all keys. */
export function searchCutShortText(group: string): string {
  return (
    `group "${group}": events of programs that leave no index, such as Python services, may be missing: ` +
    'no master has said whether there are any, and looking at all keys of the database takes too long; ' +
    'run ecl-master, or set python_writers to true, or to false where there are none'
  )
}

/** What a reader has found. */
export interface FoundEvents {
  readonly events: ReadonlySet<string>
  /** Whether there was no time to look at all keys. */
  readonly isCutShort: boolean
}

/**
 * Searches for the events of one interval's windows.
 *
 * @param isKnown whether there is something to be found; then no time is too long
 */
export async function searchForEvents(
  redis: Redis,
  { keyPrefix, clock, answered }: SearchContext,
  window: WindowRef,
  parts: readonly Part[],
  isKnown: boolean,
): Promise<FoundEvents> {
  const events = new Set<string>()
  const untilMs = clock.monotonicMs() + LONGEST_SEARCH_MS
  let cursor = FROM_THE_START
  do {
    const step = await scanForEvents(redis, keyPrefix, [window], cursor)
    for (const { part, event } of step.found) if (parts.includes(part)) events.add(event)
    cursor = step.cursor
    answered()
    if (cursor !== FROM_THE_START && !isKnown && clock.monotonicMs() >= untilMs) {
      return { events, isCutShort: true }
    }
  } while (cursor !== FROM_THE_START)
  return { events, isCutShort: false }
}
