import type { Batch, Count } from '../batch.ts'
import type { GroupSpec } from '../group-spec.ts'
import type { EpochSeconds, Interval } from '../interval.ts'
import type { Applied, CounterStore } from '../store/counter-store.ts'

/** A boundary of 5 s, of 1 min and of 1 h. */
export const NOON = 1_700_000_000 - (1_700_000_000 % 3600)
/** Intervals for tests. */
export const FIVE_SECONDS: Interval = { spec: '5s', seconds: 5 }
export const ONE_MINUTE: Interval = { spec: '1m', seconds: 60 }

/** A group for tests: static, with two declared events and an interval of 5 s, but for what is given. */
export function groupSpec(given: Partial<GroupSpec> = {}): GroupSpec {
  return {
    name: 'group',
    events: ['a', 'b'],
    intervals: [FIVE_SECONDS],
    dynamic: false,
    syncIntervalMs: undefined,
    syncLimit: undefined,
    maxEvents: undefined,
    overflowEvent: 'other',
    replayLimit: 1000,
    pythonWriters: false,
    layout: 'keys',
    ...given,
  }
}

/** A client that sends batches by hand: numbers them, and remembers the last one. */
export class HandClient {
  readonly #store: CounterStore
  readonly #group: GroupSpec
  readonly #id: string
  #number = 0

  constructor(store: CounterStore, group: GroupSpec, id = 'host/1/a') {
    this.#store = store
    this.#group = group
    this.#id = id
  }

  /** The next batch, unsent. */
  batch(given: Partial<Batch> = {}): Batch {
    this.#number++
    return {
      group: this.#group,
      clientId: this.#id,
      number: this.#number,
      token: String(this.#number).padStart(4, '0'),
      follows: this.#number - 1,
      at: undefined,
      intervals: this.#group.intervals,
      counts: [],
      declared: new Set(this.#group.events),
      mayHold: false,
      closes: false,
      isRest: false,
      through: 0 as EpochSeconds,
      lossUntil: 0 as EpochSeconds,
      books: { logged: 0, unsent: 0, replayed: 0 },
      ...given,
    }
  }

  /** Registers. */
  register(): Promise<Applied> {
    return this.#store.apply(this.batch())
  }

  /** Sends a batch without counts, which passes all intervals by. */
  sign(given: Partial<Batch>): Promise<Applied> {
    return this.#store.apply(this.batch({ intervals: [], ...given }))
  }

  /** Sends counts that were made at an instant. */
  send(
    at: number,
    counts: Readonly<Record<string, Count>>,
    given: Partial<Batch> = {},
  ): Promise<Applied> {
    const entries = Object.entries(counts)
    return this.#store.apply(this.batch({ at: at as EpochSeconds, counts: entries, ...given }))
  }
}
