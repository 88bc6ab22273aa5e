import type { Clock, Timer } from './clock.ts'
import type { GroupSpec } from './group-spec.ts'
import {
  type EpochSeconds,
  type Interval,
  latestBoundary,
  nextBoundary,
  windowStart,
} from './interval.ts'
import type { Logger } from './logger.ts'
import { eventIdProblem } from './names.ts'
import { type Box, type ClosedSegment, closeSegment, type Segment, sumOf } from './segment.ts'
import type { StoreClock } from './store-clock.ts'

/**
 * A loop that never yields keeps timers from closing the segment. So there is a look at the clock about every so many
 * hits of all boxes together, were they hit in turn; each box has its share of that.
 */
const LOOK_EVERY = 4096
const LONGEST_SHARE = 256
const SHORTEST_SHARE = 16
/** How many names are warned of, each once; further ones are counted and passed over. */
const MAX_WARNINGS = 1000
/** Stands for a handle's box until the handle is used in the open segment. */
const NO_BOX: Box = { event: '', n: 0, next: Number.NEGATIVE_INFINITY }

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
 * Counting again is one look-up, one increment and one comparison. There is no clock on that path: a timer closes the
 * segment, so attribution is exact to the event loop's delay, and every few hundred hits of a box there is a look at the
 * clock for loops that never yield.
 */
export class Recorder {
  readonly #spec: GroupSpec
  readonly #options: RecorderOptions
  readonly #clock: Clock
  readonly #sink: SegmentSink
  readonly #declared: Set<string>
  readonly #warned = new Set<string>()
  /** The open segment's; empty where there is none. */
  #boxes: Map<string, Box> = new Map()
  #segment: Segment | undefined
  #boundary: Timer | undefined
  /** Handles that hold a box of the open segment. */
  #bound: BoundCounter[] = []
  #takenEvents = 0
  #slowCalls = 0
  #undeclaredEvents = 0
  #closed = false

  /** @param declared the events that are counted in a static group; `declare` adds to it */
  constructor(options: RecorderOptions, sink: SegmentSink, declared: Set<string>) {
    this.#options = options
    this.#spec = options.group
    this.#clock = options.clock
    this.#sink = sink
    this.#declared = declared
  }

  /** Counts an event, n times. @throws TypeError when n is not a whole number */
  log(event: string, n?: number): void {
    if (n === undefined || n === 1) {
      const box = this.#boxes.get(event)
      if (box !== undefined && ++box.n < box.next) return
      this.#edge(event, box)
    } else this.#logMany(event, n)
  }

  /** A handle on one event. */
  counter(event: string): Counter {
    return new BoundCounter(event, (counter) => this.#rebind(counter), this.#logMany)
  }

  /** Declares an event as if it were listed in the config. @throws TypeError for what cannot name an event */
  declare(event: string): void {
    const problem = eventIdProblem(event)
    if (problem !== undefined) throw new TypeError(`event ${JSON.stringify(event)} ${problem}`)
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
    return sumOf(this.#boxes)
  }

  /** Sum of what was passed over, not being declared. */
  get undeclaredEvents(): number {
    return this.#undeclaredEvents
  }

  /** What was counted of one event for one interval's window, and not handed over. */
  openOf(event: string, interval: Interval, window: EpochSeconds): number {
    if (this.#segment === undefined || windowStart(this.#segment.at, interval) !== window) return 0
    return this.#boxes.get(event)?.n ?? 0
  }

  /** From now on nothing is counted. What is open can still be taken. */
  close(): void {
    this.#closed = true
  }

  /** Everything that is not "count again": a first hit, a limit, a look at the clock. */
  #edge(event: string, box: Box | undefined): void {
    if (box === undefined || this.#passBoundary(box, 1)) this.#logMany(event, 1)
    else this.#pause(box)
  }

  /** Looks whether the limit is reached, and says when to look again. */
  #pause(box: Box): void {
    const { syncLimit } = this.#spec
    // Beyond, a double would no longer change by 1. The backlog adds exactly.
    if (box.n >= Number.MAX_SAFE_INTEGER) {
      this.#handOver()
      return
    }
    if (syncLimit !== undefined && box.n >= syncLimit) this.#sink.limitReached()
    box.next = nextStop(box.n, this.#boxes.size, syncLimit)
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
    const look = !this.#boxes.has(event) || ++this.#slowCalls % LONGEST_SHARE === 0
    if (look && this.#isOver()) this.#closeAtBoundary()
    const box = this.#boxOf(event)
    if (!Number.isSafeInteger(box.n + n)) {
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
        `group "${this.#spec.name}": an event was logged after close(); it is not counted`,
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
    this.#refuse(name, n, `group "${this.#spec.name}": event ${name} ${why}; it is not counted`)
    return undefined
  }

  #refuse(name: string, n: number, message: string): void {
    this.#undeclaredEvents += n
    if (this.#warned.has(name) || this.#warned.size >= MAX_WARNINGS) return
    this.#warned.add(name)
    this.#options.logger.warn({ group: this.#spec.name, event: name }, message)
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
    const box: Box = { event, n: 0, next: nextStop(0, segment.boxes.size, syncLimit) }
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
    this.#sink.opened(at)
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
    const closed = this.take()
    if (closed !== undefined && endsAt !== undefined) this.#sink.add(closed, endsAt)
  }

  #handOver(): void {
    const at = this.#segment?.at
    const closed = this.take()
    if (closed !== undefined && at !== undefined) this.#sink.add(closed, at)
  }

  /**
   * Closes the open segment; undefined when nothing was counted since the last one.
   *
   * All boxes are given up here: handles bind themselves anew at their next hit.
   */
  take(): ClosedSegment | undefined {
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
}

function nextStop(n: number, boxes: number, syncLimit: number | undefined): number {
  const share = Math.max(
    SHORTEST_SHARE,
    Math.min(LONGEST_SHARE, Math.ceil(LOOK_EVERY / (boxes + 1))),
  )
  const look = n + share
  const stop = syncLimit !== undefined && n < syncLimit ? Math.min(look, syncLimit) : look
  return Math.min(stop, Number.MAX_SAFE_INTEGER)
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
