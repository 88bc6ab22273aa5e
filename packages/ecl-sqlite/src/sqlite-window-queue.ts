import {
  type ClosedWindow,
  type DeadLetter,
  type EpochSeconds,
  judge,
  openUntil,
  type Published,
  type PublishOptions,
  type QueuedWindow,
  type QueueState,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import type { Replies, Request, StoredEntry } from './thread/messages.ts'

/** Events in an entry: an archiver works on a whole one. */
const ENTRY_EVENTS = 1000
/** Looks like a day of silence, so that others take over at once. */
const GIVEN_BACK_MS = 86_400_000

/** Has something done in the file. */
export type Ask = <R extends Request>(request: R) => Promise<Replies[R['op']]>

/** The queues of closed windows in a file. */
export class SqliteWindowQueue implements WindowQueue {
  readonly #ask: Ask

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /**
   * Whether the window is complete is judged by its clients, just before; whether its counts are those that they have
   * put there is seen when they are read.
   */
  async publish(
    { group, interval }: WindowRef,
    { final, bounds }: PublishOptions,
  ): Promise<Published> {
    const queue = { group: group.name, interval: interval.spec }
    const { series, storeTimeMs } = await this.#ask({ op: 'windows', windows: [queue] })
    const [windows] = series
    if (windows === undefined) return { status: 'nothing' }
    const { clients } = await this.#ask({ op: 'accounts', group: group.name })
    const start = windows.last as EpochSeconds
    const { status } = judge({
      // No Python program writes into the file, whatever the config says.
      ...{ group: { ...group, pythonWriters: false }, interval, start, storeTimeMs },
      ...{ clients: [...clients], isCurrent: false, isForeign: false },
      ...{ storedSum: 0n, loggedSum: 0n, aheadAt: windows.ahead },
    })
    const until = openUntil(windows.current as EpochSeconds, interval)
    const isOpen = !final && status === 'pending' && storeTimeMs < until * 1000
    const published = await this.#ask({
      ...{ op: 'publish', group: group.name, interval, start, completeness: status, bounds },
      ...{ openUntil: isOpen ? until : undefined, entryEvents: ENTRY_EVENTS },
    })
    return published.status === 'published' ? { ...published, start } : { ...published }
  }

  async take(
    refs: readonly WindowRef[],
    archiver: string,
    limit: number,
  ): Promise<readonly QueuedWindow[]> {
    const entries = await this.#ask({ op: 'take', queues: refs.map(nameOf), archiver, limit })
    return Array.from(entries, (entry) => queuedOf(refs, entry))
  }

  async reclaim(
    refs: readonly WindowRef[],
    archiver: string,
    limit: number,
    idleMs: number,
  ): Promise<readonly QueuedWindow[]> {
    const queues = refs.map(nameOf)
    const entries = await this.#ask({ op: 'reclaim', queues, archiver, limit, idleMs })
    return Array.from(entries, (entry) => queuedOf(refs, entry))
  }

  async renew(entries: readonly QueuedWindow[], archiver: string): Promise<void> {
    await this.#ask({ op: 'hear', ids: entries.map(idOf), archiver, agoMs: 0 })
  }

  async acknowledge(entries: readonly QueuedWindow[]): Promise<void> {
    for (const ref of new Set(entries.map((entry) => entry.ref))) {
      const ids = entries.filter((entry) => entry.ref === ref).map(idOf)
      await this.#ask({ op: 'settle', queue: nameOf(ref), ids, error: undefined })
    }
  }

  async reject(entry: QueuedWindow, error: string): Promise<void> {
    const queue = nameOf(entry.ref)
    await this.#ask({ op: 'settle', queue, ids: [idOf(entry)], error: error || 'unknown' })
  }

  /** Archivers are known by their entries only, so one that has none is forgotten by itself. */
  async leave(
    _refs: readonly WindowRef[],
    archiver: string,
    entries: readonly QueuedWindow[],
  ): Promise<void> {
    if (entries.length === 0) return
    await this.#ask({ op: 'hear', ids: entries.map(idOf), archiver, agoMs: GIVEN_BACK_MS })
  }

  async deadLetters(refs: readonly WindowRef[], limit: number): Promise<readonly DeadLetter[]> {
    const letters = await this.#ask({ op: 'letters', queues: refs.map(nameOf), limit })
    return Array.from(letters, (letter) => {
      const { error, rejectedMs } = letter
      return { ...queuedOf(refs, letter), error, rejectedMs }
    }).sort((a, b) => a.rejectedMs - b.rejectedMs)
  }

  replay(letter: DeadLetter): Promise<boolean> {
    return this.#ask({ op: 'replay', letter: idOf(letter) })
  }

  async state(refs: readonly WindowRef[]): Promise<readonly QueueState[]> {
    const states = await this.#ask({ op: 'queue-state', queues: refs.map(nameOf) })
    return Array.from(states, (state) => ({
      ...state,
      archivers: Array.from(state.archivers, (one) => ({ ...one })),
    }))
  }
}

function nameOf({ group, interval }: WindowRef) {
  return { group: group.name, interval: interval.spec }
}

function idOf({ id }: QueuedWindow): number {
  return Number(id)
}

function queuedOf(refs: readonly WindowRef[], entry: StoredEntry): QueuedWindow {
  const ref = refs[entry.queue]
  if (ref === undefined) throw new Error('bug: an entry of a queue that was not asked for')
  const { start, length, publishedMs, revision, part, parts, completeness } = entry
  const window: ClosedWindow = {
    ...{ group: ref.group.name, interval: ref.interval.spec, publishedMs, revision },
    ...{ start: start as EpochSeconds, end: (start + length) as EpochSeconds },
    ...{ part, parts, completeness },
    late: BigInt(entry.late),
    total: BigInt(entry.total),
    counts: countsOf(entry.counts),
  }
  return { ref, id: String(entry.id), window }
}

/** Written by this package, and by nobody else: a file has one program. */
function countsOf(json: string): Map<string, bigint> {
  const texts: unknown = JSON.parse(json)
  const counts = new Map<string, bigint>()
  if (!Array.isArray(texts)) throw new Error('bug: counts that are no list')
  for (let i = 0; i + 1 < texts.length; i += 2) counts.set(String(texts[i]), BigInt(texts[i + 1]))
  return counts
}
