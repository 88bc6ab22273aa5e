import { addCounts, type Count, type Place, sumCounts } from './batch.ts'
import { type EpochSeconds, type Interval, windowStart } from './interval.ts'
import type { ClosedSegment } from './segment.ts'

/** Counts that wait to be sent, all with one stamp. */
interface Pending {
  at: EpochSeconds
  intervals: readonly Interval[]
  readonly counts: Map<string, Count>
  /** The age of the oldest counts in it: rises with every segment that is handed over. */
  serial: number
  openedMs: number
  closedMs: number
  /** A part of it is on its way: nothing may be merged into the rest. */
  begun: boolean
  /** Whether the store could not take these counts when they came the first time. */
  readonly isRest: boolean
  /** The latest stamp of what was merged into it from other windows. */
  mixedWith?: EpochSeconds | undefined
}

/** A bounded part of the backlog, for one batch. */
export interface Portion {
  readonly at: EpochSeconds
  readonly intervals: readonly Interval[]
  readonly counts: readonly (readonly [event: string, count: Count])[]
  readonly serial: number
  readonly isRest: boolean
  /** The latest stamp of what was merged into it from other windows. */
  readonly mixedWith?: EpochSeconds | undefined
}

/** What is known about windows when the backlog is tidied up. All in seconds of the store's clock. */
export interface Horizon {
  readonly now: number
  /** When the store was last heard; undefined for never. */
  readonly lastHeard: number | undefined
}

/**
 * Closed segments that wait to be sent, oldest first.
 *
 * While the store is away it grows with distinct events, not with events or time: segments of the same windows are
 * merged, and so are those whose windows can be neither `cur` nor `last` any more when the store returns, for those will
 * be counted late wherever they came from.
 */
export class Backlog {
  readonly #intervals: readonly Interval[]
  #pending: Pending[] = []
  #nextSerial = 1
  /** Added up as counts come and go: every batch tells it, and there may be a million events waiting. */
  readonly #sums = { fresh: 0, rests: 0 }

