import type { WindowQueue } from './window-queue.ts'

/** The queue of a store that is not there yet. Each call waits for it. */
export class LazyWindowQueue implements WindowQueue {
  readonly #queue: () => Promise<WindowQueue>

  /** @param queue gets the one that does the work */
  constructor(queue: () => Promise<WindowQueue>) {
    this.#queue = queue
  }

  readonly publish: WindowQueue['publish'] = async (...args) =>
    (await this.#queue()).publish(...args)
  readonly take: WindowQueue['take'] = async (...args) => (await this.#queue()).take(...args)
  readonly reclaim: WindowQueue['reclaim'] = async (...args) =>
    (await this.#queue()).reclaim(...args)
  readonly renew: WindowQueue['renew'] = async (...args) => (await this.#queue()).renew(...args)
  readonly acknowledge: WindowQueue['acknowledge'] = async (...args) =>
    (await this.#queue()).acknowledge(...args)
  readonly reject: WindowQueue['reject'] = async (...args) => (await this.#queue()).reject(...args)
  readonly leave: WindowQueue['leave'] = async (...args) => (await this.#queue()).leave(...args)
  readonly deadLetters: WindowQueue['deadLetters'] = async (...args) =>
    (await this.#queue()).deadLetters(...args)
  readonly replay: WindowQueue['replay'] = async (...args) => (await this.#queue()).replay(...args)
  readonly state: WindowQueue['state'] = async (...args) => (await this.#queue()).state(...args)
}
