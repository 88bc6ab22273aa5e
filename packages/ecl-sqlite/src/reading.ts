import {
  type EpochSeconds,
  type GroupSpec,
  type Interval,
  judge,
  type Reading,
  type Snapshot,
} from 'ecl-core'
import type { Replies, StoredWindow } from './thread/messages.ts'

/** Makes what a reader gets of what the thread has read. */
export function readingOf(
  group: GroupSpec,
  interval: Interval,
  { storeTimeMs, current, clients, lastApplied, cur, last }: Replies['read'],
  judged: boolean,
): Reading {
  const snapshot = (stored: StoredWindow, isCurrent: boolean): Snapshot => {
    const start = stored.start as EpochSeconds | undefined
    const end = start === undefined ? undefined : ((start + interval.seconds) as EpochSeconds)
    const counts = new Map<string, bigint>(group.events.map((event) => [event, 0n]))
    stored.events.forEach((event, index) => {
      counts.set(event, stored.counts[index] ?? 0n)
    })
    if (!judged) return { start, end, counts, unreadable: [] }
    const { storedSum, loggedSum, aheadAt } = stored
    const completeness = judge({
      // No Python program writes into the file, whatever the config says.
      group: { ...group, pythonWriters: false },
      ...{ interval, start, storedSum, loggedSum, aheadAt, isCurrent, storeTimeMs },
      clients: [...clients],
      isForeign: false,
    })
    return { start, end, counts, unreadable: [], completeness }
  }
  return {
    storeTimeMs,
    current: current as EpochSeconds | undefined,
    ...(lastApplied !== undefined && { lastApplied }),
    ...(cur && { cur: snapshot(cur, true) }),
    ...(last && { last: snapshot(last, false) }),
  }
}
