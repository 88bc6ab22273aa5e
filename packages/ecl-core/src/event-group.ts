import { addCounts } from './batch.ts'
import type { Clock, Timer } from './clock.ts'
import type { DeliveryOptions } from './delivery.ts'
import { UnknownIntervalError } from './errors.ts'
import { Flusher, type FlushOptions, type FlushResult } from './flusher.ts'
import type { GroupSpec } from './group-spec.ts'
import { type Interval, latestBoundary, nextBoundary, windowStart } from './interval.ts'
import { holdProcess } from './keep-alive.ts'
import { eventIdProblem } from './names.ts'
import { type Box, type ClosedSegment, closeSegment, type Segment, sumOf } from './segment.ts'
import type { Statistics } from './statistics.ts'
import type { CounterStore, Snapshot, Which } from './store/counter-store.ts'

/** A box looks at the clock every so many hits: a loop that never yields keeps timers from closing the segment. */
const LOOK_AT_CLOCK = 256
/** How many names are warned of, each once; further ones are counted and passed over. */
const MAX_WARNINGS = 1000
/** Stands for a handle's box until the handle is used in the open segment. */
const NO_BOX: Box = { event: '', n: 0, next: Number.NEGATIVE_INFINITY }

/** Which counts to read. */
export interface ReadOptions {
  /** Those of the current window instead of the last finished one's. */
  readonly current?: boolean | undefined
}

/** A window's counts, all in one consistent snapshot. */
export interface WindowCounts extends Snapshot {
  readonly group: string
  readonly interval: string
  readonly which: 'cur' | 'last'
  /** Whether every logger's counts are in. `unknown` where the store cannot tell. */
  readonly completeness: 'unknown'
}

/** One event's counter with the look-up saved, for the hottest code. */
export interface Counter {
  /** Counts one event, or `n` of them. */
  inc(n?: number): void
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
}

/** A group of events, counted in this process and brought to the store. Made by `EventCountLogger.getGroup`. */
export class EventGroup<E extends string = string> implements EventLog<E> {
  readonly name: string
  readonly #spec: GroupSpec
  readonly #store: CounterStore
  readonly #options: DeliveryOptions
  readonly #clock: Clock
  readonly #flusher: Flusher
  readonly #declared: Set<string>
  readonly #warned = new Set<string>()
  /** The open segment's; empty where there is none. */
  #boxes: Map<string, Box> = new Map()
  #segment: Segment | undefined
  #boundary: Timer | undefined
  /** Handles that hold a box of the open segment. */
  #bound: BoundCounter[] = []
  #takenEvents = 0
  #undeclared = 0
  #closed = false

  constructor(options: DeliveryOptions) {
    this.name = options.group.name
    this.#spec = options.group
    this.#store = options.store
    this.#options = options
    this.#clock = options.clock
    this.#declared = new Set(options.group.events)
    this.#flusher = new Flusher(options, { take: () => this.#take() })
  }

  log(event: E, n?: number): void {
    if (n === undefined || n === 1) {
      const box = this.#boxes.get(event)
      if (box !== undefined && ++box.n < box.next) return
      this.#edge(event, box)
    } else this.#logMany(event, n)
  }

  counter(event: E): Counter {
    return new BoundCounter(event, (counter) => this.#rebind(counter), this.#logMany)
  }

  /** Declares an event as if it were listed in the config. @throws TypeError for what cannot name an event */
  declareEvent(event: E): void {
    const problem = eventIdProblem(event)
    if (problem !== undefined) throw new TypeError(`event ${JSON.stringify(event)} ${problem}`)
    this.#declared.add(event)
  }

  /** Declares several events. @throws TypeError for what cannot name an event */
  declareEvents(events: Iterable<E>): void {
    for (const event of events) this.declareEvent(event)
  }

  /** Sends all that has been logged so far; never rejects. See FlushOptions for bounds. */
  async flush(options?: FlushOptions): Promise<FlushResult> {
    const release = holdProcess()
    try {
      return await this.#flusher.flush(options)
    } finally {
      release()
    }
  }

  /**
   * Counts of the last finished window, or of the current one as far as loggers have sent them.
   *
   * @param interval as spelled in the config
   * @throws UnknownIntervalError, and StoreError where the store cannot be reached
   */
  async getCounts(interval: string, options: ReadOptions = {}): Promise<Record<string, number>> {
    const { counts } = await this.read(interval, options)
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
    if (!this.#spec.dynamic && !this.#declared.has(event)) return undefined
    const counts = await this.#flusher.quietly(() =>
      Promise.all(
        this.#spec.intervals.map(async (interval) => {
          const stored = await this.#countOf(event, interval, 'cur')
          return [interval.spec, stored + this.#unsentOf(event, interval)] as const
        }),
      ),
    )
    return Object.fromEntries(counts)
  }

