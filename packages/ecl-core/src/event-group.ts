import { addCounts } from './batch.ts'
import type { DeliveryOptions } from './delivery.ts'
import { detachedError, UnknownIntervalError } from './errors.ts'
import { Flusher, type FlushOptions, type FlushResult } from './flusher.ts'
import type { GroupSpec } from './group-spec.ts'
import { type Interval, windowStart } from './interval.ts'
import { keepProcessAlive } from './keep-alive.ts'
import { type Counter, Recorder } from './recorder.ts'
import type { Statistics } from './statistics.ts'
import type {
  Completeness,
  CounterStore,
  Reading,
  Snapshot,
  StoreReadOptions,
  Which,
} from './store/counter-store.ts'
import type { UnsentView } from './unsent-view.ts'

/** Which counts to read. */
export interface ReadOptions {
  /** Those of the current window instead of the last finished one's. */
  readonly current?: boolean | undefined
}

/** A window's counts, all in one consistent snapshot. */
export interface WindowCounts extends Omit<Snapshot, 'completeness'> {
  readonly group: string
  readonly interval: string
  readonly which: 'cur' | 'last'
  /**
   * Whether the counts are final and exact: `complete`; `pending` while they may still come; `partial` where loggers have
   * fallen silent with counts unsent; `unknown` where nobody can tell, such as with Python writers.
   */
  readonly completeness: Completeness['status']
  /** The clients whose counts are missing, as `host/pid/random`: with `pending` and `partial`. */
  readonly missing: readonly string[]
}

/** What is counted: an event of a group. */
export interface EventLog<E extends string = string> {
  /**
   * Counts an event: in memory, at once. Never blocks, and never throws for the store's sake.
   *
   * @param n a whole number; a negative one corrects
   * @throws TypeError when n is not a whole number
   */
  log(event: E, n?: number): void
  /** A handle on one event; the same rules. */
  counter(event: E): Counter
  /** Declares an event as if it were listed in the config. @throws TypeError for what cannot name an event */
  declareEvent(event: E): void
  /** Declares several events. @throws TypeError for what cannot name an event */
  declareEvents(events: Iterable<E>): void
  /** Sends all that has been logged so far; never rejects. */
  flush(options?: FlushOptions): Promise<FlushResult>
}

/** What a group needs. */
export type GroupOptions = Omit<DeliveryOptions, 'declared'>

/** A group of events, counted in this process and brought to the store. Made by `EventCountLogger.getGroup`. */
export class EventGroup<E extends string = string> implements EventLog<E> {
  readonly name: string
  readonly #spec: GroupSpec
  readonly #store: CounterStore
  readonly #options: GroupOptions
  readonly #flusher: Flusher
  readonly #recorder: Recorder

