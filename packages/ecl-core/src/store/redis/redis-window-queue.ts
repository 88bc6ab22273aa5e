import type { Redis } from 'ioredis'
import { judge } from '../completeness.ts'
import type { WindowRef } from '../counter-store.ts'
import { openUntil } from '../publication.ts'
import { windowProblem } from '../window-check.ts'
import type {
  DeadLetter,
  Published,
  PublishOptions,
  QueuedWindow,
  QueueState,
  WindowQueue,
} from '../window-queue.ts'
import { askForClients, parseFirstClients, readAllClients } from './client-entries.ts'
import { aheadKey, closedKey, deadKey, startKey, sumKey, writtenByKey } from './keys.ts'
import { acknowledgeScript, leaveScript, replayScript } from './lua-scripts.generated.ts'
import { packTexts } from './packed-texts.ts'
import { type Entry, parseDeadLetter, parseEntries, parseQueued } from './queue-replies.ts'
import { readQueueStates } from './queue-state.ts'
import { results } from './read-step.ts'
import {
  asArray,
  parseMarks,
  parsePublication,
  parseSums,
  parseTime,
  windowStarts,
} from './replies.ts'
import { runIdOf } from './run-id.ts'
import { runScript, type Script } from './script.ts'

/** The consumer group of all archivers. The scripts name it, too. */
const GROUP = 'ecl-history'
/** Events in an entry: an archiver works on a whole one, and Redis on no larger one at a time. */
const ENTRY_EVENTS = 1000
/** What nobody has looked at by then is not worth more memory. */
const MAX_DEAD_LETTERS = 10_000
/** An archiver that has taken nothing and said nothing for so long was killed. */
const FORGET_ARCHIVER_MS = 3_600_000
/** Looks like a day of silence, so that others take over at once. */
const GIVEN_BACK_MS = 86_400_000

type Run = <T>(commands: (redis: Redis) => Promise<T>) => Promise<T>

/** What a queue on Redis needs. */
export interface RedisWindowQueueOptions {
  /** Runs commands over the store's connection, once it is there. */
  readonly run: Run
  /** The same for those who only want to know: fails where there is no connection. */
  readonly look: Run
  /** The prefix that the client puts before every key, and that replies have. */
  readonly keyPrefix: string
  /** TIME, or what stands for it in tests. */
  readonly timeCommand: readonly [string, ...string[]]
  readonly publishScript: Script
  /** For how long loggers keep what they have sent. */
  readonly lossWindowMs: number
}

/** The queues of closed windows in one Redis: a stream for each interval of a group. */
export class RedisWindowQueue implements WindowQueue {
  readonly #options: RedisWindowQueueOptions

  constructor(options: RedisWindowQueueOptions) {
    this.#options = options
  }

  /**
   * Whether the window is complete is judged by its clients, just before; whether its counts are those that they have
   * put there, the script knows, which reads them anyway.
   */
  publish(ref: WindowRef, { final, bounds }: PublishOptions): Promise<Published> {
    const { group, interval } = ref
    return this.#options.run(async (redis) => {
      const { starts, sums, clients, storeTimeMs } = await this.#evidence(redis, ref)
      const { cur, last: start, foreign } = starts
      if (cur === undefined || start === undefined) return { status: 'nothing' }
      const { status } = judge({
        ...{ group, interval, start, storeTimeMs, clients, isCurrent: false },
        ...{ storedSum: 0n, loggedSum: 0n, aheadAt: sums.aheadAt, isForeign: foreign },
      })
      const until = openUntil(cur, interval)
      const open = !final && status === 'pending' && storeTimeMs < until * 1000
      const reply = await runScript(
        redis,
        this.#options.publishScript,
        closedKey(group, interval),
        [
          ...[String(interval.seconds), String(start), status, open ? String(until) : ''],
          ...[String(bounds.seconds), String(bounds.entries), String(ENTRY_EVENTS)],
          ...[packTexts(group.events), await runIdOf(redis), String(this.#options.lossWindowMs)],
          group.pythonWriters === false ? '0' : '1',
        ],
      )
      return parsePublication(reply, start)
    })
  }

