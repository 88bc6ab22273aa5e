import { type Clock, delay, graceMs, StoreError } from 'ecl-core'
import { masterNotice, searchNotice } from '../notices.ts'
import type { Report } from '../report.ts'

/** A master turns a window over within milliseconds; whoever waits for it longer asks less and less often. */
const FIRST_BACKOFF_MS = 20
const LONGEST_BACKOFF_MS = 2000
/**
 * Where windows came in time before, a late one may be due to a server that has been deposed and does not know it: a store
 * finds that out and goes on to the right one before then.
 */
const SURELY_LATE_MS = 10_000

/** Who is told what is seen. */
export interface Watcher {
  /** A window that has ended. Until it is settled, loggers may still bring counts of it, and it is told again. */
  onWindow(report: Report, settled: boolean): void
  /** Why nothing newer is seen; undefined once it is. */
  onTrouble(message: string | undefined): void
}

/** Whether any window of a watch has been seen. Until one is, what fails is probably the config's fault, and ends it. */
export interface WatchStart {
  seen: boolean
}

/** What a watch needs. */
export interface WatchOptions {
  /** Shared by all windows that are watched together. */
  readonly start: WatchStart
  readonly read: () => Promise<Report>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly watcher: Watcher
}

/**
 * Reads each window of one interval when it has been turned over, and once more when it has settled:
 *
 *     boundary ──read, with back-off──▶ turned ──a grace──▶ settled ──the rest of the window──▶ boundary
 *
 * It sleeps by differences of the store's own times, so that this machine's clock may be wrong. A store that cannot be
 * reached is tried again for ever, unless nothing at all could be reached at the start.
 */
export async function watchWindow(options: WatchOptions): Promise<void> {
  const { start, read, clock, signal, watcher } = options
  let backoffMs = FIRST_BACKOFF_MS
  let untilMs: number | undefined
  let wasInTime = false
  let lateSinceMs: number | undefined
  while (!signal.aborted) {
    try {
      const sentMs = clock.monotonicMs()
      const report = await read()
      start.seen = true
      const late = masterNotice(report)
      if (late === undefined) wasInTime = true
      lateSinceMs = late === undefined ? undefined : (lateSinceMs ?? sentMs)
      const isSure = !wasInTime || sentMs - (lateSinceMs ?? sentMs) >= SURELY_LATE_MS
      watcher.onTrouble((isSure ? late : undefined) ?? searchNotice(report))
      const { storeTimeMs } = report
      // As the reply was a moment on its way, the store's clock is ahead of it.
      const nowMs = storeTimeMs + (clock.monotonicMs() - sentMs) / 2
      const { settlesMs, endsMs } = times(report)
      // By the time of the counts: the store does not call them complete before.
      if (report.current !== undefined) watcher.onWindow(report, storeTimeMs >= settlesMs)
      untilMs = [settlesMs, endsMs].find((atMs) => atMs > storeTimeMs)
      if (untilMs !== undefined) {
        backoffMs = FIRST_BACKOFF_MS
        untilMs = Math.max(1, untilMs - nowMs)
      }
    } catch (caught) {
      if (signal.aborted) return
      if (!start.seen || !(caught instanceof StoreError)) throw caught
      untilMs = undefined
      watcher.onTrouble(`${caught.message}; trying again`)
    }
    await delay(clock, untilMs ?? backoffMs, signal)
    if (untilMs === undefined) backoffMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2)
  }
}

/** When the window that was read has settled, and when the next one ends, by the store's clock. */
function times({ current, interval }: Report): { settlesMs: number; endsMs: number } {
  const beginsMs = (current ?? 0) * 1000
  return {
    settlesMs: beginsMs + graceMs(interval.seconds),
    endsMs: beginsMs + interval.seconds * 1000,
  }
}
