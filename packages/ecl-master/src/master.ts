import { EventEmitter } from 'node:events'
import {
  asError,
  type Backend,
  type Clock,
  type CounterStore,
  delay,
  type GroupsConfig,
  type Logger,
  openStore,
  type Rotated,
  resolveGroups,
  StoreError,
  stderrLogger,
  systemClock,
  type WindowRef,
} from 'ecl-core'
import { keepAlive } from './keep-alive.ts'
import type { MasterEvents, SettledWindow } from './master-events.ts'
import { CHECK_MS, planRotations, settleDelayMs } from './schedule.ts'

/** Moving so many events blocks the server for some tens of milliseconds. */
const MANY_EVENTS = 20_000

/** What a master may be given besides its groups and its backend. */
export interface MasterOptions {
  /** Where messages go; pino's shape. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Default: the machine's. */
  readonly clock?: Clock
}

/** What came of looking once. */
interface Look {
  readonly nextLookMs: number
  /** Why windows were not turned over that should have been. */
  readonly failures: readonly unknown[]
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
  /** Said once, until a look succeeds. */
  readonly #reported = new Set<string>()
  #wake = new AbortController()
  #running: Promise<void> | undefined

  /**
   * @param groups the `groups:` of a config, in the YAML's shape
   * @param backend where the counts are; as for EventCountLogger
   * @throws ConfigError, with all faults at once
   */
  constructor(groups: GroupsConfig, backend: Backend = {}, options: MasterOptions = {}) {
    super({ captureRejections: true })
    this.#windows = resolveGroups(groups).flatMap((group) =>
      group.intervals.map((interval) => ({ group, interval })),
    )
    this.#logger = options.logger ?? stderrLogger
    this.#clock = options.clock ?? systemClock
    this.#store = openStore(backend, { logger: this.#logger, clock: this.#clock })
    this.#ownsStore = this.#store !== backend
    this.#store.onConnect(() => {
      if (this.#stop.signal.aborted) return
      // The store may have come back older than it was.
      this.#wake.abort()
      void this.#warnOfSettings()
    })
  }

  /** Begins to rotate; does nothing where it has begun, or has been stopped. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#loop()
  }

  /**
   * Ends for good within a moment, without waiting for the store. May be called twice. Nothing is told afterwards, not
   * even of windows that have not settled.
   */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake.abort()
    if (!this.#ownsStore) return
    await this.#store.close()
    await this.#running
  }

  /**
   * Rotates what is due, once.
   *
   * @returns in how many ms to look again
   * @throws StoreError where the store cannot be reached or refuses
   */
  async runOnce(): Promise<number> {
    const { nextLookMs, failures } = await keepAlive(() => this.#look())
    if (failures.length > 0) throw asError(failures[0])
    return nextLookMs
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController()
      let waitMs = CHECK_MS
      try {
        const { nextLookMs, failures } = await this.#look()
        waitMs = nextLookMs
        for (const failure of failures) this.#report(failure)
        if (failures.length === 0) this.#reported.clear()
      } catch (caught) {
        this.#report(caught)
      }
      if (this.#stop.signal.aborted) return
      await delay(this.#clock, waitMs, this.#wake.signal)
    }
  }

  async #look(): Promise<Look> {
    const startedMs = this.#clock.monotonicMs()
    const { storeTimeMs, states } = await this.#store.windows(this.#windows)
    // A store that is shared may answer after the end.
    if (this.#stop.signal.aborted) return { nextLookMs: CHECK_MS, failures: [] }
    const { due, nextLookMs } = planRotations(this.#windows, states, storeTimeMs)
    states.forEach((state, index) => {
      if (state.foreign) this.#warnOfForeignMaster(this.#windows[index])
    })
    // What fails in one window must not keep the others waiting, now or at their next boundaries.
    const adopted = this.#adopt(due.filter(mayHaveForeignEvents))
    const outcomes = await Promise.allSettled(
      due.map(async (ref) => {
        if (mayHaveForeignEvents(ref)) await adopted
        await this.#rotate(ref)
      }),
    )
    const failures = outcomes.flatMap((one): unknown[] =>
      one.status === 'rejected' ? [one.reason] : [],
    )
    return { nextLookMs: nextLookMs - (this.#clock.monotonicMs() - startedMs), failures }
  }

  /** Finds what others have counted. A store that refuses to look is no reason not to turn the window over. */
  async #adopt(windows: readonly WindowRef[]): Promise<void> {
    if (windows.length === 0) return
    try {
      await this.#store.adoptForeignEvents(windows)
    } catch (caught) {
      if (!(caught instanceof StoreError && caught.code === 'STORE_REFUSED')) throw caught
    }
  }

  async #rotate({ group, interval }: WindowRef): Promise<void> {
    const rotated = await this.#store.rotate(group, interval)
    const window = { group: group.name, interval: interval.spec }
    const name = nameOf({ group, interval })
    switch (rotated.status) {
      case 'already':
        return
      case 'begun':
        this.#logger.info(window, `${name}: the first window has begun`)
        return
      case 'reset':
        this.#logger.error(
          { ...window, was: rotated.was, current: rotated.current },
          `${name}: the current window began at ${time(rotated.was)}, in the future; a clock was wrong. It has been set back to ${time(rotated.current)}`,
        )
        return
      case 'rotated':
        this.#turned({ group, interval }, rotated)
    }
  }

  #turned(ref: WindowRef, rotated: Extract<Rotated, { status: 'rotated' }>): void {
    const { interval } = ref
    const { start, end, current, events, storeTimeMs } = rotated
    const lagMs = Math.round((storeTimeMs - end * 1000) * 10) / 10
    const window = { group: ref.group.name, interval: interval.spec, start, end }
    const name = nameOf(ref)
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
    void this.#settle(ref, window, settleDelayMs(interval, current, storeTimeMs))
  }

  /** Tells of a window's counts once they are in. A store that is away then is asked again, as long as it may have them. */
  async #settle(
    ref: WindowRef,
    window: Omit<SettledWindow, 'counts' | 'completeness'>,
    waitMs: number,
  ): Promise<void> {
    const { signal } = this.#stop
    await delay(this.#clock, waitMs, signal)
    const goneMs = this.#clock.monotonicMs() + ref.interval.seconds * 1000
    while (!signal.aborted && this.listenerCount('settled') > 0) {
      try {
        const { last } = await this.#store.read(ref.group, ref.interval, 'last')
        if (last?.start !== window.start) break
        const settled = { ...window, counts: last.counts, completeness: 'unknown' } as const
        this.#tell(() => this.emit('settled', settled))
        return
      } catch (caught) {
        this.#report(caught)
      }
      if (this.#clock.monotonicMs() > goneMs) break
      await delay(this.#clock, CHECK_MS, signal)
    }
    if (signal.aborted || this.listenerCount('settled') === 0) return
    this.#logger.warn(
      window,
      `${nameOf(ref)}: the window of ${time(window.start)} is gone before its counts could be told`,
    )
  }

  /** A listener's error is its own: it must not keep the next window from being turned over. */
  #tell(emit: () => void): void {
    if (this.#stop.signal.aborted) return
    try {
      emit()
    } catch (caught) {
      this.#reportListener(caught)
    }
  }

  /** Where Node hands the rejection of a listener that is an async function. */
  override [EventEmitter.captureRejectionSymbol](error: Error, ..._told: unknown[]): void {
    this.#reportListener(error)
  }

  #reportListener(caught: unknown): void {
    this.#logger.error({ err: caught }, `a listener failed: ${asError(caught).message}`)
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
    const name = nameOf(ref)
    this.#warnOnce(
      `foreign ${name}`,
      `${name}: another program turned the window over last, such as the Python ecl_master; if it still runs, stop it, since it wipes windows that are turned over already`,
    )
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#logger.warn({}, message)
  }

  #report(caught: unknown): void {
    if (this.#stop.signal.aborted) return
    const { message } = asError(caught)
    // The store's troubles are reported where they happen, once each.
    if (caught instanceof StoreError || this.#reported.has(message)) return
    this.#reported.add(message)
    this.#logger.error({ err: caught }, `rotation failed, and is tried again: ${message}`)
  }
}

/** Whether programs that do not know of the index may count events in a group that only a scan can find. */
function mayHaveForeignEvents({ group }: WindowRef): boolean {
  return group.dynamic && group.pythonWriters !== false
}

function nameOf({ group, interval }: WindowRef): string {
  return `group "${group.name}", ${interval.spec}`
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
