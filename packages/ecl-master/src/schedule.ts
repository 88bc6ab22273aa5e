import {
  type EpochSeconds,
  graceMs,
  type Interval,
  type WindowRef,
  type WindowState,
  windowEnd,
  windowStart,
} from 'ecl-core'

/** How often a master looks though no boundary is near: a crash of the store may have undone a rotation. */
export const CHECK_MS = 500
/** A look exactly at a boundary may come a fraction of a millisecond too early, by the store's clock. */
const AFTER_BOUNDARY_MS = 1
/** A window that is so many lengths ahead of the clock was begun while the clock was wrong. */
const MAX_LENGTHS_AHEAD = 2

/** What a look at the store says about when to rotate. */
export interface Plan {
  /** What is to be rotated now. */
  readonly due: readonly WindowRef[]
  /** Whose last window is to be published now. What is due is published by its rotation. */
  readonly settled: readonly WindowRef[]
  /** In how many ms to look again. */
  readonly nextLookMs: number
}

/**
 * Decides which windows have ended, and which have settled since.
 *
 * @param windows all groups' intervals
 * @param states what the store says of each, in the same order
 * @param replyTimeMs the store's clock, where a state has no other
 */
export function planRotations(
  windows: readonly WindowRef[],
  states: readonly WindowState[],
  replyTimeMs: number,
): Plan {
  const due: WindowRef[] = []
  const settled: WindowRef[] = []
  let nextLookMs = CHECK_MS
  windows.forEach((ref, index) => {
    const { interval } = ref
    const state = states[index]
    if (state?.failure !== undefined) return
    const storeTimeMs = state?.storeTimeMs ?? replyTimeMs
    const nowSeconds = storeTimeMs / 1000
    const window = windowStart(nowSeconds, interval)
    const waitMs = state?.foreign === true ? foreignMasterMs(interval.seconds) : 0
    const sinceBoundaryMs = storeTimeMs - window * 1000
    const current = state?.current
    const ended = current === undefined || current < window
    const ahead = current !== undefined && current > window + MAX_LENGTHS_AHEAD * interval.seconds
    const publishInMs = (state?.publishFromMs ?? Number.POSITIVE_INFINITY) - storeTimeMs
    if (ahead || (ended && sinceBoundaryMs >= waitMs)) due.push(ref)
    else if (publishInMs <= 0) settled.push(ref)
    else {
      if (ended) nextLookMs = Math.min(nextLookMs, waitMs - sinceBoundaryMs)
      nextLookMs = Math.min(nextLookMs, publishInMs + AFTER_BOUNDARY_MS)
    }
    const boundaryMs = windowEnd(nowSeconds, interval) * 1000 - storeTimeMs + AFTER_BOUNDARY_MS
    nextLookMs = Math.min(nextLookMs, boundaryMs)
  })
  return { due, settled, nextLookMs }
}

/**
 * How long past the boundary a master of another kind (the Python original) is let go first: it rotates without looking,
 * and would wipe a window that has been turned over already.
 */
function foreignMasterMs(intervalSeconds: number): number {
  return Math.min(1000, intervalSeconds * 250)
}

/**
 * How long after a rotation its window has settled: one grace after the boundary, when loggers have sent what they held.
 * A rotation later than that comes after an outage, of which loggers recover in the same moment: they get a grace from
 * then, but not so long that the next rotation could come first.
 *
 * @param current the window that has begun by the rotation
 * @param storeTimeMs when the rotation took place, by the store's clock
 */
export function settleDelayMs(
  interval: Interval,
  current: EpochSeconds,
  storeTimeMs: number,
): number {
  const grace = graceMs(interval.seconds)
  const sinceBoundaryMs = storeTimeMs - current * 1000
  if (sinceBoundaryMs <= grace) return grace - sinceBoundaryMs
  return Math.min(grace, (interval.seconds * 1000 - sinceBoundaryMs) / 2)
}
