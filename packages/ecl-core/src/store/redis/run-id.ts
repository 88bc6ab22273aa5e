import type { Redis } from 'ioredis'

/** Enough that no two runs of a server are taken for one, and short enough for a mark. */
const DIGITS = 8
/** Of a server that does not tell this user. The scripts know it, too: it may be any. */
const UNKNOWN = '0'.repeat(DIGITS)

const known = new WeakMap<Redis, Promise<string>>()

/**
 * Which run of a server a connection leads to: another one after each restart and each failover, behind which there may be
 * less than there was. Asked once for each client, as each connection of a store has one of its own, which no restart
 * outlives.
 *
 * @returns eight hex digits; zeroes where the server does not tell this user
 */
export function runIdOf(redis: Redis): Promise<string> {
  const asked = known.get(redis)
  if (asked !== undefined) return asked
  const asking = askFor(redis)
  known.set(redis, asking)
  asking.catch(() => known.delete(redis))
  return asking
}

async function askFor(redis: Redis): Promise<string> {
  try {
    const info = await redis.info('server')
    return /^run_id:([0-9a-f]{8})/m.exec(info)?.[1] ?? UNKNOWN
  } catch (caught) {
    // The server's own answer: no right, or no such command.
    if (caught instanceof Error && caught.name === 'ReplyError') return UNKNOWN
    throw caught
  }
}

/** Whether two runs are the same one, as far as is known. */
export function isSameRun(one: string | undefined, other: string): boolean {
  return one === other || one === UNKNOWN || (one !== undefined && other === UNKNOWN)
}
