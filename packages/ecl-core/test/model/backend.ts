import type { Clock, Timer } from '../../src/clock.ts'
import type { GroupSpec } from '../../src/group-spec.ts'
import type { Interval } from '../../src/interval.ts'
import type { CounterStore } from '../../src/store/counter-store.ts'
import { countKey, windowKey } from '../../src/store/redis/keys.ts'
import { ManualTimeRedis } from '../../src/testing/manual-time-redis.ts'
import { MemoryStore } from '../../src/testing/memory-store.ts'

/** What a schedule is played on: a store whose clock is wound by hand, and what can befall it. */
export interface Backend {
  readonly store: CounterStore
  /** Empties the store, and has it go by another clock. */
  begin(clock: Clock, storeMs: () => number): Promise<void>
  /** Awaited before each call, so that the store has the schedule's time. */
  beforeCall(): Promise<void>
  /** Remembers everything, to be gone back to as a crash does that loses the last writes. */
  checkpoint(): Promise<() => Promise<void>>
  /** Puts something else where a count is, unless something has been counted there. @returns whether it did */
  misplace?(group: GroupSpec, interval: Interval, event: string): Promise<boolean>
  /** Counts as the Python original does. @returns whether it could */
  countForeign?(group: GroupSpec, interval: Interval, event: string, n: number): Promise<boolean>
  /** Makes the server forget the scripts. */
  forgetScripts?(): Promise<void>
  close(): Promise<void>
}

/** A store in memory, anew for each schedule. */
export class MemoryBackend implements Backend {
  store = new MemoryStore()

  async begin(clock: Clock, storeMs: () => number): Promise<void> {
    this.store = new MemoryStore({ monotonicMs: () => clock.monotonicMs(), wallMs: storeMs })
  }

  async beforeCall(): Promise<void> {}

  async checkpoint(): Promise<() => Promise<void>> {
    const undo = this.store.checkpoint()
    return async () => undo()
  }

  async close(): Promise<void> {}
}

/** A clock that hands on to the one of the schedule that is being played. */
export class CurrentClock implements Clock {
  clock: Clock | undefined

  monotonicMs(): number {
    return this.clock?.monotonicMs() ?? 0
  }

  wallMs(): number {
    return this.clock?.wallMs() ?? 0
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.clock?.after(delayMs, callback) ?? { cancel: () => undefined }
  }
}

/** One real Redis and one connection for all schedules: commands arrive in the order in which they were called. */
export class RedisBackend implements Backend {
  readonly store: CounterStore
  readonly #redis: ManualTimeRedis
  readonly #clock = new CurrentClock()
  #storeMs: () => number = () => 0
  #toldMs: number | undefined

  private constructor(redis: ManualTimeRedis) {
    this.#redis = redis
    this.store = redis.open(this.#clock)
  }

  /** Starts a private server. */
  static async start(): Promise<RedisBackend> {
    return new RedisBackend(await ManualTimeRedis.start())
  }

  async begin(clock: Clock, storeMs: () => number): Promise<void> {
    this.#clock.clock = clock
    this.#storeMs = storeMs
    await this.#redis.clear()
    this.#toldMs = undefined
    await this.beforeCall()
    // Connects.
    await this.store.windows([])
  }

  async beforeCall(): Promise<void> {
    const nowMs = this.#storeMs()
    if (nowMs === this.#toldMs) return
    this.#toldMs = nowMs
    await this.#redis.setTime(nowMs)
  }

  async checkpoint(): Promise<() => Promise<void>> {
    const { client } = this.#redis.server
    const keys = await client.keys('*')
    const dumps = client.pipeline()
    for (const key of keys) dumps.dumpBuffer(key)
    const values = (await dumps.exec()) ?? []
    return async () => {
      const undo = client.multi().flushdb()
      keys.forEach((key, index) => {
        const value = values[index]?.[1]
        if (Buffer.isBuffer(value)) undo.restore(key, 0, value)
      })
      await undo.exec()
      this.#toldMs = undefined
    }
  }

  async misplace(group: GroupSpec, interval: Interval, event: string): Promise<boolean> {
    const { client } = this.#redis.server
    if (group.layout === 'hash') {
      const window = windowKey(group, interval, 'cur')
      const found = await client.hget(window, event)
      if (found !== null && found !== '0') return false
      await client.hset(window, event, 'not a count')
      return true
    }
    const key = countKey(group, interval, 'cur', event)
    const type = await client.type(key)
    if (type !== 'none' && (type !== 'string' || (await client.get(key)) !== '0')) return false
    await client.multi().del(key).rpush(key, 'not a count').exec()
    return true
  }

  async countForeign(
    group: GroupSpec,
    interval: Interval,
    event: string,
    n: number,
  ): Promise<boolean> {
    const key = countKey(group, interval, 'cur', event)
    const { client } = this.#redis.server
    const done =
      group.layout === 'hash'
        ? client.hincrby(windowKey(group, interval, 'cur'), event, n)
        : client.incrby(key, n)
    return done.then(
      () => true,
      () => false,
    )
  }

  async forgetScripts(): Promise<void> {
    await this.#redis.server.client.script('FLUSH')
  }

  close(): Promise<void> {
    return this.#redis.close()
  }
}
