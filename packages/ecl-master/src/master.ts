import { EventEmitter } from 'node:events'
import {
  type Backend,
  type Clock,
  type CounterStore,
  delay,
  type EpochSeconds,
  type GroupsConfig,
  graceMs,
  type Logger,
  openStore,
  type Rotated,
  resolveGroups,
  StoreError,
  stderrLogger,
  systemClock,
  type WindowRef,
} from 'ecl-core'
import { CHECK_MS, planRotations } from './schedule.ts'

/** Moving so many events blocks the server for some tens of milliseconds. */
const MANY_EVENTS = 20_000

/** A window that has ended and is now the last one. */
export interface RotatedWindow {
  readonly group: string
  /** As spelled in the config. */
  readonly interval: string
  readonly start: EpochSeconds
  readonly end: EpochSeconds
  /** How many events it has, those with 0 included. */
  readonly events: number
  /** How long after its boundary it was turned over, by the store's clock, in ms. */
  readonly lagMs: number
}

/** A finished window with its counts. */
export interface SettledWindow extends Omit<RotatedWindow, 'events' | 'lagMs'> {
  readonly counts: ReadonlyMap<string, bigint>
  /** Whether every logger's counts are in. `unknown` where the store cannot tell. */
  readonly completeness: 'unknown'
}

/** What a master tells. */
export interface MasterEvents {
  /** A window was turned over, by this master. */
  rotated: [RotatedWindow]
  /** One grace after the boundary of a window that this master turned over: late flushes are in. */
  settled: [SettledWindow]
}

/** What a master may be given besides its groups and its backend. */
export interface MasterOptions {
  /** Where messages go; pino's shape. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Default: the machine's. */
  readonly clock?: Clock
}

/**
 * Turns windows over at each boundary, by the store's clock. Any number of masters may run, and they need not know of each
 * other: the store lets one of them through per boundary.
 *
 * Keeps its own pace and no memory: every look asks the store for its clock and its windows, so a master that was down,
 * stopped or suspended catches up by looking. Never keeps the process alive.
 */
export class Master extends EventEmitter<MasterEvents> {
  readonly #windows: readonly WindowRef[]
  readonly #store: CounterStore
  readonly #ownsStore: boolean
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #warned = new Set<string>()
  #wake = new AbortController()
  #running: Promise<void> | undefined

