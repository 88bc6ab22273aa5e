import { uptime } from 'node:os'
import { performance } from 'node:perf_hooks'
// Not the globals: a test runner's fake timers replace those, and a logger in such a test would wait for ever.
import { clearTimeout, setTimeout } from 'node:timers'
import { MonotonicTime } from './monotonic-time.ts'
import { inRootContext } from './root-context.ts'

/** A timer that can be taken back. Timers never keep the process alive. */
export interface Timer {
  cancel(): void
}

/** Where a process' time comes from. `ecl-core/testing` has one that is wound by hand. */
export interface Clock {
  /**
   * Never goes back, is never set, and goes on while the machine is suspended; its zero means nothing. Milliseconds, with
   * fractions.
   */
  monotonicMs(): number
  /** The machine's idea of the time of day, right or wrong: milliseconds since the epoch. */
  wallMs(): number
  /** Calls back once, after at least so many milliseconds. */
  after(delayMs: number, callback: () => void): Timer
}

/** setTimeout's own limit; longer delays would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** As of the start, for the same reason. */
const { now: wallMs } = Date

const monotonicTime = new MonotonicTime({
  steadyMs: () => performance.now(),
  wallMs,
  uptimeMs,
})

/** Not a number where the system does not tell. */
function uptimeMs(): number {
  try {
    return uptime() * 1000
  } catch {
    return Number.NaN
  }
}

/** The machine's clock. */
export const systemClock: Clock = {
  monotonicMs: () => monotonicTime.nowMs(),
  wallMs,
  after(delayMs, callback) {
    // Whole ms: Node keeps a list for each duration there is.
    const wholeMs = Math.min(Math.max(0, Math.ceil(delayMs)), MAX_DELAY_MS)
    const timer = inRootContext(() => setTimeout(callback, wholeMs))
    timer.unref()
    return {
      cancel: () => {
        // Node 20 lets go of an empty list of timers only when the last one in it was ref'd: without this, a cancelled
        // timer leaves some 100 bytes until it would have fired.
        timer.ref()
        clearTimeout(timer)
      },
    }
  },
}

/** Waits on a clock; ends early, without an error, when the signal fires. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(delayMs, done)
    signal?.addEventListener('abort', done)
  })
}
