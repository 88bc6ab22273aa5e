import { setTimeout as sleep } from 'node:timers/promises'
import {
  type GroupSpec,
  type Interval,
  type LoadedConfig,
  openStore,
  resolveGroups,
  type Snapshot,
  type Which,
} from 'ecl-core'
import { Ledger } from './ledger.ts'

/** Often enough to see what comes late into a window of 1 s. */
const LOOK_MS = 100
/** Each how many looks the longer intervals are looked at, too. */
const LONG_LOOKS = 10

/** Reads what ECL has counted, in all groups and intervals, and keeps it in ledgers. */
export class Observer {
  readonly #store: ReturnType<typeof openStore>
  readonly #groups: readonly GroupSpec[]
  readonly #ledgers = new Map<string, Ledger>()
  #finished = false

  constructor({ groups, backend }: Pick<LoadedConfig, 'groups' | 'backend'>) {
    this.#store = openStore(backend)
    this.#groups = resolveGroups(groups)
  }

  /** Whether masters have begun the first windows of everything. */
  async hasBegun(): Promise<boolean> {
    const windows = this.#groups.flatMap((group) =>
      group.intervals.map((interval) => ({ group, interval })),
    )
    const { states } = await this.#store.windows(windows)
    return states.every(({ current }) => current !== undefined)
  }

  /** The last finished window as it is now; no start before there is one. */
  async last(group: string, interval: string): Promise<Pick<Snapshot, 'start' | 'counts'>> {
    const spec = this.#groups.find(({ name }) => name === group)
    const length = spec?.intervals.find((one) => one.spec === interval)
    if (spec === undefined || length === undefined) throw new Error(`bug: no ${group}:${interval}`)
    const { last } = await this.#store.read(spec, length, 'last')
    return last ?? { start: undefined, counts: new Map() }
  }

  /**
   * Looks at everything again and again until `finish` is called, whatever else goes on in this process: a window that
   * is not seen while it is the last one cannot be seen any more.
   */
  async keepBooks(signal: AbortSignal): Promise<void> {
    for (let looks = 0; !this.#finished; looks++) {
      const startedMs = performance.now()
      await this.#look('last', ([shortest]) => (shortest === undefined ? [] : [shortest]))
      if (looks % LONG_LOOKS === 0) await this.#look('last', (intervals) => intervals.slice(1))
      // A server that has much to read is not to be kept busy by this alone.
      const tookMs = performance.now() - startedMs
      await sleep(Math.max(LOOK_MS, tookMs), undefined, { signal })
    }
    await this.#look('both', (intervals) => intervals)
  }

  /** All has been counted: one last look, and `keepBooks` returns. */
  finish(): void {
    this.#finished = true
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

  async #look(
    which: Which,
    choose: (all: readonly Interval[]) => readonly Interval[],
  ): Promise<void> {
    for (const group of this.#groups) {
      for (const interval of choose(group.intervals)) {
        const reading = await this.#store.read(group, interval, which)
        this.ledger(group.name, interval.spec).note(reading)
      }
    }
  }
}