  /**
   * @param groups the `groups:` of a config, in the YAML's shape
   * @param backend where the counts are; as for EventCountLogger
   * @throws ConfigError, with all faults at once
   */
  constructor(groups: GroupsConfig, backend: Backend = {}, options: MasterOptions = {}) {
    super()
    this.#windows = resolveGroups(groups).flatMap((group) =>
      group.intervals.map((interval) => ({ group, interval })),
    )
    this.#logger = options.logger ?? stderrLogger
    this.#clock = options.clock ?? systemClock
    this.#store = openStore(backend, { logger: this.#logger, clock: this.#clock })
    this.#ownsStore = this.#store !== backend
    this.#store.onConnect(() => {
      // The store may have come back older than it was.
      this.#wake.abort()
      void this.#warnOfSettings()
    })
  }

  /** Begins to rotate; does nothing where it has begun. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#loop()
  }

  /** Ends within a moment, without waiting for the store. May be called twice. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake.abort()
    if (this.#ownsStore) await this.#store.close()
    await this.#running
  }

  /**
   * Rotates what is due, once.
   *
   * @returns in how many ms to look again
   * @throws StoreError where the store cannot be reached or refuses
   */
  async runOnce(): Promise<number> {
    const startedMs = this.#clock.monotonicMs()
    const { storeTimeMs, states } = await this.#store.windows(this.#windows)
    const { due, nextLookMs } = planRotations(this.#windows, states, storeTimeMs)
    states.forEach((state, index) => {
      if (state.foreign) this.#warnOfForeignMaster(this.#windows[index])
    })
    if (due.length > 0) {
      await this.#store.adoptForeignEvents(due)
      await Promise.all(due.map((ref) => this.#rotate(ref)))
    }
    return nextLookMs - (this.#clock.monotonicMs() - startedMs)
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController()
      let waitMs = CHECK_MS
      try {
        waitMs = await this.runOnce()
      } catch (caught) {
        this.#report(caught)
      }
      if (this.#stop.signal.aborted) return
      await delay(this.#clock, waitMs, this.#wake.signal)
    }
  }

  async #rotate({ group, interval }: WindowRef): Promise<void> {
    const rotated = await this.#store.rotate(group, interval)
    const name = `group "${group.name}", ${interval.spec}`
    switch (rotated.status) {
      case 'already':
        return
      case 'begun':
        this.#logger.info(
          { group: group.name, interval: interval.spec },
          `${name}: the first window has begun`,
        )
        return
      case 'reset':
        this.#logger.error(
          {
            group: group.name,
            interval: interval.spec,
            was: rotated.was,
            current: rotated.current,
          },
          `${name}: the current window began at ${time(rotated.was)}, in the future; a clock was wrong. It has been set back to ${time(rotated.current)}`,
        )
        return
      case 'rotated':
        this.#turned({ group, interval }, rotated)
    }
  }

  #turned({ group, interval }: WindowRef, rotated: Extract<Rotated, { status: 'rotated' }>): void {
    const { start, end, current, events, storeTimeMs } = rotated
    const lagMs = Math.round((storeTimeMs - end * 1000) * 10) / 10
    const window = { group: group.name, interval: interval.spec, start, end }
    const name = `group "${group.name}", ${interval.spec}`
    this.#logger.debug({ ...window, events, lagMs }, `${name}: turned over ${time(start)}`)
    if (current > end) {
      const missed = (current - end) / interval.seconds
      this.#logger.warn(
        { ...window, missed },
        `${name}: no master ran for ${missed} ${missed === 1 ? 'window' : 'windows'}; what was counted meanwhile is in the window of ${time(start)}`,
      )
    }
    if (events > MANY_EVENTS) {
      this.#warnOnce(
        `many ${name}`,
        `${name}: ${events} events are moved at each boundary, which blocks Redis for tens of milliseconds; bound them with max_events, or split the group`,
      )
    }
    this.#tell(() => this.emit('rotated', { ...window, events, lagMs }))
    const settledMs = end * 1000 + graceMs(interval.seconds) - storeTimeMs
    this.#clock.after(settledMs, () => void this.#settle({ group, interval }, window))
  }

  async #settle(
    ref: WindowRef,
    window: Omit<SettledWindow, 'counts' | 'completeness'>,
  ): Promise<void> {
    if (this.#stop.signal.aborted || this.listenerCount('settled') === 0) return
    try {
      const { last } = await this.#store.read(ref.group, ref.interval, 'last')
      if (last?.start !== window.start) {
        this.#logger.warn(
          window,
          `group "${window.group}", ${window.interval}: ${time(window.start)} is gone before it settled`,
        )
        return
      }
      this.#tell(() =>
        this.emit('settled', { ...window, counts: last.counts, completeness: 'unknown' }),
      )
    } catch (caught) {
      this.#report(caught)
    }
  }

  /** A listener's error is its own: it must not keep the next window from being turned over. */
  #tell(emit: () => void): void {
    try {
      emit()
    } catch (caught) {
      this.#logger.error({ err: caught }, `a listener failed: ${String(caught)}`)
    }
  }

  async #warnOfSettings(): Promise<void> {
    try {
      for (const warning of await this.#store.warnings()) this.#warnOnce(warning, warning)
    } catch (caught) {
      this.#report(caught)
    }
  }

  #warnOfForeignMaster(ref: WindowRef | undefined): void {
    if (ref === undefined) return
    const name = `group "${ref.group.name}", ${ref.interval.spec}`
    this.#warnOnce(
      `foreign ${name}`,
      `${name}: another program turned the window over last, such as the Python ecl_master; stop it, since it wipes windows that are turned over already`,
    )
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#logger.warn({}, message)
  }

  #report(caught: unknown): void {
    // The store's troubles are reported where they happen, once each.
    if (caught instanceof StoreError) return
    this.#logger.error({ err: caught }, `rotation failed: ${String(caught)}`)
  }
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
