import type { Batch } from '../../batch.ts'
import { type Clock, delay } from '../../clock.ts'
import { hashTagProblem } from '../../config/hash-tag.ts'
import { asError, ConfigError, StoreError } from '../../errors.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import { keepProcessAlive } from '../../keep-alive.ts'
import type { Logger } from '../../logger.ts'
import type {
  Accounts,
  Acknowledgement,
  Adopted,
  Applied,
  CounterStore,
  CurrentWindows,
  LoadedScripts,
  LookOptions,
  Reading,
  Rotated,
  RotateOptions,
  StoreReadOptions,
  Which,
  WindowRef,
  WindowState,
} from '../counter-store.ts'
import type { WindowQueue } from '../window-queue.ts'
import { ClusterNodes, type ClusterNodesOptions, type Node } from './cluster-nodes.ts'
import { ClusterWindowQueue } from './cluster-window-queue.ts'
import { contentWithSome } from './content-with-some.ts'
import { clientsKey } from './keys.ts'
import { describeProblem } from './redis-problem.ts'
import { DEFAULT_LOSS_WINDOW_MS } from './redis-store.ts'
import { parseRedirection, slotOf } from './slots.ts'

/** A slot that moves does so in some ms, a failover takes seconds; a reader is told within 5 s. */
const READ_PATIENCE_MS = 4000
/** Loggers and masters keep what they have, and come again by themselves. */
const WRITE_PATIENCE_MS = 0
const AGAIN_MS = 100
/** A client and nodes that know of different failovers may send each other to and fro. */
const MAX_MOVES = 5
/** When a command has had no answer for so long, perhaps another node has taken over. */
const SUSPICIOUS_MS = 1000
/** So many primaries are looked at for dangerous settings: each is asked over a connection of its own. */
const MOST_WARNED_OF = 64
/** A look at all groups waits so long for a node after another one has answered. */
const STRAGGLER_MS = 250

/** What a store on a cluster needs. */
export interface RedisClusterStoreOptions extends ClusterNodesOptions {
  /** Names the cluster in messages. */
  readonly endpoint: string
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Counters in a Redis Cluster: every group is on one node, by the hash tag in its name, and what is asked of a group is
 * done there as on a single Redis.
 *
 * ioredis' own Cluster is not used for the reasons for which its reconnecting is not: it queues and resends. And a batch
 * must not follow ASK: the counts of a slot that is on its way would be on two nodes, and those of one of them lost.
 */
export class RedisClusterStore implements CounterStore {
  /** Each group's counts are stamped by the clock of its node. */
  readonly severalClocks = true
  readonly lossWindowMs: number
  readonly history: WindowQueue
  readonly #nodes: ClusterNodes
  readonly #options: RedisClusterStoreOptions

  constructor(options: RedisClusterStoreOptions) {
    this.#options = options
    this.#nodes = new ClusterNodes(options)
    this.lossWindowMs = options.lossWindowMs ?? DEFAULT_LOSS_WINDOW_MS
    this.history = new ClusterWindowQueue((group, operation) =>
      this.#held(group, WRITE_PATIENCE_MS, ({ store }) => operation(store.history)),
    )
  }

  checkGroups(groups: readonly GroupSpec[]): void {
    const problems = groups.flatMap(({ name }) => {
      const problem = hashTagProblem(this.#options.keyPrefix + name)
      return problem === undefined ? [] : [`groups.${name}: the name "${name}" ${problem}`]
    })
    if (problems.length > 0) throw new ConfigError(problems)
  }

  apply(batch: Batch): Promise<Applied> {
    return this.#at(batch.group, WRITE_PATIENCE_MS, (node) => node.store.apply(batch))
  }

  rotate(group: GroupSpec, interval: Interval, options?: RotateOptions): Promise<Rotated> {
    return this.#held(group, WRITE_PATIENCE_MS, ({ store }) =>
      store.rotate(group, interval, options),
    )
  }

