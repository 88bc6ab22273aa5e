import {
  type GroupSpec,
  type Interval,
  type LoadedConfig,
  openStore,
  resolveGroups,
} from 'ecl-core'
import { Ledger } from './ledger.ts'

/** Reads what ECL has counted, in all groups and intervals, and keeps it in ledgers. */
export class Observer {
  readonly #store: ReturnType<typeof openStore>
  readonly #groups: readonly GroupSpec[]
  readonly #ledgers = new Map<string, Ledger>()

  constructor({ groups, backend }: Pick<LoadedConfig, 'groups' | 'backend'>) {
    this.#store = openStore(backend)
    this.#groups = resolveGroups(groups)
  }

  /** Start of the last finished window; undefined before there is one. */
  async lastStart(group: string, interval: string): Promise<number | undefined> {
    const [spec, length] = this.#find(group, interval)
    return (await this.#store.read(spec, length, 'last')).last?.start
  }

  /** Start of the current window; undefined until a master has begun one. */
  async currentStart(group: string, interval: string): Promise<number | undefined> {
    const [spec, length] = this.#find(group, interval)
    return (await this.#store.read(spec, length, 'last')).current
  }

  /** Reads everything into the ledgers. */
  async look(): Promise<void> {
    for (const group of this.#groups) {
      for (const interval of group.intervals) {
        this.ledger(group.name, interval.spec).note(await this.#store.read(group, interval, 'both'))
      }
    }
  }

  /** What was counted in the windows of a group and interval, as far as was looked. */
  ledger(group: string, interval: string): Ledger {
    const key = `${group}:${interval}`
    const known = this.#ledgers.get(key)
    if (known !== undefined) return known
    const ledger = new Ledger()
    this.#ledgers.set(key, ledger)
    return ledger
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.#store.close()
  }

  #find(group: string, interval: string): [GroupSpec, Interval] {
    const spec = this.#groups.find(({ name }) => name === group)
    const length = spec?.intervals.find((one) => one.spec === interval)
    if (spec === undefined || length === undefined) throw new Error(`bug: no ${group}:${interval}`)
    return [spec, length]
  }
}
