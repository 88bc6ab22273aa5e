import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maskUrl } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { Redis } from 'ioredis'
import { DemoError } from './errors.ts'
import { type Options, PRIVATE } from './options.ts'

const SCAN_COUNT = 1000

/** Where the demo's counts are kept, and its config file. */
export interface Ground {
  /** A folder of the demo's own. */
  readonly directory: string
  /** The line of the config that names it. */
  readonly backend: string
  /** What it is, and where, for people. */
  readonly about: readonly [name: string, where: string]
  /** Removes all that is there, with the counts of these groups. */
  remove(groups: readonly string[]): Promise<void>
}

/**
 * Makes what the options ask for: a file, or a Redis.
 *
 * @throws DemoError
 */
export async function prepareGround({ redis }: Options): Promise<Ground> {
  if (redis === undefined) return fileGround()
  return redis === PRIVATE ? privateRedisGround() : redisGround(redis)
}

async function fileGround(): Promise<Ground> {
  const directory = await newDirectory()
  return {
    directory,
    backend: 'store: sqlite:counts.db',
    about: ['counts', `in the SQLite file ${join(directory, 'counts.db')}; no server`],
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

async function privateRedisGround(): Promise<Ground> {
  const redis = await PrivateRedis.start().catch((error: unknown) => {
    throw new DemoError(`Redis: ${error instanceof Error ? error.message : String(error)}`)
  })
  return {
    directory: redis.directory,
    backend: `redis: { path: ${JSON.stringify(redis.socket)} }`,
    about: ['Redis', `a private one, at ${redis.socket}`],
    remove: () => redis.close(),
  }
}

/** A database of the user's: it has to be empty, so that nothing but the demo's own is removed from it. */
async function redisGround(url: string): Promise<Ground> {
  const shown = maskUrl(url)
  await withRedis(url, shown, async (redis) => {
    if ((await redis.dbsize()) > 0) {
      throw new DemoError(`${shown} is not empty; name a database that is, such as …/15`)
    }
  })
  const directory = await newDirectory()
  return {
    directory,
    backend: `redis: ${JSON.stringify(url)}`,
    about: ['Redis', `at ${shown}`],
    remove: async (groups) => {
      await rm(directory, { recursive: true, force: true })
      await withRedis(url, shown, (redis) => removeGroups(redis, groups))
    },
  }
}

/** Removes the groups' keys, and their queues of windows. */
async function removeGroups(redis: Redis, groups: readonly string[]): Promise<void> {
  for (const pattern of groups.flatMap((group) => [`${group}:*`, `@history:${group}:*`])) {
    let cursor = '0'
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
      if (keys.length > 0) await redis.unlink(...keys)
      cursor = next
    } while (cursor !== '0')
  }
}

async function withRedis(
  url: string,
  shown: string,
  work: (redis: Redis) => Promise<void>,
): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await work(redis)
  } catch (error) {
    if (error instanceof DemoError) throw error
    throw new DemoError(`${shown}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    redis.disconnect()
  }
}

function newDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ecl-demo-'))
}