  /** @param intervals those of the group */
  constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals
  }

  /** Serial of the next segment; all that was handed over before has a lower one. */
  get nextSerial(): number {
    return this.#nextSerial
  }

  /** Serial of the oldest counts that wait; undefined when none do. */
  get oldestSerial(): number | undefined {
    return this.#pending.length === 0 ? undefined : Math.min(...this.#pending.map((p) => p.serial))
  }

  /** The earliest stamp that waits; undefined when nothing does. */
  get oldestStamp(): EpochSeconds | undefined {
    if (this.#pending.length === 0) return undefined
    return Math.min(...this.#pending.map((pending) => pending.at)) as EpochSeconds
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** Number of stamps that wait: what memory grows with, times distinct events. */
  get depth(): number {
    return this.#pending.length
  }

  /** Sum of all counts that wait to be sent for the first time. */
  get total(): number {
    return this.#sums.fresh
  }

  /** Sum of all counts that wait to be sent again; each as often as there are intervals that could not take it. */
  get restTotal(): number {
    return this.#sums.rests
  }

  /** Takes over a closed segment, its counts included. */
  add(segment: ClosedSegment, horizon: Horizon): void {
    this.#sums.fresh += sumCounts(segment.counts)
    this.#pending.push({
      at: segment.at,
      intervals: this.#intervals,
      counts: segment.counts,
      serial: this.#nextSerial++,
      openedMs: segment.openedMs,
      closedMs: segment.closedMs,
      begun: false,
      isRest: false,
    })
    if (this.#pending.length > 1) this.#tidy(horizon)
  }

  /** Takes back what could not be counted in some intervals, to be sent again in another batch. */
  addRest(rest: Omit<Portion, 'isRest'>, horizon: Horizon): void {
    this.#sums.rests += sumCounts(rest.counts)
    this.#pending.push({
      ...rest,
      isRest: true,
      counts: new Map(rest.counts),
      openedMs: 0,
      closedMs: 0,
      begun: false,
    })
    this.#tidy(horizon)
  }

  /** Takes out the oldest counts, at most so many events, and so many bytes of names where there is more than one. */
  take(maxEvents: number, maxBytes: number): Portion | undefined {
    const first = this.#pending[0]
    if (first === undefined) return undefined
    const { at, intervals, serial, isRest, mixedWith } = first
    const counts = firstOf(first.counts, maxEvents, maxBytes)
    if (counts.length === first.counts.size) this.#pending.shift()
    else {
      first.begun = true
      for (const [event] of counts) first.counts.delete(event)
    }
    this.#sums[isRest ? 'rests' : 'fresh'] -= sumCounts(counts)
    return { at, intervals, serial, isRest, mixedWith, counts }
  }

  /**
   * Gives every stamp anew, from when its counts were made by the monotonic clock; but for what comes back from the store,
   * which was stamped by the store's clock.
   */
  restamp(stamp: (openedMs: number, closedMs: number) => EpochSeconds): void {
    for (const pending of this.#pending) {
      if (pending.isRest) continue
      pending.at = stamp(pending.openedMs, pending.closedMs)
      if (pending.mixedWith !== undefined)
        pending.mixedWith = stamp(pending.closedMs, pending.closedMs)
    }
  }

  /** What waits of one event for one interval's window. */
  countOf({ event, interval, window }: Place): Count {
    let sum: Count = 0
    for (const { at, intervals, counts } of this.#pending) {
      const counted = intervals.includes(interval) && windowStart(at, interval) === window
      if (counted) sum = addCounts(sum, counts.get(event) ?? 0)
    }
    return sum
  }

  #tidy(horizon: Horizon): void {
    const tidied: Pending[] = []
    for (const pending of this.#pending) {
      const into = tidied.find((earlier) => mergeable(earlier, pending, horizon))
      if (into === undefined) {
        tidied.push(pending)
        continue
      }
      for (const [event, count] of pending.counts) {
        into.counts.set(event, addCounts(into.counts.get(event) ?? 0, count))
      }
      into.closedMs = pending.closedMs
      const latest = Math.max(into.mixedWith ?? into.at, pending.mixedWith ?? pending.at)
      if (latest !== into.at) into.mixedWith = latest as EpochSeconds
      into.serial = Math.min(into.serial, pending.serial)
    }
    this.#pending = tidied
  }
}

function firstOf(
  all: ReadonlyMap<string, Count>,
  maxEvents: number,
  maxBytes: number,
): (readonly [event: string, count: Count])[] {
  const taken: (readonly [event: string, count: Count])[] = []
  let bytes = 0
  for (const one of all) {
    if (taken.length === maxEvents) break
    bytes += Buffer.byteLength(one[0])
    if (bytes > maxBytes && taken.length > 0) break
    taken.push(one)
  }
  return taken
}

function mergeable(a: Pending, b: Pending, horizon: Horizon): boolean {
  if (a.begun || b.begun || a.isRest !== b.isRest || !sameIntervals(a, b)) return false
  return a.intervals.every((interval) => {
    const [inA, inB] = [windowStart(a.at, interval), windowStart(b.at, interval)]
    return inA === inB || (isLate(inA, interval, horizon) && isLate(inB, interval, horizon))
  })
}

function sameIntervals(a: Pending, b: Pending): boolean {
  if (a.intervals.length !== b.intervals.length) return false
  return a.intervals.every((interval, index) => interval === b.intervals[index])
}

/**
 * Whether a window can be neither `cur` nor `last` when the store is heard again. It can be current now, or the one
 * before. It can also be the one in which the store was last heard: if nobody rotated since, that one is still current
 * there, or becomes `last` with its true start when a master catches up.
 */
function isLate(window: EpochSeconds, interval: Interval, { now, lastHeard }: Horizon): boolean {
  const current = windowStart(now, interval)
  if (window >= current - interval.seconds) return false
  return lastHeard === undefined || window !== windowStart(lastHeard, interval)
}
