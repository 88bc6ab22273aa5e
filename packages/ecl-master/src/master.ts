import { EventEmitter, setMaxListeners } from 'node:events'
import {
  type Backend,
  type Clock,
  ConfigError,
  type CounterStore,
  delay,
  type GroupsConfig,
  type HistoryConfig,
  inRootContext,
  type Logger,
  openStore,
  type Rotated,
  resolveGroups,
  resolveHistory,
  type Snapshot,
  StoreError,
  stderrLogger,
  systemClock,
  type WindowRef,
} from 'ecl-core'
import type { MasterEvents, SettledWindow } from './master-events.ts'
import { MasterLog } from './master-log.ts'
import { Publisher } from './publisher.ts'
import { CHECK_MS, planRotations, settleDelayMs } from './schedule.ts'
import { WindowWork } from './window-work.ts'

/** What a master may be given besides its groups and its backend. */
export interface MasterOptions {
  /** Where messages go; pino's shape. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Default: the machine's. */
  readonly clock?: Clock
  /** The `history:` of a config. Windows are published for those who archive them. Default: they are not. */
  readonly history?: HistoryConfig | undefined
}

/** A finished window before its counts are told. */
type UnsettledWindow = Omit<SettledWindow, 'counts' | 'completeness' | 'missing'>

/** What came of looking once. */
interface Look {
  /** When to look again, by the master's own clock. */
  readonly nextLookAtMs: number
  /** Why nothing is known of some windows. */
  readonly failures: readonly Error[]
  /** What has been begun with others; rejects where that fails. */
  readonly begun: readonly Promise<void>[]
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
  readonly #publisher: Publisher | undefined
  readonly #log: MasterLog
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #work = new WindowWork(() => this.#wake.abort())
  #wake = new AbortController()
  #running: Promise<void> | undefined

