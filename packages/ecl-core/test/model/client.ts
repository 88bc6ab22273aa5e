import { type Batch, sumCounts } from '../../src/batch.ts'
import type { Clock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import { EventGroup } from '../../src/event-group.ts'
import type { GroupSpec } from '../../src/group-spec.ts'
import { type Interval, windowStart } from '../../src/interval.ts'
import { silentLogger } from '../../src/logger.ts'
import { Pace } from '../../src/pace.ts'
import { newDeliveryStatistics } from '../../src/statistics.ts'
import type { Applied, CounterStore } from '../../src/store/counter-store.ts'
import { StoreClock } from '../../src/store-clock.ts'

/** What can happen to a batch on its way; copies that come later are the network's affair. */
export type Fault = 'request lost' | 'reply lost' | undefined

/** What a client needs of the world around it. */
export interface Surroundings {
  readonly group: GroupSpec
  readonly clock: Clock
  readonly random: () => number
  /** The truth about the time, which is the store's, ms. */
  readonly storeMs: () => number
  /** The store, behind what befalls all of its clients. */
  readonly store: CounterStore
}

/** A logger, its network, and the truth about what was logged there. */
export class Client {
  readonly id: string
  readonly group: EventGroup
  /** What happens to its next batches. */
  faults: Fault[] = []
  /** All it has sent, which a network may deliver again. */
  readonly sent: Batch[] = []
  /** How far the machine's clock is wrong. */
  wallErrorMs = 0
  isAlive = true
  isClosing = false
  /** When it was closed, by the store's clock. */
  closedMs: number | undefined
  /** Whether everything it has logged has to be in the store in the end. */
  isExact = true
  /** Sum of what it was told to be misplaced. */
  toldLate = 0
  readonly #around: Surroundings
  readonly #truth: { readonly event: string; readonly n: number; readonly ms: number }[] = []
  #registered = false
  #hadWrongTime = false
  #saidFarewell = false

  constructor(id: string, around: Surroundings) {
    this.id = id
    this.#around = around
    const { clock } = around
    // Whole ms, as the machine's timers have.
    const own: Clock = {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => around.storeMs() + this.wallErrorMs,
      after: (delayMs, callback) => clock.after(Math.ceil(delayMs), callback),
    }
    this.group = new EventGroup({
      group: around.group,
      clientId: id,
      store: network(around.store, (batch) => this.#apply(batch)),
      clock: own,
      storeClock: new StoreClock(own),
      logger: silentLogger,
      statistics: newDeliveryStatistics(),
      random: around.random,
      pace: new Pace(around.random),
    })
  }

  /** Whether it can log: alive, and not before its first reply while its machine's clock is wrong. */
  get canLog(): boolean {
    return this.isAlive && !this.isClosing && (this.#registered || !this.#hadWrongTime)
  }

  /** Whether it has logged, and not been answered yet. */
  get isNew(): boolean {
    return this.isAlive && !this.#registered && this.#truth.length > 0
  }

  /** Counts, and remembers that it did. */
  log(event: string, n: number, byHandle: boolean): void {
    if (byHandle) this.group.counter(event).inc(n)
    else this.group.log(event, n)
    this.#truth.push({ event, n, ms: this.#around.storeMs() })
  }

  /** Sets the machine's clock. */
  jump(wallErrorMs: number): void {
    // Until its first reply it has no other clock.
    if (this.isNew) return
    this.wallErrorMs = wallErrorMs
    this.#hadWrongTime ||= wallErrorMs !== 0 && !this.#registered
  }

  /** What was logged, in one window or in all. */
  logged(interval: Interval, window?: number) {
    return this.#truth.filter(
      ({ ms }) => window === undefined || windowStart(ms / 1000, interval) === window,
    )
  }

  get loggedEvents(): number {
    return this.#truth.reduce((sum, { n }) => sum + n, 0)
  }

  /** The process is gone, with what it had in memory. */
  async kill(): Promise<void> {
    this.isAlive = false
    this.isExact = false
    // Nothing that it does from here on reaches anybody; this ends its timers.
    await this.group.close(0)
  }

  /** Ends as a process does. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosing = true
    const { unsentEvents } = await this.group.close(timeoutMs)
    if (!this.isAlive) return
    this.isAlive = false
    this.closedMs = this.#around.storeMs()
    // What is unsent may have arrived, as its reply may be what was lost; and without an answer to its farewell it does
    // not know whether the store has forgotten what it had acknowledged.
    if (unsentEvents !== 0 || !this.#saidFarewell) this.isExact = false
  }

  async #apply(batch: Batch): Promise<Applied> {
    if (!this.isAlive) throw unavailable()
    this.sent.push(batch)
    const fault = this.faults.shift()
    if (fault === 'request lost') throw unavailable()
    const reply = await this.#around.store.apply(batch)
    if (fault === 'reply lost' || !this.isAlive) throw unavailable()
    if (reply.status === 'applied' || reply.status === 'duplicate') {
      this.#registered = true
      this.#saidFarewell = batch.closes
    }
    if (reply.status === 'applied' && reply.placements.some((one) => /late|ahead/.test(one))) {
      this.toldLate += sumCounts(batch.counts)
    }
    return reply
  }
}

/** The error of a call that nobody knows the fate of. */
export function unavailable(): StoreError {
  return new StoreError('STORE_UNAVAILABLE', 'the connection was lost')
}

function network(store: CounterStore, apply: CounterStore['apply']): CounterStore {
  return {
    lossWindowMs: store.lossWindowMs,
    get connected() {
      return store.connected
    },
    apply,
    rotate: (...args) => store.rotate(...args),
    read: (...args) => store.read(...args),
    accounts: (...args) => store.accounts(...args),
    acknowledgeClient: (...args) => store.acknowledgeClient(...args),
    windows: (...args) => store.windows(...args),
    adoptForeignEvents: (...args) => store.adoptForeignEvents(...args),
    warnings: () => store.warnings(),
    onConnect: (listener) => store.onConnect(listener),
    close: () => store.close(),
  }
}
