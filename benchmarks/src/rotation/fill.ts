import type { Batch, CounterStore, EpochSeconds, GroupSpec } from 'ecl-core'

const BATCH_EVENTS = 1000
const NO_BOOKS = { logged: 0, unsent: 0, replayed: 0 }

/** A client that puts counts into a store, as loggers do, without having counted them. */
export class Filler {
  readonly #store: CounterStore
  readonly #group: GroupSpec
  readonly #clientId: string
  readonly #declared: ReadonlySet<string>
  #number = 0

  constructor(store: CounterStore, group: GroupSpec, clientId = 'host/1/filler') {
    this.#store = store
    this.#group = group
    this.#clientId = clientId
    this.#declared = new Set(group.events)
  }

  /** Counts each event 7 times in the windows of an instant. */
  async fill(events: readonly string[], at: number): Promise<void> {
    if (this.#number === 0) await this.#apply([], undefined)
    for (let first = 0; first < events.length; first += BATCH_EVENTS) {
      const part = events.slice(first, first + BATCH_EVENTS)
      await this.#apply(
        part.map((event) => [event, 7]),
        at as EpochSeconds,
      )
    }
  }

  async #apply(counts: Batch['counts'], at: EpochSeconds | undefined): Promise<void> {
    const follows = this.#number++
    const { status } = await this.#store.apply({
      ...{ group: this.#group, clientId: this.#clientId, number: this.#number, follows },
      ...{ token: '0000', at, counts, intervals: this.#group.intervals, declared: this.#declared },
      ...{ mayHold: false, closes: false, isRest: false, through: (at ?? 0) as EpochSeconds },
      ...{ lossUntil: 0 as EpochSeconds, books: NO_BOOKS },
    })
    if (status !== 'applied') throw new Error(`a batch was not applied: ${status}`)
  }
}