  /**
   * @param groups the `groups:` of a config, in the YAML's shape
   * @param backend where the counts are; as for EventCountLogger
   * @throws ConfigError, with all faults at once
   */
  constructor(groups: GroupsConfig, backend: Backend = {}, options: MasterOptions = {}) {
    super({ captureRejections: true })
    // Each window that settles waits for it, and all may at once: Node would take more than ten for a leak, and warn.
    setMaxListeners(0, this.#stop.signal)
    const specs = resolveGroups(groups)
    this.#windows = specs.flatMap((group) =>
      group.intervals.map((interval) => ({ group, interval })),
    )
    const logger = options.logger ?? stderrLogger
    this.#clock = options.clock ?? systemClock
    this.#log = new MasterLog(logger, this.#clock)
    this.#store = openStore(backend, { logger, clock: this.#clock })
    this.#ownsStore = this.#store !== backend
    this.#store.checkGroups?.(specs)
    this.#publisher = options.history && this.#publisherFor(options.history)
    this.#store.keepScriptsLoaded?.()
    this.#store.onConnect(() => {
      if (this.#stop.signal.aborted) return
      // The store may have come back older than it was.
      this.#wake.abort()
      void this.#warnOfSettings()
    })
  }

  /** Begins to rotate; does nothing where it has begun, or has been stopped. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= inRootContext(() => this.#loop())
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
    await this.#work.idle()
  }

  /**
   * Rotates what is due, once. Not for a master that was started: what that one is doing is waited for, and not done again.
   *
   * @returns in how many ms to look again
   * @throws StoreError where the store cannot be reached or refuses
   */
  async runOnce(): Promise<number> {
    const { nextLookAtMs, failures, begun } = await this.#look(false)
    await this.#work.idle()
    await Promise.all(begun)
    if (failures[0] !== undefined) throw failures[0]
    return nextLookAtMs - this.#clock.monotonicMs()
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // To make one takes as long as a tenth of a look.
      if (this.#wake.signal.aborted) this.#wake = new AbortController()
      let waitMs = CHECK_MS
      try {
        const { nextLookAtMs, failures, begun } = await this.#look(true)
        waitMs = nextLookAtMs - this.#clock.monotonicMs()
        for (const work of begun) work.catch((caught: unknown) => this.#report(caught))
        for (const failure of failures) this.#report(failure)
        if (failures.length === 0 && !this.#work.isFailing) this.#log.succeeded()
      } catch (caught) {
        this.#report(caught)
      }
      if (this.#stop.signal.aborted) return
      await delay(this.#clock, waitMs, this.#wake.signal)
    }
  }

  /** @param background whether the process may end before the answer */
  async #look(background: boolean): Promise<Look> {
    const startedMs = this.#clock.monotonicMs()
    const { storeTimeMs, states } = await this.#store.windows(this.#windows, {
      publications: this.#publisher !== undefined,
      background,
    })
    // A store that is shared may answer after the end.
    if (this.#stop.signal.aborted) return { nextLookAtMs: startedMs, failures: [], begun: [] }
    const { due, settled, nextLookMs } = planRotations(this.#windows, states, storeTimeMs)
    states.forEach((state, index) => {
      const ref = this.#windows[index]
      if (state.foreign && ref !== undefined) this.#log.foreignMaster(ref)
      if (state.failure !== undefined) this.#log.notSeen(state.failure)
    })
    const failures = states.flatMap(({ failure }) => failure ?? [])
    this.#work.forgetFailures([...due, ...settled])
    const begun = this.#begin(due, settled)
    return { nextLookAtMs: startedMs + nextLookMs, failures, begun }
  }

  /**
   * Begins to turn windows over, and to publish others. What fails with one of them, or takes long, must not keep the others
   * waiting, now or at their next boundaries.
   */
  #begin(due: readonly WindowRef[], settled: readonly WindowRef[]): Promise<void>[] {
    // Mostly there is nothing to do.
    if (due.length + settled.length === 0) return []
    const adopted = this.#adopt(
      due.filter((ref) => mayHaveForeignEvents(ref) && this.#work.isFree(ref)),
    )
    const rotate = async (ref: WindowRef) => {
      if (mayHaveForeignEvents(ref)) await adopted
      await this.#rotate(ref)
    }
    const publish = async (ref: WindowRef) => this.#publisher?.publish(ref, false)
    return [
      ...due.flatMap((ref) => this.#work.begin(ref, rotate) ?? []),
      ...settled.flatMap((ref) => this.#work.begin(ref, publish) ?? []),
    ]
  }

  #publisherFor(history: HistoryConfig): Publisher {
    const queue = this.#store.history
    if (queue === undefined) {
      throw new ConfigError(['history: this store cannot keep windows until they are archived'])
    }
    return new Publisher(this.#store, queue, resolveHistory(history).bounds, this.#log)
  }

  /** Finds what others have counted. A store that refuses to look is no reason not to turn the window over. */
  async #adopt(due: readonly WindowRef[]): Promise<void> {
    if (due.length === 0) return
    const windows = this.#windows.filter(mayHaveForeignEvents)
    try {
      this.#log.adopted(due, await this.#store.adoptForeignEvents(windows, due))
    } catch (caught) {
      if (!(caught instanceof StoreError && caught.code === 'STORE_REFUSED')) throw caught
    }
  }

  async #rotate(ref: WindowRef): Promise<void> {
    const rotated = await (this.#publisher?.rotate(ref) ??
      this.#store.rotate(ref.group, ref.interval))
    switch (rotated.status) {
      case 'already':
      // Not without a publisher, which has dealt with it.
      case 'unpublished':
        return
      case 'begun':
        this.#log.begun(ref)
        return
      case 'reset':
        this.#log.reset(ref, rotated)
        return
      case 'rotated':
        this.#turned(ref, rotated)
    }
  }

  #turned(ref: WindowRef, rotated: Extract<Rotated, { status: 'rotated' }>): void {
    const { group, interval } = ref
    const { start, end, current, events, storeTimeMs } = rotated
    const lagMs = Math.round((storeTimeMs - end * 1000) * 10) / 10
    this.#log.turned(ref, rotated, lagMs)
    if (this.#store.turnsAtOnce !== true && group.layout !== 'hash') this.#log.moved(ref, events)
    const window = { group: group.name, interval: interval.spec, start, end }
    this.#tell(() => this.emit('rotated', { ...window, events, lagMs }))
    void this.#settle(ref, window, settleDelayMs(interval, current, storeTimeMs))
  }

  /** Tells of a window's counts once they are in. A store that is away then is asked again, as long as it may have them. */
  async #settle(ref: WindowRef, window: UnsettledWindow, waitMs: number): Promise<void> {
    const { signal } = this.#stop
    await delay(this.#clock, waitMs, signal)
    const goneMs = this.#clock.monotonicMs() + ref.interval.seconds * 1000
    while (!signal.aborted && this.listenerCount('settled') > 0) {
      try {
        const { group, interval } = ref
        const { last } = await this.#store.read(group, interval, 'last', { completeness: true })
        if (last?.start !== window.start) break
        this.#tellSettled(ref, window, last)
        return
      } catch (caught) {
        this.#report(caught)
      }
      if (this.#clock.monotonicMs() > goneMs) break
      await delay(this.#clock, CHECK_MS, signal)
    }
    if (signal.aborted || this.listenerCount('settled') === 0) return
    this.#log.gone(ref, window)
  }

  #tellSettled(ref: WindowRef, window: UnsettledWindow, { counts, completeness }: Snapshot): void {
    if (completeness === undefined) throw new Error('the store did not tell the completeness')
    const { status } = completeness
    const missing = 'missing' in completeness ? completeness.missing : []
    this.#log.settled(ref, window, status, missing)
    this.#tell(() => this.emit('settled', { ...window, counts, completeness: status, missing }))
  }

  /** A listener's error is its own: it must not keep the next window from being turned over. */
  #tell(emit: () => void): void {
    if (this.#stop.signal.aborted) return
    try {
      emit()
    } catch (caught) {
      this.#log.listenerFailed(caught)
    }
  }

  /** Where Node hands the rejection of a listener that is an async function. */
  override [EventEmitter.captureRejectionSymbol](error: Error, ..._told: unknown[]): void {
    this.#log.listenerFailed(error)
  }

  async #warnOfSettings(): Promise<void> {
    try {
      for (const warning of await this.#store.warnings()) this.#log.warnOnce(warning, warning)
    } catch (caught) {
      this.#report(caught)
    }
  }

  #report(caught: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#log.failed(caught)
  }
}

/** Whether programs that do not know of the index may count events in a group that only a scan can find. */
function mayHaveForeignEvents({ group }: WindowRef): boolean {
  return group.dynamic && group.pythonWriters !== false
}
