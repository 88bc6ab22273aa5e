import type { Batch } from '../batch.ts'
import { StoreError } from '../errors.ts'
import type { GroupSpec } from '../group-spec.ts'
import type { Interval } from '../interval.ts'
import { inRootContext } from '../root-context.ts'
import type {
  Accounts,
  Acknowledgement,
  Adopted,
  Applied,
  CounterStore,
  CurrentWindows,
  LookOptions,
  Reading,
  Rotated,
  RotateOptions,
  StoreReadOptions,
  Which,
  WindowRef,
} from './counter-store.ts'
import { LazyWindowQueue } from './lazy-window-queue.ts'
import type { WindowQueue } from './window-queue.ts'

/**
 * A store whose code is loaded with the first call, since it is in a package that most programs do not have, and a store
 * is made without waiting. For stores in a file: without a loss window, and with windows that turn over at once.
 */
export class LazyStore implements CounterStore {
  readonly lossWindowMs = 0
  readonly turnsAtOnce = true
  readonly history: WindowQueue
  readonly #load: () => Promise<CounterStore>
  readonly #listeners: (() => void)[] = []
  #loading: Promise<CounterStore> | undefined
  #store: CounterStore | undefined
  #closed = false

  /** @param load makes the store; called again after it has failed */
  constructor(load: () => Promise<CounterStore>) {
    this.#load = load
    this.history = new LazyWindowQueue(async () => {
      const { history } = await this.#loaded()
      if (history === undefined) throw new Error('bug: a store without a queue of windows')
      return history
    })
  }

  async apply(batch: Batch): Promise<Applied> {
    return (await this.#loaded()).apply(batch)
  }

  async rotate(group: GroupSpec, interval: Interval, options?: RotateOptions): Promise<Rotated> {
    return (await this.#loaded()).rotate(group, interval, options)
  }

  async read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    options?: StoreReadOptions,
  ): Promise<Reading> {
    return (await this.#loaded()).read(group, interval, which, options)
  }

  async accounts(group: GroupSpec): Promise<Accounts> {
    return (await this.#loaded()).accounts(group)
  }

  async acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement> {
    return (await this.#loaded()).acknowledgeClient(group, clientId)
  }

  async windows(windows: readonly WindowRef[], options?: LookOptions): Promise<CurrentWindows> {
    return (await this.#loaded()).windows(windows, options)
  }

  async adoptForeignEvents(
    windows: readonly WindowRef[],
    due?: readonly WindowRef[],
  ): Promise<Adopted> {
    return (await this.#loaded()).adoptForeignEvents(windows, due)
  }

  async warnings(): Promise<readonly string[]> {
    return (await this.#loaded()).warnings()
  }

  async tryOut(windows: readonly WindowRef[]): Promise<string | undefined> {
    return (await this.#loaded()).tryOut?.(windows)
  }

  onConnect(listener: () => void): void {
    if (this.#store === undefined) this.#listeners.push(listener)
    else this.#store.onConnect(listener)
  }

  get connected(): boolean {
    return this.#store?.connected ?? true
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#loading?.catch(() => undefined))?.close()
  }

  async #loaded(): Promise<CounterStore> {
    if (this.#closed) throw new StoreError('CLOSED', 'the store has been closed')
    this.#loading ??= inRootContext(() => this.#load())
    try {
      this.#store = await this.#loading
    } catch (caught) {
      this.#loading = undefined
      throw caught
    }
    for (const listener of this.#listeners.splice(0)) this.#store.onConnect(listener)
    return this.#store
  }
}
