import type { ChainableCommander, Redis } from 'ioredis'
import type { WindowRef } from '../counter-store.ts'
import type { QueueState } from '../window-queue.ts'
import { closedKey, deadKey, queueKey } from './keys.ts'
import { type GroupState, parseGroup, parsePublishedMs, parseTally } from './queue-replies.ts'
import { results } from './read-step.ts'
import { asArray, parseTime } from './replies.ts'

/** Entries that are counted in one command. Each may hold 1,000 events. */
const COUNTED_AT_ONCE = 100

/** Commands for each queue, and which of them are about what has become of its entries. */
const COMMANDS = 6
const TOLD_FROM = 4

/** What waits in a queue. */
type Waiting = Pick<QueueState, 'length' | 'pending' | 'lagMs'>

/**
 * Reads what is known of queues.
 *
 * @param timeCommand TIME, or what stands for it in tests
 * @param consumerGroup that of all archivers
 */
export async function readQueueStates(
  redis: Redis,
  refs: readonly WindowRef[],
  timeCommand: readonly [string, ...string[]],
  consumerGroup: string,
): Promise<readonly QueueState[]> {
  const pipeline = redis.pipeline()
  pipeline.call(...timeCommand)
  for (const { group, interval } of refs) {
    const key = closedKey(group, interval)
    pipeline.xlen(key)
    pipeline.call('XINFO', 'GROUPS', key)
    pipeline.call('XINFO', 'CONSUMERS', key, consumerGroup)
    pipeline.call('XRANGE', key, '-', '+', 'COUNT', '1')
    pipeline.hgetall(queueKey(group, interval))
    pipeline.xlen(deadKey(group, interval))
  }
  const [time, ...replies] = await looseResults(pipeline)
  const nowMs = parseTime(time)
  return Promise.all(
    refs.map(async ({ group, interval }, index) => {
      const own = replies.slice(COMMANDS * index, COMMANDS * (index + 1))
      const [length, groups, consumers, first, tally, dead] = own
      const state = parseGroup(groups, consumerGroup)
      const waiting = state?.isShared
        ? await waitingFor(redis, closedKey(group, interval), consumerGroup, state)
        : { length: Number(length ?? 0), oldestMs: parsePublishedMs(first) }
      const { oldestMs } = waiting
      // An archiver may still have what was dropped, and the lag may count it.
      const waits = Math.min(waiting.length, Number(length ?? 0))
      const found: Waiting = {
        length: waits,
        pending: Math.min(state?.pending ?? 0, waits),
        lagMs: oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs),
      }
      return { ...found, ...parseTally(consumers, tally, dead) }
    }),
  )
}

/** What waits for our archivers in a stream in which there are entries that only others still need. */
async function waitingFor(
  redis: Redis,
  key: string,
  consumerGroup: string,
  { pending, lastDelivered, lag }: GroupState,
): Promise<{ readonly length: number; readonly oldestMs: number | undefined }> {
  const pipeline = redis.pipeline()
  pipeline.call('XPENDING', key, consumerGroup)
  pipeline.call('XRANGE', key, `(${lastDelivered}`, '+', 'COUNT', '1')
  const [summary, untaken] = await results(pipeline)
  const [, firstPending] = asArray('XPENDING', summary)
  const ofPending =
    typeof firstPending === 'string'
      ? await redis.call('XRANGE', key, firstPending, lastDelivered, 'COUNT', '1')
      : []
  return {
    length: pending + (lag ?? (await countAfter(redis, key, lastDelivered))),
    oldestMs: parsePublishedMs(ofPending) ?? parsePublishedMs(untaken),
  }
}

/** Counts entries one by one: before Redis 7, and after entries in the middle were removed, it does not know the lag. */
async function countAfter(redis: Redis, key: string, id: string): Promise<number> {
  let count = 0
  for (let after = id; ; ) {
    const args = [`(${after}`, '+', 'COUNT', String(COUNTED_AT_ONCE)]
    const entries = asArray('XRANGE', await redis.call('XRANGE', key, ...args))
    count += entries.length
    if (entries.length < COUNTED_AT_ONCE) return count
    after = String(asArray('XRANGE', entries.at(-1))[0])
  }
}

/** What stands for a stream that is not there yet. */
const ABSENT = /^NOGROUP|no such key/i

/** The results of a pipeline, undefined for what is not there, and for what is only told and has a foreign value. */
async function looseResults(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, result], index) => {
    if (error === null) return result
    const isTold = index > 0 && (index - 1) % COMMANDS >= TOLD_FROM
    const isMissing = ABSENT.test(error.message)
    if (isMissing || (isTold && error.message.startsWith('WRONGTYPE'))) return undefined
    throw error
  })
}
