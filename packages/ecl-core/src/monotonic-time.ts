/** Where a machine's time can be read, each in ms. */
export interface TimeSources {
  /** Never steps, but stands still while the machine is suspended, on Linux at least. */
  steadyMs(): number
  /** The time of day: goes on over a suspension, and steps whenever somebody sets it. */
  wallMs(): number
  /** Time since the machine was started, suspensions included; dear to ask for, and at worst in whole seconds. */
  uptimeMs(): number
}

/** So far apart, wall and steady time have not drifted: one of them was set, or stood still. */
const SHORTEST_SUSPENSION_MS = 2000
/** The two times of one look were read so far apart at most; a process may be stopped in between. */
const SAME_MOMENT_MS = 50
const ATTEMPTS = 3

/**
 * Time that never goes back and never steps, and goes on while the machine is suspended: a laptop's lid, a virtual
 * machine put to sleep.
 *
 * Steady time does not tell of a suspension, and the time of day may be set. So the time of day, which is cheap to ask
 * for, says when something is amiss, and the uptime, which nobody sets, says whether it was a suspension, and how long.
 * A virtual machine whose every clock was frozen cannot know of it; then only the store's next reply tells.
 */
export class MonotonicTime {
  readonly #sources: TimeSources
  #suspendedMs = 0
  /** By how much the others are ahead of steady time, as of the last look. */
  #leads: { readonly wallMs: number; readonly uptimeMs: number } | undefined

  constructor(sources: TimeSources) {
    this.#sources = sources
  }

  /** Milliseconds, with fractions; its zero means nothing. */
  nowMs(): number {
    const steadyMs = this.#sources.steadyMs()
    const wallLeadMs = this.#sources.wallMs() - steadyMs
    const amiss =
      Math.abs(wallLeadMs - (this.#leads?.wallMs ?? Number.NEGATIVE_INFINITY)) >
      SHORTEST_SUSPENSION_MS
    if (!amiss) return steadyMs + this.#suspendedMs
    this.#look()
    return this.#sources.steadyMs() + this.#suspendedMs
  }

  /** Finds out what was amiss; tried again at the next call where that fails. */
  #look(): void {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const beforeMs = this.#sources.steadyMs()
      const wallMs = this.#sources.wallMs()
      const uptimeMs = this.#sources.uptimeMs()
      const steadyMs = this.#sources.steadyMs()
      if (steadyMs - beforeMs > SAME_MOMENT_MS) continue
      const leads = { wallMs: wallMs - steadyMs, uptimeMs: uptimeMs - steadyMs }
      const gainedMs = leads.uptimeMs - (this.#leads?.uptimeMs ?? leads.uptimeMs)
      if (gainedMs > SHORTEST_SUSPENSION_MS) this.#suspendedMs += gainedMs
      this.#leads = leads
      return
    }
  }
}
