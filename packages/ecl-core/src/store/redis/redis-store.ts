import type { Redis } from 'ioredis'
import type { Batch } from '../../batch.ts'
import { clientLifeSeconds } from '../../client-life.ts'
import type { Clock } from '../../clock.ts'
import { hashTag, taggedName } from '../../config/hash-tag.ts'
import { StoreError } from '../../errors.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import type { Logger } from '../../logger.ts'
import { LEASE_SECONDS } from '../completeness.ts'
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
} from '../counter-store.ts'
import type { WindowQueue } from '../window-queue.ts'
import { type ConnectionOptions, RedisConnection } from './connection.ts'
import { searchCutShortText } from './foreign-events.ts'
import { ForeignSearch } from './foreign-search.ts'
import { clientsKey, startKey } from './keys.ts'
import * as generated from './lua-scripts.generated.ts'
import {
  acknowledgeClientScript,
  adoptScript,
  applyScript,
  foundNoneScript,
  lookScript,
  publishScript,
  readScript,
  rotateScript,
  tryRotationScript,
} from './lua-scripts.generated.ts'
import { packCounts, packTexts } from './packed-texts.ts'
import type { ReadContext } from './read-step.ts'
import { readAccounts, readWindows } from './redis-reader.ts'
import { RedisWindowQueue } from './redis-window-queue.ts'
import { parseAcknowledgement, parseApplied, parseRotated, parseTime } from './replies.ts'
import { runIdOf } from './run-id.ts'
import { keepScriptsLoaded, loadScripts, runScript, type Script } from './script.ts'
import { primaryOf, serverWarnings } from './server-warnings.ts'
import { type LookContext, lookAtWindows } from './window-looks.ts'

/** With `appendfsync everysec` a crash loses the last two seconds at most; half a second for the reply's way. */
export const DEFAULT_LOSS_WINDOW_MS = 2500

/** What a store on Redis needs. */
export interface RedisStoreOptions extends ConnectionOptions {
  /** The prefix that the clients put before every key. */
  readonly keyPrefix: string
  /** For how long a crash or a failover may undo what was acknowledged, ms. Default: 2500. */
  readonly lossWindowMs?: number | undefined
  /** Whether loggers and masters hear at once that there is no connection, rather than wait for one. */
  readonly failFast?: boolean
  /** Called when the store is closed. */
  readonly onClose?: () => void
  /** Scripts in the place of the package's own: tests put another clock into them. */
  readonly scripts?: Partial<RedisScripts>
  /** The command whose reply is like TIME's, where it is not TIME: for tests with a clock wound by hand. */
  readonly timeCommand?: readonly [string, ...string[]]
}

/** The scripts that a store runs. */
export interface RedisScripts {
  readonly apply: Script
  readonly rotate: Script
  readonly read: Script
  readonly publish: Script
  readonly look: Script
  readonly acknowledgeClient: Script
  readonly adopt: Script
}

const OWN_SCRIPTS: RedisScripts = {
  apply: applyScript,
  rotate: rotateScript,
  read: readScript,
  publish: publishScript,
  look: lookScript,
  acknowledgeClient: acknowledgeClientScript,
  adopt: adoptScript,
}

/** Counters in one Redis, over one connection. */
export class RedisStore implements CounterStore {
  readonly #connection: RedisConnection
  readonly #scripts: RedisScripts
  /** Those, and the others that programs of this version run. */
  readonly #allScripts: readonly Script[]
  readonly #reading: Omit<ReadContext, 'answered'>
  readonly #looking: LookContext
  readonly #search: ForeignSearch
  readonly #clock: Clock
  readonly #logger: Logger
  /** Groups of which it has been said that not all was searched. */
  readonly #cutShort = new Set<string>()
  readonly history: WindowQueue
  readonly lossWindowMs: number
  readonly #failFast: boolean
  readonly #failsOver: boolean
  readonly #onClose: (() => void) | undefined
  #groups: readonly string[] = []