  read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    options?: StoreReadOptions,
  ): Promise<Reading> {
    return this.#held(group, READ_PATIENCE_MS, ({ store }) =>
      store.read(group, interval, which, options),
    )
  }

  accounts(group: GroupSpec): Promise<Accounts> {
    return this.#held(group, READ_PATIENCE_MS, ({ store }) => store.accounts(group))
  }

  acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement> {
    return this.#held(group, READ_PATIENCE_MS, ({ store }) =>
      store.acknowledgeClient(group, clientId),
    )
  }

  async tryOut(windows: readonly WindowRef[]): Promise<undefined> {
    const parts = partsBy(windows, (window) => this.#slotOf(window.group))
    for (const { group, refs } of parts) {
      await this.#held(group, READ_PATIENCE_MS, ({ store }) => store.tryOut(refs))
    }
  }

  /**
   * Asks for each slot by itself: a script's keys have to be in one, and a node that does not answer, or a slot that is on
   * its way to another node, keeps no other's windows from being turned over.
   */
  windows(windows: readonly WindowRef[], options: LookOptions = {}): Promise<CurrentWindows> {
    const look = () => this.#look(windows, options)
    return options.background === true ? look() : keepProcessAlive(look)
  }

  async #look(windows: readonly WindowRef[], options: LookOptions): Promise<CurrentWindows> {
    const parts = partsBy(windows, ({ group }) => this.#slotOf(group))
    if (parts.length === 0) return this.#clockOnly(options)
    const states = new Map<WindowRef, WindowState>()
    let reply: CurrentWindows | undefined
    let failure: StoreError | undefined
    const asked = parts.map(async ({ group, refs }) => {
      try {
        const answer = await this.#at(group, WRITE_PATIENCE_MS, ({ store }) =>
          store.windows(refs, options),
        )
        reply ??= answer
        const otherClock = answer === reply ? {} : { storeTimeMs: answer.storeTimeMs }
        refs.forEach((ref, i) => {
          const state = answer.states[i]
          if (state !== undefined) states.set(ref, { ...state, ...otherClock })
        })
      } catch (caught) {
        failure = toStoreError(caught)
        for (const ref of refs) states.set(ref, { current: undefined, foreign: false, failure })
        throw failure
      }
    })
    // Until one has answered, or all have failed; then a moment for the others.
    await Promise.any(asked).catch(() => undefined)
    const over = new AbortController()
    await Promise.race([
      Promise.allSettled(asked),
      delay(this.#options.clock, STRAGGLER_MS, over.signal),
    ])
    over.abort()
    if (reply === undefined) throw failure ?? this.#noAnswer()
    const silent = { current: undefined, foreign: false, failure: this.#noAnswer() }
    return { ...reply, states: windows.map((ref) => states.get(ref) ?? silent) }
  }

  adoptForeignEvents(windows: readonly WindowRef[], due = windows): Promise<Adopted> {
    return keepProcessAlive(() => this.#adopt(windows, due))
  }

  async #adopt(windows: readonly WindowRef[], due: readonly WindowRef[]): Promise<Adopted> {
    // One search of a node for all its groups.
    const names = new Map<GroupSpec, string>()
    for (const { group } of windows) {
      const slot = this.#slotOf(group)
      names.set(group, (await this.#nodes.nameOf(slot)) ?? `slot ${slot}`)
    }
    const parts = partsBy(windows, ({ group }) => names.get(group)).flatMap(({ refs }) => {
      const dueHere = due.filter((ref) => refs.includes(ref))
      const [first] = dueHere
      return first === undefined ? [] : [{ group: first.group, refs, dueHere }]
    })
    // Where a node cannot be asked, it will not rotate either.
    const adopted = await contentWithSome(
      parts.map(({ group, refs, dueHere }) =>
        this.#at(group, WRITE_PATIENCE_MS, ({ store }) => store.adoptForeignEvents(refs, dueHere)),
      ),
    )
    return {
      groups: adopted.flatMap(({ groups }) => groups),
      isPartial: adopted.some(({ isPartial }) => isPartial),
    }
  }

  warnings(): Promise<readonly string[]> {
    return keepProcessAlive(() => this.#warnings())
  }

  async #warnings(): Promise<readonly string[]> {
    const primaries = (await this.#nodes.primaries()).slice(0, MOST_WARNED_OF)
    const found = new Map<string, string[]>()
    await Promise.all(
      primaries.map(async ({ store, name }) => {
        for (const warning of await store.warnings()) {
          found.set(warning, [...(found.get(warning) ?? []), name])
        }
      }),
    )
    return Array.from(found, ([warning, names]) =>
      names.length === primaries.length ? warning : `${warning} (on ${names.join(', ')})`,
    )
  }

  loadScripts(): Promise<LoadedScripts> {
    return keepProcessAlive(async () => {
      const nodes = await this.#nodes.primaries()
      const loaded = await Promise.all(nodes.map(({ store }) => store.loadScripts()))
      const servers = loaded.flatMap((one) => one.servers)
      return { scripts: loaded[0]?.scripts ?? 0, servers }
    })
  }

  keepScriptsLoaded(): void {
    this.#nodes.keepScriptsLoaded()
  }

  onConnect(listener: () => void): void {
    this.#nodes.onConnect(listener)
  }

  get connected(): boolean {
    return this.#nodes.connected
  }

  close(): Promise<void> {
    return this.#nodes.close()
  }

  /** What is asked where there are no groups: any node's clock. */
  async #clockOnly(options: LookOptions): Promise<CurrentWindows> {
    const [node] = await this.#nodes.primaries()
    if (node === undefined) throw this.#noAnswer()
    return node.store.windows([], options)
  }

  #slotOf(group: GroupSpec): number {
    return slotOf(this.#options.keyPrefix + clientsKey(group))
  }

  #noAnswer(): StoreError {
    return new StoreError(
      'STORE_UNAVAILABLE',
      `Redis Cluster at ${this.#options.endpoint}: a node does not answer`,
    )
  }

  /** The same as `#at`, for somebody who waits for it: between two attempts nothing else would keep the process. */
  #held<T>(
    group: GroupSpec,
    patienceMs: number,
    operation: (node: Node) => Promise<T>,
  ): Promise<T> {
    return keepProcessAlive(() => this.#at(group, patienceMs, operation))
  }

  /**
   * Does something on the node that a group is on, following the group where it has moved. All operations of a store
   * are safe to repeat.
   */
  async #at<T>(
    group: GroupSpec,
    patienceMs: number,
    operation: (node: Node) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options
    const slot = this.#slotOf(group)
    const untilMs = clock.monotonicMs() + patienceMs
    for (let moves = 0; ; ) {
      const node = await this.#nodes.owner(slot)
      let failure: StoreError
      if (node === undefined) {
        failure = this.#cannotServe(group, `no node serves slot ${slot}`)
      } else {
        const suspicious = clock.after(SUSPICIOUS_MS, () => this.#nodes.refreshSoon())
        try {
          return await operation(node)
        } catch (caught) {
          const redirection = parseRedirection(asError(caught), node.address)
          if (redirection?.kind === 'moved' && moves++ < MAX_MOVES) {
            this.#nodes.moved(redirection.slot, redirection.to)
            continue
          }
          if (redirection?.kind === 'later') {
            const why = 'its slot is on its way to another node, or is not served now'
            failure = this.#cannotServe(group, `${why} (${redirection.message})`)
          } else failure = toStoreError(caught)
          if (failure.code === 'STORE_REFUSED' || this.#nodes.closed) throw failure
        } finally {
          suspicious.cancel()
        }
      }
      await this.#nodes.refresh()
      const owner = await this.#nodes.nameOf(slot)
      if (owner !== undefined && owner !== node?.name && moves++ < MAX_MOVES) continue
      if (clock.monotonicMs() + AGAIN_MS > untilMs) throw failure
      await delay(clock, AGAIN_MS)
    }
  }

  #cannotServe(group: GroupSpec, why: string): StoreError {
    const { endpoint } = this.#options
    return new StoreError(
      'STORE_UNAVAILABLE',
      `Redis Cluster at ${endpoint}: group "${group.name}": ${why}`,
    )
  }
}

/** Windows that are in one place, together; with a group that is there. */
function partsBy(
  windows: readonly WindowRef[],
  placeOf: (ref: WindowRef) => unknown,
): { group: GroupSpec; refs: WindowRef[] }[] {
  const parts = new Map<unknown, { group: GroupSpec; refs: WindowRef[] }>()
  for (const ref of windows) {
    const place = placeOf(ref)
    const part = parts.get(place)
    if (part === undefined) parts.set(place, { group: ref.group, refs: [ref] })
    else part.refs.push(ref)
  }
  return [...parts.values()]
}

function toStoreError(caught: unknown): StoreError {
  if (caught instanceof StoreError) return caught
  const error = asError(caught)
  return new StoreError('STORE_UNAVAILABLE', describeProblem(error).message, { cause: error })
}