  take(refs: readonly WindowRef[], archiver: string, limit: number) {
    return this.#options.run(async (redis) => {
      // One call for each group: on a cluster, all of a call has to be in one slot.
      const taken: QueuedWindow[] = []
      for (const group of new Set(refs.map((ref) => ref.group))) {
        const queues = refs.filter((ref) => ref.group === group)
        const keys = queues.map((ref) => closedKey(ref.group, ref.interval))
        const args = [archiver, 'COUNT', limit, 'STREAMS', ...keys, ...keys.map(() => '>')] as const
        const reply = await withGroups(redis, keys, () =>
          redis.call('XREADGROUP', 'GROUP', GROUP, ...args.map(String)),
        )
        taken.push(...this.#queued(reply, queues))
      }
      return this.#checked(redis, taken)
    })
  }

  reclaim(refs: readonly WindowRef[], archiver: string, limit: number, idleMs: number) {
    return this.#options.run(async (redis) => {
      const taken: QueuedWindow[] = []
      for (const ref of refs) {
        const key = closedKey(ref.group, ref.interval)
        const args = [archiver, idleMs, '0-0', 'COUNT', limit] as const
        const reply = await withGroups(redis, [key], () =>
          redis.call('XAUTOCLAIM', key, GROUP, ...args.map(String)),
        )
        const [, entries] = asArray('XAUTOCLAIM', reply)
        taken.push(...parseEntries(entries).map((entry) => parseQueued(ref, entry)))
      }
      return this.#checked(redis, taken)
    })
  }

  async renew(entries: readonly QueuedWindow[], archiver: string): Promise<void> {
    await this.#options.run(async (redis) => {
      const pipeline = redis.pipeline()
      for (const [ref, ids] of byQueue(entries)) {
        const key = closedKey(ref.group, ref.interval)
        pipeline.call('XCLAIM', key, GROUP, archiver, '0', ...ids, 'JUSTID')
      }
      await results(pipeline)
    })
  }

  async acknowledge(entries: readonly QueuedWindow[]): Promise<void> {
    for (const [ref, ids] of byQueue(entries)) await this.#settle(ref, '', ids)
  }

  async reject(entry: QueuedWindow, error: string): Promise<void> {
    await this.#settle(entry.ref, error || 'unknown', [entry.id])
  }

  async leave(
    refs: readonly WindowRef[],
    archiver: string,
    entries: readonly QueuedWindow[],
  ): Promise<void> {
    const held = byQueue(entries)
    await this.#options.run(async (redis) => {
      for (const ref of refs) {
        const args = [archiver, String(FORGET_ARCHIVER_MS), String(GIVEN_BACK_MS)]
        const key = closedKey(ref.group, ref.interval)
        await runScript(redis, leaveScript, key, [...args, ...(held.get(ref) ?? [])])
      }
    })
  }

  deadLetters(refs: readonly WindowRef[], limit: number): Promise<readonly DeadLetter[]> {
    return this.#options.look(async (redis) => {
      const letters: DeadLetter[] = []
      for (const ref of refs) {
        const key = deadKey(ref.group, ref.interval)
        const reply = await redis.call('XRANGE', key, '-', '+', 'COUNT', String(limit))
        letters.push(...parseEntries(reply).map((entry) => parseDeadLetter(ref, entry)))
      }
      return letters.sort((a, b) => a.rejectedMs - b.rejectedMs)
    })
  }

  async replay({ ref, id }: DeadLetter): Promise<boolean> {
    const key = closedKey(ref.group, ref.interval)
    const reply = await this.#options.run((redis) => runScript(redis, replayScript, key, [id]))
    return reply === 1
  }

  state(refs: readonly WindowRef[]): Promise<readonly QueueState[]> {
    return this.#options.look((redis) =>
      readQueueStates(redis, refs, this.#options.timeCommand, GROUP),
    )
  }

  async #evidence(redis: Redis, { group, interval }: WindowRef) {
    const multi = redis.multi()
    multi.call(...this.#options.timeCommand)
    multi.mget(
      startKey(group, interval, 'cur'),
      writtenByKey(group, interval),
      startKey(group, interval, 'last'),
      sumKey(group, interval, 'cur'),
      sumKey(group, interval, 'last'),
      aheadKey(group, interval),
    )
    askForClients(multi, group)
    const [time, marks, entries] = await results(multi)
    const { clients, isCut } = parseFirstClients(entries)
    return {
      storeTimeMs: parseTime(time),
      starts: windowStarts(parseMarks(marks), interval),
      sums: parseSums(marks),
      clients: isCut ? await readAllClients(redis, () => undefined, group) : clients,
    }
  }

  /** What makes no sense is no window. A loss window beyond the own one would withdraw more than loggers send again. */
  async #checked(redis: Redis, taken: readonly QueuedWindow[]): Promise<readonly QueuedWindow[]> {
    if (taken.length === 0) return taken
    const { timeCommand, lossWindowMs } = this.#options
    const storeTimeMs = parseTime(await redis.call(...timeCommand))
    return taken.map((entry): QueuedWindow => {
      const { ref, id, window } = entry
      if (window === undefined) return entry
      const problem = windowProblem(window, ref.interval, storeTimeMs)
      if (problem !== undefined) return { ref, id, window: undefined, problem }
      const { undone } = window
      if (undone === undefined || undone.lossWindowMs <= lossWindowMs) return entry
      return { ref, id, window: { ...window, undone: { ...undone, lossWindowMs } } }
    })
  }

  #queued(reply: unknown, refs: readonly WindowRef[]): QueuedWindow[] {
    // null: nothing is there
    const streams = reply === null ? [] : asArray('XREADGROUP', reply)
    return streams.flatMap((stream) => {
      const [key, entries] = asArray('XREADGROUP', stream)
      const ref = refs.find(
        ({ group, interval }) => this.#options.keyPrefix + closedKey(group, interval) === key,
      )
      if (ref === undefined) throw new Error(`unexpected reply to XREADGROUP: ${String(key)}`)
      return parseEntries(entries).map((entry: Entry) => parseQueued(ref, entry))
    })
  }

  async #settle({ group, interval }: WindowRef, error: string, ids: readonly string[]) {
    const args = [error, String(MAX_DEAD_LETTERS), ...ids]
    const key = closedKey(group, interval)
    await this.#options.run((redis) => runScript(redis, acknowledgeScript, key, args))
  }
}

function byQueue(entries: readonly QueuedWindow[]): Map<WindowRef, string[]> {
  const queues = new Map<WindowRef, string[]>()
  for (const { ref, id } of entries) {
    const ids = queues.get(ref)
    if (ids === undefined) queues.set(ref, [id])
    else ids.push(id)
  }
  return queues
}

/** Makes the consumer group where there is none: before the first window, and where Redis has lost it. */
async function withGroups<T>(
  redis: Redis,
  keys: readonly string[],
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (caught) {
    if (!(caught instanceof Error && /^NOGROUP|no such key/i.test(caught.message))) throw caught
  }
  for (const key of keys) {
    try {
      // From its beginning: what was published before is to be archived, too.
      await redis.xgroup('CREATE', key, GROUP, '0', 'MKSTREAM')
    } catch (caught) {
      if (!(caught instanceof Error && caught.message.startsWith('BUSYGROUP'))) throw caught
    }
  }
  return read()
}
