import type { Clock, Timer } from '../clock.ts'

interface PendingTimer {
  atMs: number
  readonly callback: () => void
}

/**
 * A clock that is wound by hand: nothing happens until `advance` says so, and then in order.
 */
export class ManualClock implements Clock {
  #monotonicMs = 1000
  #wallMs: number
  #timers: PendingTimer[] = []
  readonly #settle: () => Promise<void>

  /**
   * @param wallMs what the machine takes for the time of day, ms since the epoch
   * @param settled awaited before time moves on; default: everything that waits for promises only. Give one that also
   *   waits for what comes from outside of the process, such as a server's replies
   */
  constructor(wallMs = 1_700_000_000_000, settled: () => Promise<void> = settle) {
    this.#wallMs = wallMs
    this.#settle = settled
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((one) => one !== timer)
      },
    }
  }

  /** How many timers wait: none, after everything was closed. */
  get pendingTimers(): number {
    return this.#timers.length
  }

  /** Sets the time of day without time passing, as an administrator or NTP does. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs
  }

  /** Lets time pass in which no timer gets its turn, as while a long computation blocks the event loop. */
  block(ms: number): void {
    this.#move(this.#monotonicMs + ms)
  }

  /** Puts the machine to sleep for a while: time passes, and timers come so much later than they were to. */
  suspend(ms: number): void {
    for (const timer of this.#timers) timer.atMs += ms
    this.#move(this.#monotonicMs + ms)
  }

  /** Lets time pass, calling what falls due on the way, and lets promises settle after each call. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    await this.#settle()
    for (;;) {
      const next = this.#nextTimer()
      if (next === undefined || next.atMs > untilMs) break
      this.#timers = this.#timers.filter((one) => one !== next)
      this.#move(next.atMs)
      next.callback()
      await this.#settle()
    }
    this.#move(untilMs)
    await this.#settle()
  }

  #nextTimer(): PendingTimer | undefined {
    return this.#timers.reduce<PendingTimer | undefined>(
      (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
      undefined,
    )
  }

  #move(monotonicMs: number): void {
    this.#wallMs += Math.max(0, monotonicMs - this.#monotonicMs)
    this.#monotonicMs = Math.max(this.#monotonicMs, monotonicMs)
  }
}

/** Lets everything happen that waits for promises only. */
export async function settle(): Promise<void> {
  // setImmediate comes after all microtasks; twice, for what schedules another turn.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}
