import type { GroupSpec } from '../group-spec.ts'
import { type EpochSeconds, graceMs, type Interval } from '../interval.ts'
import type { ClientAccount, Completeness } from './counter-store.ts'

/** Why nobody can tell what is there of a group's counts, and what to do, for messages. */
export function tooManyClientsText(group: string): string {
  return `the hash "${group}:@clients" has more entries than a group has clients, as another program has written to it; loggers remove what is no client's by and by`
}

/**
 * Seconds. A client that has not been heard for so long is taken for dead, and what begins later does not wait for it. Twice the
 * time after which an idle one says that it is there.
 */
export const LEASE_SECONDS = 10

/** What is known of a window when it is read. */
export interface WindowEvidence {
  readonly group: GroupSpec
  readonly interval: Interval
  readonly start: EpochSeconds | undefined
  /** Whether the window is still the current one in the store. */
  readonly isCurrent: boolean
  readonly storeTimeMs: number
  /** Sum of all counts that are stored for the window. */
  readonly storedSum: bigint
  /** Sum of the counts that loggers have put into this window, and that happened in it. */
  readonly loggedSum: bigint
  /**
   * When the latest counts were made that went into the window before their own, as nobody had turned it over; 0 for
   * never. They are missing in their own.
   */
  readonly aheadAt: number
  /** Undefined where they cannot be read. */
  readonly clients: readonly ClientAccount[] | 'too many' | undefined
  /** Whether a master of another program has turned the windows over since ours did. */
  readonly isForeign: boolean
}

/**
 * Whether a window's counts are all there, and nothing but them.
 *
 * A client that is known to the store is missing while it has not said that all it counted before the window's end is
 * there, unless it was dead when the window began: then it counted nothing in it.
 */
export function judge(evidence: WindowEvidence): Completeness {
  const { group, interval, start, isCurrent, storeTimeMs, clients } = evidence
  // A Python logger's counts come at any time, and land in the window in which they come.
  if (group.pythonWriters === true) return { status: 'unknown', reason: 'python writers' }
  if (clients === undefined) return { status: 'unknown', reason: 'no clients' }
  if (clients === 'too many') return { status: 'unknown', reason: 'too many clients' }
  if (start === undefined) return { status: 'pending', missing: [] }
  const endSeconds = start + interval.seconds
  const heard = clients.filter((client) => isPast(client, storeTimeMs))
  const missing = heard.filter((client) => isMissing(client, start, endSeconds))
  const names = missing.map(({ clientId }) => clientId).sort()
  const awaited = heard.some(
    (client) => isBehind(client, start, endSeconds) && leaseEnd(client) * 1000 > storeTimeMs,
  )
  if (isCurrent || awaited || storeTimeMs < endSeconds * 1000 + graceMs(interval.seconds)) {
    return { status: 'pending', missing: names }
  }
  if (missing.length > 0) return { status: 'partial', missing: names }
  const isExact = evidence.storedSum === evidence.loggedSum && evidence.aheadAt < start
  if (!isExact || evidence.isForeign) {
    return { status: 'unknown', reason: 'other counts' }
  }
  return { status: 'complete' }
}

/**
 * Whether the store can have heard this. Where its clock has gone back, each client that is there says something new within
 * half a lease; for the others, nobody would be done with waiting.
 */
function isPast({ lastUse, lossUntil }: ClientAccount, storeTimeMs: number): boolean {
  const latest = storeTimeMs / 1000 + LEASE_SECONDS
  return lastUse <= latest && lossUntil <= latest
}

function isMissing(client: ClientAccount, startSeconds: number, endSeconds: number): boolean {
  // What the store has forgotten, and the client could not replay, will not come.
  return client.lossUntil > startSeconds || isBehind(client, startSeconds, endSeconds)
}

function isBehind(client: ClientAccount, startSeconds: number, endSeconds: number): boolean {
  if (client.closed || client.through >= endSeconds) return false
  return leaseEnd(client) > startSeconds
}

function leaseEnd(client: ClientAccount): number {
  return client.lastUse + LEASE_SECONDS
}
