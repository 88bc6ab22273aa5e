import type { Batch } from '../batch.ts'
import { StoreError } from '../errors.ts'
import type { Applied, CounterStore } from '../store/counter-store.ts'

/** What can happen to a batch on its way. */
export type Fault =
  /** It does not arrive. */
  | 'lost'
  /** It is applied, but its reply does not arrive. */
  | 'reply lost'
  /** It arrives, and a copy of it arrives much later, after other batches. */
  | 'repeated later'

/** A store behind a bad network: hands calls on, and has faults happen to batches. */
export class FaultyStore implements CounterStore {
  readonly #store: CounterStore
  readonly #nextFault: (batch: Batch) => Fault | undefined
  readonly #delayed: Batch[] = []
  /** Every batch that somebody tried to apply, in order. */
  readonly seen: Batch[] = []

  /** @param nextFault asked for every batch */
  constructor(store: CounterStore, nextFault: (batch: Batch) => Fault | undefined) {
    this.#store = store
    this.#nextFault = nextFault
  }

  get lossWindowMs(): number {
    return this.#store.lossWindowMs
  }

  get connected(): boolean {
    return this.#store.connected
  }

  readonly rotate: CounterStore['rotate'] = (...args) => this.#store.rotate(...args)
  readonly read: CounterStore['read'] = (...args) => this.#store.read(...args)
  readonly accounts: CounterStore['accounts'] = (...args) => this.#store.accounts(...args)
  readonly acknowledgeClient: CounterStore['acknowledgeClient'] = (...args) =>
    this.#store.acknowledgeClient(...args)
  readonly windows: CounterStore['windows'] = (...args) => this.#store.windows(...args)
  readonly adoptForeignEvents: CounterStore['adoptForeignEvents'] = (...args) =>
    this.#store.adoptForeignEvents(...args)
  readonly warnings: CounterStore['warnings'] = () => this.#store.warnings()
  readonly onConnect: CounterStore['onConnect'] = (listener) => this.#store.onConnect(listener)
  readonly close: CounterStore['close'] = () => this.#store.close()

  async apply(batch: Batch): Promise<Applied> {
    this.seen.push(batch)
    const fault = this.#nextFault(batch)
    if (fault === 'lost') throw unavailable()
    const reply = await this.#store.apply(batch)
    for (const copy of this.#delayed.splice(0)) await this.#store.apply(copy)
    if (fault === 'repeated later') this.#delayed.push(batch)
    if (fault === 'reply lost') throw unavailable()
    return reply
  }
}

function unavailable(): StoreError {
  return new StoreError('STORE_UNAVAILABLE', 'the connection was lost')
}