  constructor(options: RedisStoreOptions) {
    const clusterRemedy = () => remedyForCluster(this.#groups)
    const inCluster = options.passes !== undefined
    this.#connection = new RedisConnection(inCluster ? options : { clusterRemedy, ...options })
    this.#failFast = options.failFast ?? false
    this.#failsOver = inCluster || options.locate !== undefined
    this.#onClose = options.onClose
    this.#clock = options.clock
    this.#logger = options.logger
    this.lossWindowMs = options.lossWindowMs ?? DEFAULT_LOSS_WINDOW_MS
    this.#scripts = { ...OWN_SCRIPTS, ...options.scripts }
    this.#allScripts = [...Object.values(generated), ...Object.values(options.scripts ?? {})]
    this.#looking = {
      keyPrefix: options.keyPrefix,
      lookScript: this.#scripts.look,
    }
    this.#reading = {
      keyPrefix: options.keyPrefix,
      timeCommand: options.timeCommand ?? ['TIME'],
      readScript: this.#scripts.read,
      clock: options.clock,
    }
    this.#search = new ForeignSearch({
      keyPrefix: options.keyPrefix,
      clock: options.clock,
      now: async (redis) => Math.floor((await this.#askForTime(redis)) / 1000),
      adoptScript: this.#scripts.adopt,
      foundNoneScript,
    })
    this.history = new RedisWindowQueue({
      run: (commands) => this.#write('queue', commands),
      look: (commands) => this.#connection.run(commands, { failFast: true }),
      keyPrefix: options.keyPrefix,
      timeCommand: this.#reading.timeCommand,
      publishScript: this.#scripts.publish,
      lossWindowMs: this.lossWindowMs,
    })
  }

  checkGroups(groups: readonly GroupSpec[]): void {
    this.#groups = groups.map(({ name }) => name)
  }

  async apply(batch: Batch): Promise<Applied> {
    const { group } = batch
    // Declared events come first, as the script exempts them from the bound by their number.
    const declared = group.maxEvents === undefined ? undefined : batch.declared
    const counts = declared === undefined ? batch.counts : declaredFirst(batch.counts, declared)
    const ordered = { ...batch, counts }
    const exempt =
      declared === undefined ? 0 : counts.filter(([event]) => declared.has(event)).length
    const args = [
      batch.clientId,
      String(batch.number),
      String(batch.follows),
      batch.at === undefined ? '' : String(batch.at),
      batch.mayHold ? '1' : '0',
      batch.closes ? '1' : '0',
      String(clientLifeSeconds(group)),
      String(batch.through),
      String(batch.lossUntil),
      String(batch.books.logged),
      String(batch.books.unsent),
      String(batch.books.replayed),
      batch.isRest ? '1' : '0',
      group.maxEvents === undefined ? '' : String(group.maxEvents),
      group.overflowEvent,
      String(exempt),
      // The books are kept by the group's first interval.
      String(batch.intervals.indexOf(firstOf(group.intervals)) + 1),
      group.layout,
      ...packCounts(counts),
      batch.mixedWith === undefined ? '' : String(batch.mixedWith),
      batch.token,
    ]
    for (const interval of batch.intervals) args.push(interval.spec, String(interval.seconds))
    const { reply, sentMs } = await this.#timed(
      `apply ${group.name}`,
      (redis, sending) => runScript(redis, this.#scripts.apply, clientsKey(group), args, sending),
      true,
    )
    return parseApplied(reply, ordered, sentMs)
  }

  async rotate(
    group: GroupSpec,
    interval: Interval,
    { onlyPublished = false }: RotateOptions = {},
  ): Promise<Rotated> {
    // In a hash no zero is kept: readers know what is declared.
    const declared = group.layout === 'hash' ? [] : group.events
    const key = startKey(group, interval, 'cur')
    const work = `rotate ${group.name} ${interval.spec}`
    const reply = await this.#write(work, async (redis) => {
      const run = onlyPublished ? await runIdOf(redis) : ''
      const args = [String(interval.seconds), run, packTexts(declared)]
      return runScript(redis, this.#scripts.rotate, key, args)
    })
    return parseRotated(reply, interval)
  }

  async read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    options?: StoreReadOptions,
  ): Promise<Reading> {
    const reading = await this.#connection.run(
      (redis, answered) =>
        readWindows(redis, { ...this.#reading, answered }, group, interval, which, options),
      { failFast: true },
    )
    if (reading.searchCutShort && !this.#cutShort.has(group.name)) {
      this.#cutShort.add(group.name)
      this.#logger.warn({ group: group.name }, searchCutShortText(group.name))
    }
    return reading
  }

  accounts(group: GroupSpec): Promise<Accounts> {
    return this.#connection.run(
      (redis, answered) => readAccounts(redis, { ...this.#reading, answered }, group),
      {
        failFast: true,
      },
    )
  }

  async acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement> {
    const args = [clientId, String(LEASE_SECONDS)]
    const { acknowledgeClient } = this.#scripts
    const reply = await this.#write('acknowledge', (redis) =>
      runScript(redis, acknowledgeClient, clientsKey(group), args),
    )
    return parseAcknowledgement(reply)
  }

  async windows(windows: readonly WindowRef[], options: LookOptions = {}): Promise<CurrentWindows> {
    const look = async (redis: Redis, sending: () => void) => {
      if (windows.length > 0) return lookAtWindows(redis, this.#looking, windows, options, sending)
      sending()
      return { storeTimeMs: await this.#askForTime(redis), states: [] }
    }
    const { reply, sentMs } = await this.#timed('look', look, options.background ?? false)
    return { ...reply, sentMs }
  }

  async tryOut(windows: readonly WindowRef[]): Promise<undefined> {
    const byGroup = new Map(windows.map((window) => [window.group, window.interval]))
    const primary = await this.#connection.run(
      async (redis, answered) => {
        const found = await primaryOf(redis)
        if (found !== undefined) return found
        for (const [group, interval] of byGroup) {
          await runScript(redis, tryRotationScript, startKey(group, interval, 'cur'), [])
          answered()
        }
        return undefined
      },
      { failFast: true, work: 'try' },
    )
    if (primary === undefined) return
    const message = `Redis at ${this.#connection.endpoint}: is a replica of ${primary}; masters need the primary`
    throw new StoreError('STORE_REFUSED', message)
  }

  adoptForeignEvents(windows: readonly WindowRef[], due = windows): Promise<Adopted> {
    return this.#write('adopt', (redis) => this.#search.adopt(redis, windows, due))
  }

  warnings(): Promise<readonly string[]> {
    return this.#connection.run((redis) => serverWarnings(redis, this.#failsOver), {
      failFast: true,
    })
  }

  async loadScripts(): Promise<LoadedScripts> {
    await this.#connection.run((redis) => loadScripts(redis, this.#allScripts), {
      failFast: true,
      work: 'load scripts',
    })
    return { scripts: this.#allScripts.length, servers: [this.#connection.endpoint] }
  }

  keepScriptsLoaded(): void {
    const load = () => {
      const commands = (redis: Redis) => keepScriptsLoaded(redis, this.#allScripts)
      const patience = { failFast: true, background: true, work: 'load scripts' }
      // Where the connection is lost meanwhile, the next one is there for it.
      this.#connection.run(commands, patience).catch(() => undefined)
    }
    this.#connection.onReady(load)
    if (this.connected) load()
  }

  /** Runs commands that are none of a store's operations, for somebody who keeps the process where it has to be. */
  run<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#connection.run(commands, { failFast: true, background: true })
  }

  /** Cuts the connection, since there is a better one to be had. */
  drop(): void {
    this.#connection.drop()
  }

  onConnect(listener: () => void): void {
    this.#connection.onReady(listener)
  }

  close(): Promise<void> {
    this.#connection.close()
    this.#onClose?.()
    return Promise.resolve()
  }

  get connected(): boolean {
    return this.#connection.ready
  }

  /**
   * Measures without the wait for a connection, which would look like a clock that is seconds ahead.
   *
   * @param commands is given what to call just before each command whose reply may tell the time
   * @param background whether the process may end before the reply
   */
  async #timed<T>(
    work: string,
    commands: (redis: Redis, sending: () => void) => Promise<T>,
    background: boolean,
  ): Promise<{ reply: T; sentMs: number }> {
    let sentMs = 0
    const sending = () => {
      sentMs = this.#clock.monotonicMs()
    }
    const reply = await this.#write(work, (redis) => commands(redis, sending), background)
    return { reply, sentMs }
  }

  async #askForTime(redis: Redis): Promise<number> {
    return parseTime(await redis.call(...this.#reading.timeCommand))
  }

  /** Loggers and masters have time: they wait for a connection. */
  #write<T>(work: string, commands: (redis: Redis) => Promise<T>, background = false): Promise<T> {
    return this.#connection.run(commands, { failFast: this.#failFast, work, background })
  }
}

/** A group has one interval at least. */
function firstOf(intervals: readonly Interval[]): Interval {
  const [first] = intervals
  if (first === undefined) throw new Error('bug: a group without intervals')
  return first
}

/** What else there is to do on a cluster than to name its nodes. */
function remedyForCluster(groups: readonly string[]): string {
  const renamed = groups
    .filter((name) => hashTag(name) === undefined)
    .map((name) => `"${name}" as "${taggedName(name)}"`)
  if (renamed.length === 0) return ''
  return `; a group's keys have to be on one node, so write the group ${renamed.join(', ')}`
}

function declaredFirst(counts: Batch['counts'], declared: ReadonlySet<string>): Batch['counts'] {
  const isDeclared = ([event]: Batch['counts'][number]) => declared.has(event)
  return [...counts.filter(isDeclared), ...counts.filter((entry) => !isDeclared(entry))]
}