  /**
   * The full snapshot of one window: exact counts, start and end, completeness.
   *
   * @throws UnknownIntervalError, and StoreError where the store cannot be reached
   */
  async read(interval: string, { current = false }: ReadOptions = {}): Promise<WindowCounts> {
    const which = current ? 'cur' : 'last'
    const spec = { ...this.#spec, events: [...this.#declared] }
    const snapshot = await this.#readOne(spec, this.#interval(interval), which)
    return { ...snapshot, group: this.name, interval, which, completeness: 'unknown' }
  }

  /** What became of this group's events in this process. */
  get stats(): Statistics {
    const open = sumOf(this.#boxes)
    return {
      ...this.#options.statistics,
      logged: this.#takenEvents + open,
      undeclared: this.#undeclared,
      unsent: this.#flusher.unsentEvents + open,
    }
  }

  /** Sends all, for so many ms at most, and stops counting. Called by `EventCountLogger.close`. */
  async close(timeoutMs: number): Promise<FlushResult> {
    const closing = this.#flusher.close(timeoutMs)
    this.#closed = true
    return closing
  }

  /** Everything that is not "count again": a first hit, a limit, a look at the clock. */
  #edge(event: string, box: Box | undefined): void {
    if (box === undefined || this.#passBoundary(box, 1)) this.#logMany(event, 1)
    else this.#pause(box)
  }

  /** Looks whether the limit is reached, and says when to look again. */
  #pause(box: Box): void {
    const { syncLimit } = this.#spec
    if (syncLimit !== undefined && box.n >= syncLimit) this.#flusher.limitReached()
    box.next = nextStop(box.n, syncLimit)
  }

  /** Closes the segment if its end has passed, and takes the last hit back, which belongs to the next one. */
  #passBoundary(box: Box, n: number): boolean {
    if (!this.#isOver()) return false
    box.n -= n
    this.#closeAtBoundary()
    return true
  }

  /** Whether the open segment's end has passed. */
  #isOver(): boolean {
    if (this.#segment === undefined) return false
    return this.#options.storeClock.nowMs() >= this.#segment.endsAt * 1000
  }

  /** Counts without shortcuts. A bound function, as handles call it. */
  readonly #logMany = (given: string, n: number): void => {
    if (!Number.isSafeInteger(n)) {
      throw new TypeError(`log: ${String(n)} is not a count; a whole number is expected`)
    }
    const event = this.#accept(given, n)
    if (event === undefined) return
    // A loop that never yields keeps the timer from closing the segment.
    if (!this.#boxes.has(event) && this.#isOver()) this.#closeAtBoundary()
    const box = this.#boxOf(event)
    // A sum that doubles cannot hold starts a new segment; the backlog adds exactly.
    if (!Number.isSafeInteger(box.n + n)) {
      this.#flusher.limitReached()
      this.#handOver()
      this.#logMany(event, n)
      return
    }
    box.n += n
    if (box.n < box.next) return
    if (this.#passBoundary(box, n)) this.#logMany(event, n)
    else this.#pause(box)
  }

  /** The name to count under; undefined for what is not to be counted. */
  #accept(given: unknown, n: number): string | undefined {
    // From JavaScript a status code may come as a number.
    const event = typeof given === 'number' ? String(given) : given
    if (this.#closed) {
      this.#refuse(
        '',
        n,
        `group "${this.name}": an event was logged after close(); it is not counted`,
      )
      return undefined
    }
    let why = 'is not a text'
    if (typeof event === 'string') {
      if (this.#boxes.has(event) || this.#declared.has(event)) return event
      const problem = eventIdProblem(event)
      if (problem === undefined && this.#spec.dynamic) return event
      why = problem ?? 'is not declared'
    }
    const name = typeof event === 'string' ? JSON.stringify(event) : String(event)
    this.#refuse(name, n, `group "${this.name}": event ${name} ${why}; it is not counted`)
    return undefined
  }

  #refuse(name: string, n: number, message: string): void {
    this.#undeclared += n
    if (this.#warned.has(name) || this.#warned.size >= MAX_WARNINGS) return
    this.#warned.add(name)
    this.#options.logger.warn({ group: this.name, event: name }, message)
  }

  /** The box of an event in the open segment, which is opened, and the box made, where needed. */
  #boxOf(event: string): Box {
    const segment = this.#segment ?? this.#open()
    const found = segment.boxes.get(event)
    if (found !== undefined) return found
    const { maxEvents, overflowEvent, syncLimit } = this.#spec
    const full = maxEvents !== undefined && segment.boxes.size >= maxEvents
    if (full && event !== overflowEvent && !this.#declared.has(event))
      return this.#boxOf(overflowEvent)
    const box: Box = { event, n: 0, next: nextStop(0, syncLimit) }
    segment.boxes.set(event, box)
    return box
  }

  #open(): Segment {
    const nowMs = this.#options.storeClock.nowMs()
    const at = latestBoundary(nowMs / 1000, this.#spec.intervals)
    const endsAt = nextBoundary(nowMs / 1000, this.#spec.intervals)
    const segment = { boxes: new Map(), at, endsAt, openedMs: this.#clock.monotonicMs() }
    this.#segment = segment
    this.#boxes = segment.boxes
    this.#armBoundary(segment)
    this.#flusher.opened(at)
    return segment
  }

  #armBoundary(segment: Segment): void {
    const waitMs = segment.endsAt * 1000 - this.#options.storeClock.nowMs()
    this.#boundary?.cancel()
    this.#boundary = this.#clock.after(Math.max(1, waitMs), () => {
      if (this.#segment !== segment) return
      // The clock may have been corrected since, and timers may be early by a fraction of a millisecond.
      if (this.#options.storeClock.nowMs() < segment.endsAt * 1000) this.#armBoundary(segment)
      else this.#closeAtBoundary()
    })
  }

  #closeAtBoundary(): void {
    const endsAt = this.#segment?.endsAt
    const closed = this.#take()
    if (closed !== undefined && endsAt !== undefined) this.#flusher.add(closed, endsAt)
  }

  #handOver(): void {
    const at = this.#segment?.at
    const closed = this.#take()
    if (closed !== undefined && at !== undefined) this.#flusher.add(closed, at)
  }

  /** Closes the open segment. All boxes are given up here: handles bind themselves anew at their next hit. */
  #take(): ClosedSegment | undefined {
    const segment = this.#segment
    if (segment === undefined) return undefined
    this.#boundary?.cancel()
    this.#segment = undefined
    this.#boxes = new Map()
    for (const counter of this.#bound) counter.box = NO_BOX
    this.#bound = []
    this.#takenEvents += sumOf(segment.boxes)
    return closeSegment(segment, this.#clock.monotonicMs())
  }

  /** A handle was hit at an edge: its box is not of this segment, or has to pause. */
  #rebind(counter: BoundCounter): void {
    if (counter.box !== NO_BOX) {
      this.#edge(counter.event, counter.box)
      return
    }
    this.#logMany(counter.event, 1)
    const box = this.#boxes.get(counter.event)
    if (box === undefined) return
    counter.box = box
    this.#bound.push(counter)
  }

  #interval(spec: string): Interval {
    const interval = this.#spec.intervals.find((one) => one.spec === spec)
    if (interval !== undefined) return interval
    const known = this.#spec.intervals.map((one) => one.spec)
    throw new UnknownIntervalError(this.name, spec, known)
  }

