import {
  type CounterStore,
  type QueueBounds,
  type Rotated,
  StoreError,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import type { MasterLog } from './master-log.ts'

/** Counts that come late just between publishing and rotating are published as well; so often in a row they do not. */
const MAX_ATTEMPTS = 20

/** Puts windows into the queue from which they are archived, so that none is overwritten before. */
export class Publisher {
  readonly #store: CounterStore
  readonly #queue: WindowQueue
  readonly #bounds: QueueBounds
  readonly #log: MasterLog

  constructor(store: CounterStore, queue: WindowQueue, bounds: QueueBounds, log: MasterLog) {
    this.#store = store
    this.#queue = queue
    this.#bounds = bounds
    this.#log = log
  }

  /**
   * Publishes the last window, unless it has been published as it is.
   *
   * @param final whether it is about to be overwritten
   * @throws StoreError
   */
  async publish(ref: WindowRef, final: boolean): Promise<void> {
    const published = await this.#queue.publish(ref, { final, bounds: this.#bounds })
    if (published.status === 'published') this.#log.published(ref, published)
  }

  /**
   * Turns a window over, after publishing the one that this overwrites. Where the store will not have it published until
   * somebody changes something, it is turned over all the same: the counts of now come before those of then.
   *
   * @throws StoreError
   */
  async rotate(ref: WindowRef): Promise<Rotated> {
    const { group, interval } = ref
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const rotated = await this.#store.rotate(group, interval, { onlyPublished: true })
      if (rotated.status !== 'unpublished') return rotated
      try {
        await this.publish(ref, true)
      } catch (caught) {
        if (!(caught instanceof StoreError && caught.code === 'STORE_REFUSED')) throw caught
        this.#log.notPublished(ref, caught)
        return this.#store.rotate(group, interval)
      }
    }
    throw new Error(
      `late counts keep changing the last window of "${group.name}", ${interval.spec}`,
    )
  }
}
