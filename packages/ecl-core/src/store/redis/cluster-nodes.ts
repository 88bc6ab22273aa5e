import type { Redis } from 'ioredis'
import { type Clock, delay, type Timer } from '../../clock.ts'
import { formatNodeAddress, type NodeAddress } from '../../config/node-address.ts'
import { asError, StoreError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { RedisStore, type RedisStoreOptions } from './redis-store.ts'
import { RegularCheck } from './regular-check.ts'
import { latestEpochOf, parseRedirection, parseSlots, type SlotRange } from './slots.ts'

/** How many nodes are asked at once which slots are where: the one that knows of the latest failover is believed. */
const ASKED_AT_ONCE = 3
/** So long they have until others are asked, too. */
const NEXT_ASKED_MS = 500
/** So long others have after the first answer: a node that is cut off from the others may be the first. */
const STRAGGLER_MS = 200

/** A connection that has not been used for so long is ended, at twice that at the latest. */
const IDLE_MS = 30_000

/** What is needed for finding nodes. */
export interface ClusterNodesOptions
  extends Pick<
    RedisStoreOptions,
    'keyPrefix' | 'scripts' | 'timeCommand' | 'lossWindowMs' | 'passwordNote'
  > {
  /** Makes a client of a node that is not connected yet and will not reconnect or queue by itself. */
  readonly create: (address?: NodeAddress) => Redis
  /** The nodes to ask first. */
  readonly seeds: readonly NodeAddress[]
  /** How to reach a node that calls itself by another address. */
  readonly reach?: (address: NodeAddress) => NodeAddress
  readonly logger: Logger
  readonly clock: Clock
}

/** One node, with a store that has a connection of its own. */
export interface Node {
  /** `host:port`. */
  readonly name: string
  readonly address: NodeAddress
  readonly store: RedisStore
}

/** What one node says. */
interface Answer {
  readonly ranges: readonly SlotRange[]
  /** Of the latest failover that the node knows of; 0 where the user may not ask for it. */
  readonly epoch: number
}

/** Which node has which slots, as it was last heard, and the connections to the nodes that are needed. */
export class ClusterNodes {
  readonly #options: ClusterNodesOptions
  readonly #nodes = new Map<string, Node>()
  readonly #onConnect = new Set<() => void>()
  /** Names of nodes that something was asked since the last look for idle ones. */
  readonly #used = new Set<string>()
  #keepsScriptsLoaded = false
  #idleLook: Timer | undefined
  #ranges: readonly SlotRange[] = []
  /** Slots of which a node said that they have moved, since the ranges were heard. */
  readonly #moved = new Map<number, NodeAddress>()
  #refreshing: Promise<void> | undefined
  /** A deposed primary that is cut off answers reads where it may, and no reply shows it. */
  readonly #check: RegularCheck
  #refreshes = 0
  #closed = false

  constructor(options: ClusterNodesOptions) {
    this.#options = options
    this.#check = new RegularCheck(options.clock, () => this.refresh())
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.#closed
  }

  /** Whether there is a connection to some node. */
  get connected(): boolean {
    return Array.from(this.#nodes.values()).some(({ store }) => store.connected)
  }

  /** Calls back after each connection to a node that is made from now on. */
  onConnect(listener: () => void): void {
    this.#onConnect.add(listener)
    for (const { store } of this.#nodes.values()) store.onConnect(listener)
  }

  /** From now on loads the scripts at each connection that is made. */
  keepScriptsLoaded(): void {
    this.#keepsScriptsLoaded = true
    for (const { store } of this.#nodes.values()) store.keepScriptsLoaded()
  }

  /**
   * The node that has a slot.
   *
   * @returns undefined where no node has it
   * @throws StoreError where no node can be asked
   */
  async owner(slot: number): Promise<Node | undefined> {
    if (this.#ranges.length === 0) await this.refresh()
    const checked = this.#check.beforeUse()
    if (checked !== undefined) await checked
    const address = this.#addressOf(slot)
    return address === undefined ? undefined : this.#nodeAt(address)
  }

  /** The name of the node that has a slot. @throws StoreError where no node can be asked */
  async nameOf(slot: number): Promise<string | undefined> {
    if (this.#ranges.length === 0) await this.refresh()
    const address = this.#addressOf(slot)
    return address && formatNodeAddress(address)
  }

  /** All nodes that have slots. @throws StoreError where no node can be asked */
  async primaries(): Promise<readonly Node[]> {
    if (this.#ranges.length === 0) await this.refresh()
    const nodes = this.#ranges.map(({ primary }) => this.#nodeAt(primary))
    return [...new Set(nodes)]
  }

  /** A node said that another one has a slot. What else has changed is asked for. */
  moved(slot: number, to: NodeAddress): void {
    this.#moved.set(slot, this.#options.reach?.(to) ?? to)
    this.refreshSoon()
  }

  /** Asks where the slots are, without waiting for it. */
  refreshSoon(): void {
    this.refresh().catch(() => undefined)
  }

  /**
   * Asks where the slots are.
   *
   * @throws StoreError where no node can be asked
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Ends all connections. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    this.#idleLook?.cancel()
    for (const { store } of this.#nodes.values()) await store.close()
  }

  #addressOf(slot: number): NodeAddress | undefined {
    const range = this.#ranges.find(({ first, last }) => first <= slot && slot <= last)
    return this.#moved.get(slot) ?? range?.primary
  }

  async #refresh(): Promise<void> {
    const candidates = this.#candidates()
    const asked: Promise<Answer>[] = []
    for (let first = 0; first < candidates.length; first += ASKED_AT_ONCE) {
      for (const node of candidates.slice(first, first + ASKED_AT_ONCE)) asked.push(this.#ask(node))
      const latest = await this.#latest(asked)
      if (latest !== undefined) {
        this.#learn(latest.ranges)
        return
      }
    }
    try {
      this.#learn((await Promise.any(asked)).ranges)
    } catch (caught) {
      throw caught instanceof AggregateError ? refusalOf(caught.errors) : caught
    }
  }

  /** The latest of several answers; undefined where none comes soon, and at once where all have failed. */
  async #latest(asked: readonly Promise<Answer>[]): Promise<Answer | undefined> {
    const { clock } = this.#options
    const answers: Answer[] = []
    const collected = asked.map(async (one) => void answers.push(await one))
    const over = new AbortController()
    const first = Promise.any(collected).catch(() => undefined)
    await Promise.race([first, delay(clock, NEXT_ASKED_MS, over.signal)])
    if (answers.length > 0) {
      const all = Promise.allSettled(collected)
      await Promise.race([all, delay(clock, STRAGGLER_MS, over.signal)])
    }
    over.abort()
    return answers.reduce<Answer | undefined>(
      (best, one) => (best === undefined || one.epoch > best.epoch ? one : best),
      undefined,
    )
  }

  /** Whom to ask: a primary, another one each time; then those that answer, or answered lately. */
  #candidates(): NodeAddress[] {
    const primaries = this.#ranges.map(({ primary }) => primary)
    const turn = primaries[this.#refreshes++ % Math.max(1, primaries.length)]
    const nodes = [...this.#nodes.values()].sort(
      (a, b) => Number(b.store.connected) - Number(a.store.connected),
    )
    const all = [
      ...(turn ? [turn] : []),
      ...nodes.map(({ address }) => address),
      ...this.#ranges.flatMap(({ primary, replicas }) => [primary, ...replicas]),
      ...this.#options.seeds,
    ]
    return [...new Map(all.map((address) => [formatNodeAddress(address), address])).values()]
  }

  async #ask(address: NodeAddress): Promise<Answer> {
    const { store } = this.#nodeAt(address)
    const [reply, nodes] = await store.run((redis) =>
      Promise.all([
        redis.call('CLUSTER', 'SLOTS'),
        redis.call('CLUSTER', 'NODES').catch(() => undefined),
      ]),
    )
    const { reach = (same: NodeAddress) => same } = this.#options
    const ranges = this.#rangesOf(reply, address)
    const reached = ranges.map((range) => ({
      ...range,
      primary: reach(range.primary),
      replicas: range.replicas.map(reach),
    }))
    return { ranges: reached, epoch: latestEpochOf(nodes) }
  }

  #rangesOf(reply: unknown, asked: NodeAddress): SlotRange[] {
    const unavailable = (why: string, options?: ErrorOptions) =>
      new StoreError(
        'STORE_UNAVAILABLE',
        `Redis Cluster at ${formatNodeAddress(asked)}: ${why}`,
        options,
      )
    try {
      const ranges = parseSlots(reply, asked)
      if (ranges.length > 0) return ranges
    } catch (caught) {
      const cause = asError(caught)
      throw unavailable(cause.message, { cause })
    }
    throw unavailable('no node has slots')
  }

  #learn(ranges: readonly SlotRange[]): void {
    if (this.#closed) return
    this.#check.done()
    const before = new Set(this.#ranges.map(({ primary }) => formatNodeAddress(primary)))
    const now = new Set(ranges.map(({ primary }) => formatNodeAddress(primary)))
    this.#ranges = ranges
    this.#moved.clear()
    for (const [name, { store }] of this.#nodes) {
      if (now.has(name)) continue
      // What is under way to a primary that was deposed is rejected, and goes to the one that is there now.
      if (before.has(name)) store.drop()
      this.#nodes.delete(name)
      void store.close()
    }
  }

  #nodeAt(address: NodeAddress): Node {
    const name = formatNodeAddress(address)
    this.#used.add(name)
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const { create, keyPrefix, logger, clock, scripts, timeCommand, lossWindowMs, passwordNote } =
      this.#options
    if (this.#closed) throw new StoreError('CLOSED', 'the connection to Redis has been closed')
    const store = new RedisStore({
      create: () => create(address),
      endpoint: name,
      keyPrefix,
      logger,
      clock,
      hostSource: this.#hostSourceOf(name),
      failFast: true,
      passes: (error) => parseRedirection(error, address) !== undefined,
      ...(scripts && { scripts }),
      ...(timeCommand && { timeCommand }),
      lossWindowMs,
      passwordNote,
    })
    for (const listener of this.#onConnect) store.onConnect(listener)
    if (this.#keepsScriptsLoaded) store.keepScriptsLoaded()
    const node = { name, address, store }
    this.#nodes.set(name, node)
    this.#idleLook ??= clock.after(IDLE_MS, () => this.#endIdle())
    return node
  }

  /** A node that has no group of ours is asked for the slots only: its connection is of no more use. */
  #endIdle(): void {
    for (const [name, { store }] of this.#nodes) {
      if (this.#used.has(name)) continue
      this.#nodes.delete(name)
      void store.close()
    }
    this.#used.clear()
    this.#idleLook =
      this.#nodes.size === 0 ? undefined : this.#options.clock.after(IDLE_MS, () => this.#endIdle())
  }

  #hostSourceOf(name: string): string {
    const given = this.#options.seeds.some((seed) => formatNodeAddress(seed) === name)
    return given ? '"redis.cluster"' : 'what the nodes of the cluster announce'
  }
}

/** Of several failures the one that somebody has to do something about. */
function refusalOf(errors: readonly unknown[]): unknown {
  const refusal = errors.find((one) => one instanceof StoreError && one.code === 'STORE_REFUSED')
  return refusal ?? errors[0]
}
