import type { Redis } from 'ioredis'
import type { Batch } from '../../batch.ts'
import { clientLifeSeconds } from '../../client-life.ts'
import type { Clock } from '../../clock.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import type {
  Applied,
  CounterStore,
  CurrentWindows,
  Reading,
  Rotated,
  Which,
  WindowRef,
} from '../counter-store.ts'
import { type ConnectionOptions, RedisConnection } from './connection.ts'
import { foreignEvents } from './foreign-events.ts'
import { clientsKey, indexKey, startKey, writtenByKey } from './keys.ts'
import { applyScript, readScript, rotateScript } from './lua-scripts.generated.ts'
import { type ReadContext, readWindows, results } from './redis-reader.ts'
import { parseApplied, parseMarks, parseRotated, parseTime, windowStarts } from './replies.ts'
import { runScript, type Script } from './script.ts'
import { serverWarnings } from './server-warnings.ts'

const ADOPT_CHUNK = 1000

/** What a store on Redis needs. */
export interface RedisStoreOptions extends ConnectionOptions {
  /** The prefix that the clients put before every key. */
  readonly keyPrefix: string
  /** The scripts, where they are not the package's own: tests put another clock into them. */
  readonly scripts?: RedisScripts
  /** The command whose reply is like TIME's, where it is not TIME: for tests with a clock wound by hand. */
  readonly timeCommand?: readonly [string, ...string[]]
}

/** The scripts that a store runs. */
export interface RedisScripts {
  readonly apply: Script
  readonly rotate: Script
  readonly read: Script
}

const OWN_SCRIPTS: RedisScripts = { apply: applyScript, rotate: rotateScript, read: readScript }

/** Counters in one Redis, over one connection. */
export class RedisStore implements CounterStore {
  readonly #connection: RedisConnection
  readonly #scripts: RedisScripts
  readonly #reading: ReadContext
  readonly #clock: Clock

  constructor(options: RedisStoreOptions) {
    this.#connection = new RedisConnection(options)
    this.#clock = options.clock
    this.#scripts = options.scripts ?? OWN_SCRIPTS
    this.#reading = {
      keyPrefix: options.keyPrefix,
      timeCommand: options.timeCommand ?? ['TIME'],
      readScript: this.#scripts.read,
    }
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
      group.maxEvents === undefined ? '' : String(group.maxEvents),
      group.overflowEvent,
      String(exempt),
      String(batch.intervals.length),
      String(counts.length),
    ]
    for (const interval of batch.intervals) args.push(interval.spec, String(interval.seconds))
    for (const [event, count] of counts) args.push(event, String(count))
    const { reply, roundTripMs } = await this.#timed((redis) =>
      runScript(redis, this.#scripts.apply, clientsKey(group), args),
    )
    return parseApplied(reply, ordered, roundTripMs)
  }

  async rotate(group: GroupSpec, interval: Interval): Promise<Rotated> {
    const args = [String(interval.seconds), ...group.events]
    const reply = await this.#write((redis) =>
      runScript(redis, this.#scripts.rotate, startKey(group, interval, 'cur'), args),
    )
    return parseRotated(reply, interval)
  }

  read(group: GroupSpec, interval: Interval, which: Which): Promise<Reading> {
    return this.#connection.run(
      (redis) => readWindows(redis, this.#reading, group, interval, which),
      { failFast: true },
    )
  }

  async windows(windows: readonly WindowRef[]): Promise<CurrentWindows> {
    const { reply, roundTripMs } = await this.#timed((redis) => {
      const pipeline = redis.pipeline()
      pipeline.call(...this.#reading.timeCommand)
      for (const { group, interval } of windows) {
        pipeline.mget(startKey(group, interval, 'cur'), writtenByKey(group, interval))
      }
      return results(pipeline)
    })
    const [time, ...marks] = reply
    return {
      storeTimeMs: parseTime(time),
      roundTripMs,
      states: windows.map(({ interval }, index) => {
        const { cur, foreign } = windowStarts(parseMarks(marks[index]), interval)
        return { current: cur, foreign }
      }),
    }
  }

  async adoptForeignEvents(windows: readonly WindowRef[]): Promise<void> {
    await this.#write(async (redis) => {
      const found = await foreignEvents(redis, this.#reading.keyPrefix, windows)
      for (const { group, interval } of windows) {
        // Those of last, too: the original's master leaves no index of them, and they would stay there for ever.
        for (const part of ['cur', 'last'] as const) {
          const events = found
            .filter((key) => key.group === group.name && key.interval === interval.spec)
            .filter((key) => key.part === part)
            .map((key) => key.event)
          for (let first = 0; first < events.length; first += ADOPT_CHUNK) {
            const chunk = events.slice(first, first + ADOPT_CHUNK)
            await redis.sadd(indexKey(group, interval, part), ...chunk)
          }
        }
      }
    })
  }

  warnings(): Promise<readonly string[]> {
    return this.#connection.run((redis) => serverWarnings(redis), { failFast: true })
  }

  onConnect(listener: () => void): void {
    this.#connection.onReady(listener)
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }

  get connected(): boolean {
    return this.#connection.ready
  }

  /** Measures without the wait for a connection, which would look like a clock that is seconds ahead. */
  async #timed<T>(
    commands: (redis: Redis) => Promise<T>,
  ): Promise<{ reply: T; roundTripMs: number }> {
    let sentMs = 0
    const reply = await this.#write((redis) => {
      sentMs = this.#clock.monotonicMs()
      return commands(redis)
    })
    return { reply, roundTripMs: this.#clock.monotonicMs() - sentMs }
  }

  /** Loggers and masters have time: they wait for a connection. */
  #write<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#connection.run(commands, { failFast: false })
  }
}

function declaredFirst(counts: Batch['counts'], declared: ReadonlySet<string>): Batch['counts'] {
  const isDeclared = ([event]: Batch['counts'][number]) => declared.has(event)
  return [...counts.filter(isDeclared), ...counts.filter((entry) => !isDeclared(entry))]
}
