import {
  asError,
  type Clock,
  type Logger,
  type QueuedWindow,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import type { Pace } from './perseverance.ts'

/** What one archiver needs of the queues. */
export interface SeriesQueuesOptions {
  readonly queue: WindowQueue
  readonly windows: readonly WindowRef[]
  /** The archiver's name. */
  readonly archiver: string
  readonly clock: Clock
  readonly logger: Logger
  readonly pace: Pick<Pace, 'firstMs' | 'longestMs'>
}

/** A series that failed while others did not. */
interface SetAside {
  readonly error: unknown
  readonly sinceMs: number
  readonly pauseMs: number
  readonly retryAtMs: number
}

/** Entries of one series that are dealt with. */
interface Settlement {
  readonly ref: WindowRef
  readonly entries: readonly QueuedWindow[]
  /** Why they are dead letters; undefined for those that are archived. */
  readonly error: string | undefined
}

/** Asks for entries of some queues. */
type Ask = (refs: readonly WindowRef[]) => Promise<readonly QueuedWindow[]>

/** What came of that. */
interface Answer {
  readonly refs: readonly WindowRef[]
  readonly entries: readonly QueuedWindow[]
  readonly error?: unknown
}

/**
 * The queues as one archiver works on them. A series whose queue fails while others do not is set aside: that is reported
 * once, it is tried again after growing pauses, and the others go on.
 */
export class SeriesQueues {
  readonly #options: SeriesQueuesOptions
  readonly #setAside = new Map<WindowRef, SetAside>()
  readonly #retrying = new Set<WindowRef>()
  /** Taken, and not settled yet. */
  readonly #held = new Set<QueuedWindow>()
  /** Not said to the queue yet, since it failed. Until then the entries may be archived again, which is harmless. */
  #unsettled: readonly Settlement[] = []
  /** Taken from a series that had been set aside. */
  #arrived: QueuedWindow[] = []

  constructor(options: SeriesQueuesOptions) {
    this.#options = options
  }

  /** Whether there is something to finish. */
  get isHolding(): boolean {
    return this.#held.size > 0
  }

  /** Why a series is set aside; undefined where none is. */
  get failure(): unknown {
    const [first] = this.#setAside.values()
    return first?.error
  }

  /** Takes entries that nobody has; at most so many of each queue. @throws StoreError where no queue answers */
  async take(limit: number): Promise<readonly QueuedWindow[]> {
    const { queue, archiver, clock } = this.#options
    const ask: Ask = (refs) => queue.take(refs, archiver, limit)
    const nowMs = clock.monotonicMs()
    for (const [ref, { retryAtMs }] of this.#setAside) {
      // Nobody waits for it: what does not answer would keep the others from being asked.
      if (retryAtMs <= nowMs && !this.#retrying.has(ref)) void this.#retry(ref, ask)
    }
    const taken = await this.#fromEach(ask)
    const arrived = this.#arrived
    this.#arrived = []
    return [...arrived, ...taken]
  }

  /** Takes over entries whose archivers are silent for so long. @throws StoreError where no queue answers */
  reclaim(limit: number, idleMs: number): Promise<readonly QueuedWindow[]> {
    const { queue, archiver } = this.#options
    return this.#fromEach((refs) => queue.reclaim(refs, archiver, limit, idleMs))
  }

  /** Says that entries are archived, or why they are dead letters; later, where a queue fails. Never rejects. */
  async settle(entries: readonly QueuedWindow[], error?: string): Promise<void> {
    const byRef = grouped(entries, (entry) => entry.ref)
    const added = Array.from(byRef, ([ref, own]) => ({ ref, entries: own, error }))
    this.#unsettled = [...this.#unsettled, ...added]
    const due = [...byRef.keys()].filter((ref) => !this.#setAside.has(ref))
    await Promise.all(
      due.map((ref) => this.#settleAll(ref).catch((caught: unknown) => this.#failed(ref, caught))),
    )
  }

  /** Lets the others know that what is held is being worked on. */
  async renew(): Promise<void> {
    await this.#options.queue.renew([...this.#held], this.#options.archiver)
  }

  /** Gives back what is held, and is forgotten. Never rejects. */
  async leave(): Promise<void> {
    const { queue, windows, archiver } = this.#options
    const held = [...this.#held]
    await Promise.allSettled(
      windows.map((ref) =>
        queue.leave(
          [ref],
          archiver,
          held.filter((entry) => entry.ref === ref),
        ),
      ),
    )
  }

  async #fromEach(ask: Ask): Promise<readonly QueuedWindow[]> {
    const { windows } = this.#options
    const healthy = windows.filter((ref) => !this.#setAside.has(ref))
    const groups = [...grouped(healthy, ({ group }) => group).values()]
    const answers = (await Promise.all(groups.map((refs) => answersOf(refs, ask)))).flat()
    for (const { entries } of answers) for (const entry of entries) this.#held.add(entry)
    const failures = answers.filter(({ error }) => error !== undefined)
    // Where none answers, it is the store that is away.
    if (failures.length > 0 && failures.length === answers.length) throw failures[0]?.error
    for (const { refs, error } of failures) for (const ref of refs) this.#failed(ref, error)
    return answers.flatMap(({ entries }) => entries)
  }

  async #retry(ref: WindowRef, ask: Ask): Promise<void> {
    this.#retrying.add(ref)
    try {
      await this.#settleAll(ref)
      const entries = await ask([ref])
      for (const entry of entries) this.#held.add(entry)
      this.#arrived.push(...entries)
      this.#recovered(ref)
    } catch (caught) {
      this.#failed(ref, caught)
    } finally {
      this.#retrying.delete(ref)
    }
  }

  async #settleAll(ref: WindowRef): Promise<void> {
    const { queue } = this.#options
    for (const settlement of this.#unsettled.filter((one) => one.ref === ref)) {
      const { entries, error } = settlement
      if (error === undefined) await queue.acknowledge(entries)
      else for (const entry of entries) await queue.reject(entry, error)
      for (const entry of entries) this.#held.delete(entry)
      this.#unsettled = this.#unsettled.filter((one) => one !== settlement)
    }
  }

  #failed(ref: WindowRef, error: unknown): void {
    const { clock, logger, pace } = this.#options
    const nowMs = clock.monotonicMs()
    const before = this.#setAside.get(ref)
    const pauseMs =
      before === undefined ? pace.firstMs : Math.min(2 * before.pauseMs, pace.longestMs)
    const sinceMs = before?.sinceMs ?? nowMs
    this.#setAside.set(ref, { error, sinceMs, pauseMs, retryAtMs: nowMs + pauseMs })
    const { message } = asError(error)
    if (before !== undefined && asError(before.error).message === message) return
    logger.warn(
      { ...fieldsOf(ref), err: error },
      `${nameOf(ref)}: its windows are not archived, and are tried again: ${message}`,
    )
  }

  #recovered(ref: WindowRef): void {
    const before = this.#setAside.get(ref)
    if (before === undefined) return
    this.#setAside.delete(ref)
    const { clock, logger } = this.#options
    const awayMs = Math.round(clock.monotonicMs() - before.sinceMs)
    const said = `${nameOf(ref)}: its windows are archived again, after ${(awayMs / 1000).toFixed(1)} s`
    logger.info({ ...fieldsOf(ref), awayMs }, said)
  }
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** Asks for a group in one go; where that fails, for each of its intervals, of which one may be at fault. */
async function answersOf(refs: readonly WindowRef[], ask: Ask): Promise<Answer[]> {
  try {
    return [{ refs, entries: await ask(refs) }]
  } catch (error) {
    if (refs.length === 1) return [{ refs, entries: [], error }]
    return (await Promise.all(refs.map((ref) => answersOf([ref], ask)))).flat()
  }
}

function nameOf({ group, interval }: WindowRef): string {
  return `group "${group.name}", ${interval.spec}`
}

function fieldsOf({ group, interval }: WindowRef) {
  return { group: group.name, interval: interval.spec }
}
