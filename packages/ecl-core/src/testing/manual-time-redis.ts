import { createHash } from 'node:crypto'
import { systemClock } from '../clock.ts'
import { silentLogger } from '../logger.ts'
import { applyScript, readScript, rotateScript } from '../store/redis/lua-scripts.generated.ts'
import { redisClients } from '../store/redis/redis-options.ts'
import { RedisStore } from '../store/redis/redis-store.ts'
import type { Script } from '../store/redis/script.ts'
import { PrivateRedis } from './private-redis.ts'

const CLOCK_KEY = '@test-clock'

/**
 * A real Redis with real scripts, whose clock is wound by hand: the only thing that is put in their place is the call
 * of TIME.
 */
export class ManualTimeRedis {
  readonly server: PrivateRedis
  readonly #stores: RedisStore[] = []

  private constructor(server: PrivateRedis) {
    this.server = server
  }

  /** Starts a private server. */
  static async start(): Promise<ManualTimeRedis> {
    return new ManualTimeRedis(await PrivateRedis.start())
  }

  /** A store with a connection of its own, as another process has; closed by `close`. */
  open(): RedisStore {
    const store = new RedisStore({
      ...redisClients(this.server.backend),
      logger: silentLogger,
      clock: systemClock,
      timeCommand: ['HMGET', CLOCK_KEY, 's', 'us'],
      scripts: {
        apply: withManualTime(applyScript),
        rotate: withManualTime(rotateScript),
        read: withManualTime(readScript),
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
