import type { Redis } from 'ioredis'
import type { WindowRef } from '../counter-store.ts'
import { type CountKeyParts, escapeGlob, parseCountKey } from './keys.ts'

/** Up to so many keys a SCAN of everything takes some ms, and `python_writers: auto` looks. */
const AUTO_LIMIT_KEYS = 100_000
/** How many keys one step of SCAN looks at: about a millisecond of the server's time. */
const SCAN_COUNT = 5000

/**
 * Finds counts of dynamic groups by their keys, as the Python original does, since its loggers do not enter their
 * events into the index. One pass over the database's keys, whatever the number of windows.
 *
 * @param keyPrefix put before keys by the client, but not before patterns
 * @returns what was found; nothing where no group may have such writers
 */
export async function foreignEvents(
  redis: Redis,
  keyPrefix: string,
  windows: readonly WindowRef[],
): Promise<CountKeyParts[]> {
  let wanted = windows.filter(({ group }) => group.dynamic && group.pythonWriters !== false)
  if (wanted.some(({ group }) => group.pythonWriters === 'auto')) {
    const tooMany = (await redis.dbsize()) >= AUTO_LIMIT_KEYS
    if (tooMany) wanted = wanted.filter(({ group }) => group.pythonWriters === true)
  }
  if (wanted.length === 0) return []

  const known = new Set(wanted.map(({ group, interval }) => `${group.name}:${interval.spec}`))
  const [only] = wanted.length === 1 ? wanted : []
  const pattern = only ? escapeGlob(`${only.group.name}:${only.interval.spec}:`) : ''
  const found: CountKeyParts[] = []
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      `${escapeGlob(keyPrefix)}${pattern}*:[^@]*`,
      'COUNT',
      SCAN_COUNT,
    )
    cursor = next
    for (const key of keys) {
      const parts = parseCountKey(key.slice(keyPrefix.length))
      if (parts && known.has(`${parts.group}:${parts.interval}`)) found.push(parts)
    }
  } while (cursor !== '0')
  return found
}
