import type { Batch } from '../batch.ts'
import { asError, StoreError } from '../errors.ts'
import type { GroupSpec } from '../group-spec.ts'
import type { Interval } from '../interval.ts'
import type { Logger } from '../logger.ts'
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
 * A store whose code is in a package that most programs do not have. It is loaded at once, since a package that is missing
 * has to be reported before anybody relies on it, while a store is made without waiting. Where that fails, each call tries
 * again. For stores in a file: without a loss window, and with windows that turn over at once.
 */
export class LazyStore implements CounterStore {
  readonly lossWindowMs = 0
  readonly turnsAtOnce = true
  readonly history: WindowQueue
  readonly #load: () => Promise<CounterStore>
  readonly #logger: Logger
  readonly #listeners: (() => void)[] = []
  #loading: Promise<CounterStore> | undefined
  #store: CounterStore | undefined
  #closed = false
  /** What was reported last; undefined where loading has not failed. */
  #reported: string | undefined

  /**
   * @param load makes the store; called again after it has failed
   * @param logger where it is said that it has failed
   */
  constructor(load: () => Promise<CounterStore>, logger: Logger) {
    this.#load = load
    this.#logger = logger
    this.history = new LazyWindowQueue(async () => {
      const { history } = await this.#loaded()
      if (history === undefined) throw new Error('bug: a store without a queue of windows')
      return history
    })
    this.#loaded().catch(() => undefined)
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
      this.#report(asError(caught))
      throw caught
    }
    if (this.#reported !== undefined) this.#logger.info({}, 'the store has been loaded now')
    this.#reported = undefined
    for (const listener of this.#listeners.splice(0)) this.#store.onConnect(listener)
    return this.#store
  }

  /** Once, though each call that waits for it hears of it. */
  #report(error: Error): void {
    if (this.#closed || error.message === this.#reported) return
    this.#reported = error.message
    this.#logger.error({ err: error }, error.message)
  }
}
