import type { Place } from './batch.ts'
import type { Clock, Timer } from './clock.ts'
import { detachedError } from './errors.ts'
import type { GroupSpec } from './group-spec.ts'
import { type EpochSeconds, latestBoundary, nextBoundary, windowStart } from './interval.ts'
import type { Logger } from './logger.ts'
import { eventIdProblem, visible } from './names.ts'
import { type Bound, NOWHERE, OpenCounts } from './open-counts.ts'
import type { ClosedSegment, Segment } from './segment.ts'
import type { StoreClock } from './store-clock.ts'

/**
 * The boundary is looked for so often, though it may be far: timers stand still while the machine is suspended, and the
 * store's clock may be set.
 */
const LONGEST_WAIT_MS = 1000
/** How many names are warned of, each once; further ones are counted and passed over. */
const MAX_WARNINGS = 1000
/** So much of a refused name is shown, and remembered as warned of: it may be a megabyte of somebody's request. */
const LONGEST_SHOWN = 200
/** One event's counter with the look-up saved, for the hottest code. */
export interface Counter {
  /** Counts one event, or `n` of them. */
  inc(n?: number): void
}

/** Who is told of segments. */
export interface SegmentSink {
  /** Counting has begun in a new segment. */
  opened(at: EpochSeconds): void
  /** A counter has reached the group's `sync_limit`. */
  limitReached(): void
  /** A segment was closed, as the windows that begin at `boundary` have come. */
  add(segment: ClosedSegment, boundary: EpochSeconds): void
}

/** What a recorder needs. */
export interface RecorderOptions {
  readonly group: GroupSpec
  readonly clock: Clock
  readonly storeClock: StoreClock
  readonly logger: Logger
}

/**
 * Counts the events of one group in memory: finds an event's box in the open segment, and closes that at boundaries.
 *
 * Counting again is one look-up, one comparison and one subtraction. There is no clock on that path: a timer closes the
 * segment, so attribution is exact to the event loop's delay, and every few hundred hits there is a look at the clock for
 * loops that never yield.
 */
export class Recorder {
  readonly #spec: GroupSpec
  readonly #options: RecorderOptions
  readonly #clock: Clock
  readonly #sink: SegmentSink
  readonly #declared: Set<string>
  readonly #warned = new Set<string>()
  /** The open segment's; empty where there is none. */
  #counts: OpenCounts
  #segment: Segment | undefined
  #boundary: Timer | undefined
  #takenEvents = 0
  #undeclaredEvents = 0
  #closed = false

