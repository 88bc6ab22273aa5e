import { type Clock, delay, graceMs } from 'ecl-core'
import type { Report } from '../report.ts'
import { type Shortfall, shortfallOf } from './shortfall.ts'

/** Loggers come within half a second after a boundary, and others when they are able to. */
const POLL_MS = 150
/** A read that takes long, such as of many events, takes a fifth of the time at most. */
const REST_FACTOR = 4

/** What waiting needs. */
export interface AwaitOptions {
  /** Reads the last finished window, with its completeness. */
  readonly read: () => Promise<Report>
  readonly clock: Clock
  /** When to give up, ms from now. */
  readonly withinMs: number
}

/** What there is at the end of the wait. */
export interface AwaitedReport {
  readonly report: Report
  /** Why it is not the complete window that was asked for; undefined where it is. */
  readonly shortfall: Shortfall | undefined
}

/**
 * Waits for the window that has ended last, as of the first look, to be complete. One that ends meanwhile will do as well,
 * since the former is gone then. What cannot become complete is not waited for.
 *
 * @throws StoreError where the store cannot be reached
 */
export async function awaitComplete({
  read,
  clock,
  withinMs,
}: AwaitOptions): Promise<AwaitedReport> {
  const startedMs = clock.monotonicMs()
  let asked: number | undefined
  for (;;) {
    const sentMs = clock.monotonicMs()
    const report = await read()
    const restMs = REST_FACTOR * (clock.monotonicMs() - sentMs)
    asked ??= endedLast(report)
    const shortfall = shortfallOf(report, asked)
    const leftMs = startedMs + withinMs - clock.monotonicMs()
    if (shortfall === undefined || !shortfall.mayPass || leftMs <= 0) return { report, shortfall }
    await delay(clock, Math.min(leftMs, Math.max(POLL_MS, restMs, untilSettledMs(report))))
  }
}

/** Start of the window that has ended last, whether it has been turned over or not. */
function endedLast({ storeTimeMs, interval }: Report): number {
  return (Math.floor(storeTimeMs / 1000 / interval.seconds) - 1) * interval.seconds
}

/** For how long no window can be complete yet, whatever loggers do: one grace after the latest boundary. */
function untilSettledMs({ storeTimeMs, interval: { seconds } }: Report): number {
  return graceMs(seconds) - (storeTimeMs % (seconds * 1000))
}
