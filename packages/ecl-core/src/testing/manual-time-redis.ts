import { createHash } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import type { RedisConfig } from '../config/config-types.ts'
import { silentLogger } from '../logger.ts'
import type { CounterStore } from '../store/counter-store.ts'
import {
  acknowledgeClientScript,
  adoptScript,
  applyScript,
  lookScript,
  publishScript,
  readScript,
  rotateScript,
} from '../store/redis/lua-scripts.generated.ts'
import { openRedis } from '../store/redis/open-redis.ts'
import { redisClients } from '../store/redis/redis-options.ts'
import type { Script } from '../store/redis/script.ts'
import { PrivateRedis, type PrivateRedisOptions } from './private-redis.ts'

/** In a cluster, names of groups have to begin with this: the clock can only be read where it is. */
export const TEST_TAG = '{t}'
const CLOCK_KEY = `${TEST_TAG}@test-clock`

/**
 * A real Redis with real scripts, whose clock is wound by hand: the only thing that is put in their place is the call
 * of TIME.
 */
export class ManualTimeRedis {
  readonly server: PrivateRedis
  readonly #backend: RedisConfig
  readonly #stores: CounterStore[] = []

  private constructor(server: PrivateRedis, backend: RedisConfig) {
    this.server = server
    this.#backend = backend
  }

  /** Starts a private server. */
  static async start(options?: PrivateRedisOptions): Promise<ManualTimeRedis> {
    const server = await PrivateRedis.start(options)
    return new ManualTimeRedis(server, server.backend)
  }

  /** Takes over a server that runs, which may be the only node of a cluster. */
  static on(server: PrivateRedis, backend: RedisConfig): ManualTimeRedis {
    return new ManualTimeRedis(server, backend)
  }

  /**
   * A store with a connection of its own, as another process has; closed by `close`.
   *
   * @param clock what the store measures round trips and time-outs by
   */
  open(clock: Clock = systemClock): CounterStore {
    const store = openRedis(redisClients(this.#backend), {
      logger: silentLogger,
      clock,
      timeCommand: ['HMGET', CLOCK_KEY, 's', 'us'],
      scripts: {
        apply: withManualTime(applyScript),
        rotate: withManualTime(rotateScript),
        read: withManualTime(readScript),
        publish: withManualTime(publishScript),
        look: withManualTime(lookScript),
        acknowledgeClient: withManualTime(acknowledgeClientScript),
        adopt: withManualTime(adoptScript),
      },
    })
    this.#stores.push(store)
    return store
  }

  /** Sets the server's clock, ms since the epoch. */
  async setTime(ms: number): Promise<void> {
    const seconds = Math.floor(ms / 1000)
    await this.server.client.hset(CLOCK_KEY, { s: seconds, us: Math.round((ms % 1000) * 1000) })
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    await this.server.client.flushall()
  }

  /** Ends stores and server. */
  async close(): Promise<void> {
    for (const store of this.#stores) await store.close()
    await this.server.close()
  }
}

function withManualTime(script: Script): Script {
  const source = script.source.replace(
    "redis.call('TIME')",
    `redis.call('HMGET', '${CLOCK_KEY}', 's', 'us')`,
  )
  if (source === script.source) throw new Error('the script does not call TIME as expected')
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
