import { resolve } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import type { RedisConfig } from '../config/config-types.ts'
import { ConfigError } from '../errors.ts'
import { harmless, type Logger, stderrLogger } from '../logger.ts'
import { maskAll } from '../secrets.ts'
import type { CounterStore } from './counter-store.ts'
import { LazyStore } from './lazy-store.ts'
import { loadSqlite } from './load-sqlite.ts'
import { type IoredisClient, isIoredisClient } from './redis/ioredis-client.ts'
import { openRedis } from './redis/open-redis.ts'
import { redisClients } from './redis/redis-options.ts'
import { sqliteFile, storeProblem } from './sqlite-backend.ts'

/**
 * Where counts are kept: Redis options in the YAML's shape, a URL, a client of ioredis (which is duplicated and otherwise
 * left alone), `sqlite:PATH`, or a store that is there already.
 */
export type Backend = RedisConfig | string | IoredisClient | CounterStore

/** What a store takes over from its user. */
export interface OpenStoreOptions {
  readonly logger?: Logger
  readonly clock?: Clock
  /** Whether to make the file of a store that is not there. Default: true. Who only reads says false. */
  readonly create?: boolean
}

/**
 * Makes the store that a backend means. It connects when it is first used.
 *
 * @throws ConfigError for a backend that cannot be understood
 */
export function openStore(backend: Backend, options: OpenStoreOptions = {}): CounterStore {
  if (isStore(backend)) return backend
  const from = {
    logger: harmless(options.logger ?? stderrLogger),
    clock: options.clock ?? systemClock,
  }
  const file = typeof backend === 'string' ? sqliteFile(backend) : undefined
  if (typeof backend !== 'string' || file === undefined) {
    return openRedis(redisClients(backend), from)
  }
  const problem = storeProblem(backend)
  if (problem !== undefined) throw new ConfigError([`backend: ${problem}`])
  const absolute = resolve(file)
  const { create = true } = options
  const load = async () => (await loadSqlite(absolute)).openSqlite(absolute, { ...from, create })
  return new LazyStore(load, from.logger)
}

function isStore(backend: Backend): backend is CounterStore {
  const isObject = typeof backend === 'object' && backend !== null
  return isObject && 'apply' in backend && typeof backend.apply === 'function'
}

/** A backend for people: without secrets. */
export function describeBackend(backend: Backend): unknown {
  if (typeof backend === 'string') return maskAll(backend)
  if (isStore(backend)) return backend.constructor.name
  if (isIoredisClient(backend)) return 'ioredis client'
  return maskAll(backend)
}
