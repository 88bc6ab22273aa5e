import { atExit } from './at-exit.ts'
import { type Clock, systemClock } from './clock.ts'
import type { GroupConfig, GroupsConfig } from './config/config-types.ts'
import { resolveGroups } from './config/resolve-groups.ts'
import { DummyEventGroup } from './dummy-event-group.ts'
import { UnknownGroupError } from './errors.ts'
import { EventGroup, type EventLog } from './event-group.ts'
import type { FlushResult } from './flusher.ts'
import type { GroupSpec } from './group-spec.ts'
import { keepProcessAlive } from './keep-alive.ts'
import { harmless, type Logger, stderrLogger, writeLine } from './logger.ts'
import { noteOpenLogger } from './open-loggers.ts'
import { Pace } from './pace.ts'
import { newDeliveryStatistics, type Statistics, sumStatistics } from './statistics.ts'
import type { CounterStore } from './store/counter-store.ts'
import { type Backend, describeBackend, openStore } from './store/open-store.ts'
import { StoreClock } from './store-clock.ts'
import { ownIdentity } from './twins.ts'

const CLOSE_TIMEOUT_MS = 5000
/** At an ordinary end nobody waits for a store that is away for longer. */
const EXIT_TIMEOUT_MS = 2000

/** What a logger may be given besides its groups and its backend. */
export interface EventCountLoggerOptions {
  /** Where messages go; pino's shape. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Default: the machine's. */
  readonly clock?: Clock
  /** In [0, 1), for jitter. Default: Math.random. */
  readonly random?: () => number
}

/** The events that a group's config lets one log: those declared, or any text where the group is dynamic. */
export type EventOf<G extends GroupConfig> = G extends { readonly auto_declare_events: infer D }
  ? [D] extends [false | undefined]
    ? G['events'][number]
    : string
  : G['events'][number]

/** How `getGroup` treats a name that is not in the config. */
export interface GetGroupOptions {
  /** Return a group that counts nothing, and warn once, instead of throwing. */
  readonly dummy?: boolean | undefined
}

/** How `close` is bounded. */
export interface CloseOptions {
  /** Give up what is unsent after so many ms. Default: 5000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Counts the events of one process. Usually there is one of these in a process, and everything asks it for groups.
 *
 * Makes its one connection when the first event is logged or the first count is read. Never keeps the process alive.
 */
export class EventCountLogger<const G extends GroupsConfig = GroupsConfig> {
  readonly #config: G
  readonly #specs: ReadonlyMap<string, GroupSpec>
  readonly #groups = new Map<string, EventGroup>()
  readonly #dummies = new Map<string, DummyEventGroup>()
  readonly #backend: Backend
  readonly #store: CounterStore
  readonly #ownsStore: boolean
  readonly #clock: Clock
  readonly #storeClock: StoreClock
  readonly #logger: Logger
  readonly #random: () => number
  readonly #pace: Pace
  readonly #forgetExit: () => void
  readonly #noteClosed: (() => void) | undefined
  #closing: Promise<FlushResult> | undefined
  #exiting = false

  /**
   * @param groups the `groups:` of a config, in the YAML's shape
   * @param backend Redis options in the YAML's shape, a URL, an ioredis client (which is duplicated), or a store.
   *   Default: Redis at localhost:6379
   * @throws ConfigError, with all faults at once
   */
  constructor(groups: G, backend: Backend = {}, options: EventCountLoggerOptions = {}) {
    this.#config = groups
    this.#specs = new Map(resolveGroups(groups).map((spec) => [spec.name, spec]))
    this.#logger = harmless(options.logger ?? stderrLogger)
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#pace = new Pace(this.#random)
    this.#storeClock = new StoreClock(this.#clock)
    this.#backend = backend
    this.#store = openStore(backend, { logger: this.#logger, clock: this.#clock })
    this.#store.checkGroups?.([...this.#specs.values()])
    this.#ownsStore = this.#store !== backend
    this.#forgetExit = atExit(() => this.#flushAtExit())
    this.#noteClosed = this.#ownsStore
      ? noteOpenLogger(JSON.stringify(describeBackend(backend)), (message) =>
          this.#logger.warn({}, message),
        )
      : undefined
  }