  /** @param declared the events that are counted in a static group; `declare` adds to it */
  constructor(options: RecorderOptions, sink: SegmentSink, declared: Set<string>) {
    this.#options = options
    this.#spec = options.group
    this.#clock = options.clock
    this.#sink = sink
    this.#declared = declared
    this.#counts = this.#noCounts()
    options.storeClock.onCorrection(() => this.#waitAnew())
  }

  /** Counts an event, n times. @throws TypeError when n is not a whole number */
  log(event: string, n?: number): void {
    if ((n === undefined || n === 1) && this.#counts.hit(event)) return
    this.#logMany(event, n === undefined ? 1 : n)
  }

  /** A handle on one event. */
  counter(event: string): Counter {
    return new BoundCounter(event, this.#logByHandle)
  }

  /** Declares an event as if it were listed in the config. @throws TypeError for what cannot name an event */
  declare(event: string): void {
    const problem = eventIdProblem(event)
    if (problem !== undefined) throw new TypeError(`event ${shown(event)} ${problem}`)
    this.#declared.add(event)
  }

  /** The events of the config and those declared since. */
  get declared(): ReadonlySet<string> {
    return this.#declared
  }

  /** Sum of all that was counted. */
  get loggedEvents(): number {
    return this.#takenEvents + this.openEvents
  }

  /** Sum of what was counted and not handed over. */
  get openEvents(): number {
    return this.#counts.sum
  }

  /** The stamp of the open segment; undefined where nothing was counted since the last one. */
  get openStamp(): EpochSeconds | undefined {
    return this.#segment?.at
  }

  /** Sum of what was passed over, not being declared. */
  get undeclaredEvents(): number {
    return this.#undeclaredEvents
  }

  /** What was counted of one event for one interval's window, and not handed over. */
  openOf({ event, interval, window }: Place): number {
    if (this.#segment === undefined || windowStart(this.#segment.at, interval) !== window) return 0
    return this.#counts.of(event)
  }

  /** From now on nothing is counted. What is open can still be taken. */
  close(): void {
    this.#closed = true
  }

  /** Whether the open segment's end has passed, or the store's clock was set back before its begin. */
  #isOver(): boolean {
    if (this.#segment === undefined) return false
    const seconds = this.#options.storeClock.nowMs() / 1000
    return seconds >= this.#segment.endsAt || seconds < this.#segment.at
  }

  /** Counts without shortcuts: looks at the clock where that is due, at the limits, and at what may be counted at all. */
  #logMany(given: string, n: number): void {
    if (!Number.isSafeInteger(n)) {
      throw new TypeError(`log: ${String(n)} is not a count; a whole number is expected`)
    }
    const event = this.#accept(given, n)
    if (event === undefined) return
    if (this.#counts.isDue(event, n) && this.#isOver()) this.#closeAtBoundary()
    const name = this.#nameFor(event)
    if (!Number.isSafeInteger(this.#counts.of(name) + n)) this.#handOver()
    if (this.#segment === undefined) this.#open()
    if (!this.#counts.add(name, n)) return
    // Beyond, a double would no longer change by 1. The backlog adds exactly.
    if (this.#counts.of(name) === Number.MAX_SAFE_INTEGER) this.#handOver()
    else {
      this.#counts.passLimit()
      this.#sink.limitReached()
    }
  }

  /** The name to count under; undefined for what is not to be counted. */
  #accept(given: unknown, n: number): string | undefined {
    // From JavaScript a status code may come as a number.
    const event = typeof given === 'number' ? String(given) : given
    if (this.#closed) {
      this.#refuse(
        '',
        n,
        `group "${this.#spec.name}": an event was logged after close(); it is not counted`,
      )
      return undefined
    }
    let why = 'is not a text'
    if (typeof event === 'string') {
      if (this.#counts.has(event) || this.#declared.has(event)) return event
      const problem = eventIdProblem(event)
      if (problem === undefined && this.#spec.dynamic) return event
      why = problem ?? 'is not declared'
    }
    const name = shown(event)
    this.#refuse(name, n, `group "${this.#spec.name}": event ${name} ${why}; it is not counted`)
    return undefined
  }

  #refuse(name: string, n: number, message: string): void {
    this.#undeclaredEvents += n
    if (this.#warned.has(name) || this.#warned.size >= MAX_WARNINGS) return
    this.#warned.add(name)
    this.#options.logger.warn({ group: this.#spec.name, event: name }, message)
  }

  /** Where an event is counted: where there are too many, a new one goes to the overflow event. */
  #nameFor(event: string): string {
    const { maxEvents, overflowEvent } = this.#spec
    if (maxEvents === undefined || this.#counts.size < maxEvents) return event
    return this.#counts.has(event) || this.#declared.has(event) ? event : overflowEvent
  }

  #noCounts(): OpenCounts {
    // There will be about as many events as in the last segment.
    return new OpenCounts(
      this.#spec.syncLimit ?? Number.MAX_SAFE_INTEGER,
      this.#segment?.counts.size,
    )
  }

  #open(): Segment {
    const nowMs = this.#options.storeClock.nowMs()
    const at = latestBoundary(nowMs / 1000, this.#spec.intervals)
    const endsAt = nextBoundary(nowMs / 1000, this.#spec.intervals)
    const segment = { counts: this.#counts, at, endsAt, openedMs: this.#clock.monotonicMs() }
    this.#segment = segment
    this.#armBoundary(segment)
    this.#sink.opened(at)
    return segment
  }

  #armBoundary(segment: Segment): void {
    const waitMs = segment.endsAt * 1000 - this.#options.storeClock.nowMs()
    this.#boundary?.cancel()
    this.#boundary = this.#clock.after(Math.min(Math.max(1, waitMs), LONGEST_WAIT_MS), () => {
      if (this.#segment !== segment) return
      // The clock may have been corrected since, and timers may be early by a fraction of a millisecond.
      if (this.#isOver()) this.#closeAtBoundary()
      else this.#armBoundary(segment)
    })
  }

  /** The store's clock was corrected, so that the boundary comes earlier or later than the timer thinks. */
  #waitAnew(): void {
    if (this.#segment === undefined) return
    if (this.#isOver()) this.#closeAtBoundary()
    else this.#armBoundary(this.#segment)
  }

  #closeAtBoundary(): void {
    const endsAt = this.#segment?.endsAt
    const closed = this.take()
    if (closed === undefined || endsAt === undefined) return
    const { storeClock } = this.#options
    const latest = latestBoundary(storeClock.nowMs() / 1000, this.#spec.intervals)
    // The later one is in the future where the store's clock was set back.
    this.#sink.add(closed, latest < endsAt ? latest : endsAt)
  }

  #handOver(): void {
    const at = this.#segment?.at
    const closed = this.take()
    if (closed !== undefined && at !== undefined) this.#sink.add(closed, at)
  }

  /**
   * Closes the open segment; undefined when nothing was counted since the last one.
   *
   * All places are given up here: handles bind themselves anew at their next hit.
   */
  take(): ClosedSegment | undefined {
    const segment = this.#segment
    if (segment === undefined) return undefined
    this.#boundary?.cancel()
    this.#counts = this.#noCounts()
    this.#segment = undefined
    const { counts, at, openedMs } = segment
    this.#takenEvents += counts.sum
    return { at, counts: counts.close(), openedMs, closedMs: this.#clock.monotonicMs() }
  }

  /** What a handle cannot count at its place, if it has one. A bound function, as handles call it. */
  readonly #logByHandle = (counter: BoundCounter, n: number): void => {
    this.#logMany(counter.event, n)
    if (counter.lefts === NOWHERE) this.#counts.bind(counter, counter.event)
  }
}

/** A refused name as messages have it: of any type, as JavaScript may give any, and no longer than is of use. */
function shown(event: unknown): string {
  if (typeof event === 'string') {
    const cut = event.length > LONGEST_SHOWN ? `${event.slice(0, LONGEST_SHOWN)}…` : event
    // JSON leaves some control characters as they are that terminals obey.
    return visible(JSON.stringify(cut))
  }
  // An object may have no text, or throw when it is asked for one.
  return typeof event === 'object' && event !== null ? 'an object' : String(event)
}

/** A handle: holds its place until the segment is closed. */
class BoundCounter implements Counter, Bound {
  readonly event: string
  lefts = NOWHERE
  place = 0
  readonly #logByHandle: (counter: BoundCounter, n: number) => void

  constructor(event: string, logByHandle: (counter: BoundCounter, n: number) => void) {
    this.event = event
    this.#logByHandle = logByHandle
  }

  inc(n?: number): void {
    try {
      if (n === undefined || n === 1) {
        const left = this.lefts[this.place] ?? 0
        if (left > 1) {
          this.lefts[this.place] = left - 1
          return
        }
      }
      this.#logByHandle(this, n === undefined ? 1 : n)
    } catch (caught) {
      // Only here, as it would cost time where nothing is wrong.
      if (!isHandle(this)) throw detachedError('counter.inc()')
      throw caught
    }
  }
}

/** `const { inc } = counter` has no `this`. */
function isHandle(value: unknown): boolean {
  return value instanceof BoundCounter
}