  constructor(options: GroupOptions) {
    this.name = options.group.name
    this.#spec = options.group
    this.#store = options.store
    this.#options = options
    const declared = new Set(options.group.events)
    // Each of the two calls the other: counts go one way, the news of them the other.
    const flusher = new Flusher({ ...options, declared }, () => this.#recorder)
    this.#flusher = flusher
    this.#recorder = new Recorder(options, flusher, declared)
  }

  log(event: E, n?: number): void {
    try {
      this.#recorder.log(event, n)
    } catch (caught) {
      // Only here, as it would cost time where nothing is wrong.
      if (!isGroup(this)) throw detachedError('group.log(event)')
      throw caught
    }
  }

  counter(event: E): Counter {
    return this.#recorder.counter(event)
  }

  /** Declares an event as if it were listed in the config. @throws TypeError for what cannot name an event */
  declareEvent(event: E): void {
    this.#recorder.declare(event)
  }

  /** Declares several events. @throws TypeError for what cannot name an event */
  declareEvents(events: Iterable<E>): void {
    for (const event of events) this.declareEvent(event)
  }

  /** Sends all that has been logged so far; never rejects. See FlushOptions for bounds. */
  flush(options?: FlushOptions): Promise<FlushResult> {
    return keepProcessAlive(() => this.#flusher.flush(options))
  }

  /**
   * Counts of the last finished window, or of the current one as far as loggers have sent them.
   *
   * @param interval as spelled in the config
   * @throws UnknownIntervalError, and StoreError where the store cannot be reached
   */
  async getCounts(interval: string, options: ReadOptions = {}): Promise<Record<string, number>> {
    const which = options.current === true ? 'cur' : 'last'
    const { counts } = snapshotIn(await this.#readAll(interval, which), which)
    return Object.fromEntries(Array.from(counts, ([event, count]) => [event, Number(count)]))
  }

  /** One event's count in the last finished window; 0 where there is none. @throws like getCounts */
  getLastCount(event: E, interval: string): Promise<number> {
    return this.#countOf(event, this.#interval(interval), 'last')
  }

  /** One event's count in the current window, as far as loggers have sent it; 0 where there is none. @throws like getCounts */
  getCurrentCount(event: E, interval: string): Promise<number> {
    return this.#countOf(event, this.#interval(interval), 'cur')
  }

  /**
   * One event's count in the current window of each interval, this process' unsent counts included.
   *
   * @returns undefined where the event is not declared
   * @throws StoreError where the store cannot be reached
   */
  async getCurrentCounts(event: E): Promise<Record<string, number> | undefined> {
    if (!this.#spec.dynamic && !this.#recorder.declared.has(event)) return undefined
    const { intervals } = this.#spec
    const only = { ...this.#spec, events: [event], dynamic: false }
    const read = async (view: UnsentView) => {
      const options = view.client === undefined ? {} : { client: view.client }
      const readings = await Promise.all(
        intervals.map((interval) => this.#readOne(only, interval, 'cur', options)),
      )
      await view.heardOf(Math.max(...readings.map(({ lastApplied = 0 }) => lastApplied)))
      // All at one instant, so that what is counted meanwhile is in each interval or in none.
      const counts = intervals.map((interval, index) => {
        const reading = readings[index]
        return [
          interval.spec,
          reading === undefined ? 0 : this.#withUnsent(event, interval, reading, view),
        ]
      })
      return Object.fromEntries(counts)
    }
    return keepProcessAlive(() => this.#flusher.beside(read))
  }

  /**
   * The full snapshot of one window: exact counts, start and end, completeness.
   *
   * @throws UnknownIntervalError, and StoreError where the store cannot be reached
   */
  async read(interval: string, { current = false }: ReadOptions = {}): Promise<WindowCounts> {
    const which = current ? 'cur' : 'last'
    const snapshot = snapshotIn(await this.#readAll(interval, which, { completeness: true }), which)
    const { completeness } = snapshot
    if (completeness === undefined) throw new Error('the store did not tell the completeness')
    return {
      ...snapshot,
      group: this.name,
      interval,
      which,
      completeness: completeness.status,
      missing: 'missing' in completeness ? completeness.missing : [],
    }
  }

  /** Whether something is left to say to the store when nothing else is left to do in the process. */
  get hasToLeave(): boolean {
    return this.stats.unsent !== 0 || this.#flusher.isAwaited
  }

  /** Sends all, for so many ms at most, late rather than never, and says farewell for now. */
  leave(timeoutMs: number): Promise<FlushResult> {
    return keepProcessAlive(() => this.#flusher.leave(timeoutMs))
  }

  /** What became of this group's events in this process. */
  get stats(): Statistics {
    return {
      ...this.#options.statistics,
      logged: this.#recorder.loggedEvents,
      undeclared: this.#recorder.undeclaredEvents,
      unsent: this.#flusher.unsentEvents + this.#recorder.openEvents,
    }
  }

  /** Sends all, for so many ms at most, and stops counting. Called by `EventCountLogger.close`. */
  close(timeoutMs: number): Promise<FlushResult> {
    this.#recorder.close()
    return this.#flusher.close(timeoutMs)
  }

  #interval(spec: string): Interval {
    const interval = this.#spec.intervals.find((one) => one.spec === spec)
    if (interval !== undefined) return interval
    const known = this.#spec.intervals.map((one) => one.spec)
    throw new UnknownIntervalError(this.name, spec, known)
  }

  async #countOf(event: string, interval: Interval, which: 'cur' | 'last'): Promise<number> {
    const only = { ...this.#spec, events: [event], dynamic: false }
    const { counts } = snapshotIn(await this.#readOne(only, interval, which), which)
    return Number(counts.get(event) ?? 0n)
  }

  /** The counts of all events, those that this program has declared among them. */
  #readAll(interval: string, which: 'cur' | 'last', options?: StoreReadOptions): Promise<Reading> {
    const spec = { ...this.#spec, events: [...this.#recorder.declared] }
    return this.#readOne(spec, this.#interval(interval), which, options)
  }

  #readOne(
    spec: GroupSpec,
    interval: Interval,
    which: Which,
    options?: StoreReadOptions,
  ): Promise<Reading> {
    return this.#store.read(spec, interval, which, options)
  }

  /** What is stored and what waits here for the same window, which a late master may not have turned over yet. */
  #withUnsent(event: string, interval: Interval, reading: Reading, view: UnsentView): number {
    const { counts, start } = snapshotIn(reading, 'cur')
    const window = start ?? windowStart(this.#options.storeClock.nowMs() / 1000, interval)
    const unsent = view.countOf({ event, interval, window }, reading.lastApplied ?? 0)
    return Number(addCounts(counts.get(event) ?? 0n, unsent))
  }
}

/** `const { log } = group` has no `this`. */
function isGroup(value: unknown): boolean {
  return value instanceof EventGroup
}

function snapshotIn(reading: Reading, which: 'cur' | 'last'): Snapshot {
  const snapshot = reading[which]
  if (snapshot === undefined) throw new Error(`the store did not read "${which}"`)
  return snapshot
}