  /**
   * The group of that name; always the same object.
   *
   * @throws UnknownGroupError when it is not in the config
   */
  getGroup<N extends keyof G & string>(name: N): EventGroup<EventOf<G[N]>>
  getGroup(name: string, options: GetGroupOptions & { dummy: true }): EventLog
  getGroup(name: string, options: GetGroupOptions = {}): EventLog {
    const spec = this.#specs.get(name)
    if (spec !== undefined) return this.#groupOf(spec)
    if (options.dummy !== true) throw new UnknownGroupError(name, [...this.#specs.keys()])
    const known = this.#dummies.get(name)
    if (known !== undefined) return known
    this.#logger.warn(
      { group: name },
      `group "${name}" is not in the configuration; its events are not counted`,
    )
    const dummy = new DummyEventGroup()
    this.#dummies.set(name, dummy)
    return dummy
  }

  /** What became of all events of this process, and of each group's. */
  get stats(): Statistics & { readonly groups: Readonly<Record<string, Statistics>> } {
    const each = Array.from(this.#groups, ([name, group]) => [name, group.stats] as const)
    return { ...sumStatistics(each.map(([, stats]) => stats)), groups: Object.fromEntries(each) }
  }

  /** What is loaded, for people; without secrets. */
  dumpConfig(): string {
    const loaded = { backend: describeBackend(this.#backend), groups: this.#config }
    return `${JSON.stringify(loaded, undefined, 2)}\n`
  }

  /**
   * Flushes and disconnects. Never rejects; may be called twice. What is logged afterwards is not counted.
   *
   * @returns how many events could not be sent in time
   */
  close({ timeoutMs = CLOSE_TIMEOUT_MS }: CloseOptions = {}): Promise<FlushResult> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  /** `await using ecl = new EventCountLogger(…)` */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(timeoutMs: number): Promise<FlushResult> {
    this.#forgetExit()
    this.#noteClosed?.()
    return keepProcessAlive(async () => {
      const closing = Array.from(this.#groups.values(), (group) => group.close(timeoutMs))
      const results = await Promise.all(closing)
      if (this.#ownsStore) await this.#store.close()
      return { unsentEvents: results.reduce((sum, { unsentEvents }) => sum + unsentEvents, 0) }
    })
  }

  #groupOf(spec: GroupSpec): EventGroup {
    const known = this.#groups.get(spec.name)
    if (known !== undefined) return known
    const group = new EventGroup({
      group: spec,
      clientId: ownIdentity.clientId(),
      store: this.#store,
      clock: this.#clock,
      storeClock: this.#store.severalClocks ? new StoreClock(this.#clock) : this.#storeClock,
      logger: this.#logger,
      statistics: newDeliveryStatistics(),
      random: this.#random,
      pace: this.#pace,
    })
    this.#groups.set(spec.name, group)
    // Too late: it refuses what is logged, and says so.
    if (this.#closing !== undefined) void group.close(0)
    return group
  }

  /** Nothing else is left to do in this process. */
  #flushAtExit(): void {
    const groups = [...this.#groups.values()].filter((group) => group.hasToLeave)
    if (this.#exiting || groups.length === 0) return
    this.#exiting = true
    void Promise.all(groups.map((group) => group.leave(EXIT_TIMEOUT_MS))).then((results) => {
      const unsent = results.reduce((sum, { unsentEvents }) => sum + unsentEvents, 0)
      if (unsent === 0) this.#exiting = false
      else writeLine(`ecl: ${unsent} events could not be sent before the process ended`)
    })
  }
}