  async #countOf(event: string, interval: Interval, which: 'cur' | 'last'): Promise<number> {
    const only = { ...this.#spec, events: [event], dynamic: false }
    const { counts } = await this.#readOne(only, interval, which)
    return Number(counts.get(event) ?? 0n)
  }

  async #readOne(spec: GroupSpec, interval: Interval, which: 'cur' | 'last'): Promise<Snapshot> {
    const release = holdProcess()
    try {
      const reading = await this.#store.read(spec, interval, which satisfies Which)
      const snapshot = reading[which]
      if (snapshot === undefined) throw new Error(`the store did not read "${which}"`)
      return snapshot
    } finally {
      release()
    }
  }

  #unsentOf(event: string, interval: Interval): number {
    const window = windowStart(this.#options.storeClock.nowMs() / 1000, interval)
    const open = this.#boxes.get(event)?.n ?? 0
    return Number(addCounts(this.#flusher.unsentOf(event, interval, window), open))
  }
}

function nextStop(n: number, syncLimit: number | undefined): number {
  const look = n + LOOK_AT_CLOCK
  return syncLimit !== undefined && n < syncLimit ? Math.min(look, syncLimit) : look
}

/** A handle: holds its box until the segment is closed. */
class BoundCounter implements Counter {
  readonly event: string
  box: Box = NO_BOX
  readonly #edge: (counter: BoundCounter) => void
  readonly #logMany: (event: string, n: number) => void

  constructor(
    event: string,
    edge: (counter: BoundCounter) => void,
    logMany: (event: string, n: number) => void,
  ) {
    this.event = event
    this.#edge = edge
    this.#logMany = logMany
  }

  inc(n?: number): void {
    if (n === undefined || n === 1) {
      if (++this.box.n < this.box.next) return
      this.#edge(this)
    } else this.#logMany(this.event, n)
  }
}
