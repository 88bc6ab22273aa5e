import type { Redis } from 'ioredis'
import { type Clock, systemClock } from '../clock.ts'
import type { RedisConfig } from '../config/config-types.ts'
import { harmless, type Logger, stderrLogger } from '../logger.ts'
import type { CounterStore } from './counter-store.ts'
import { isClient, redisClients } from './redis/redis-options.ts'
import { RedisStore } from './redis/redis-store.ts'

/**
 * Where counts are kept: Redis options in the YAML's shape, a URL, a client of ioredis (which is duplicated and otherwise
 * left alone), or a store that is there already.
 */
export type Backend = RedisConfig | string | Redis | CounterStore

/** What a store takes over from its user. */
export interface OpenStoreOptions {
  readonly logger?: Logger
  readonly clock?: Clock
}

/**
 * Makes the store that a backend means. It connects when it is first used.
 *
 * @throws ConfigError for a backend that cannot be understood
 */
export function openStore(backend: Backend, options: OpenStoreOptions = {}): CounterStore {
  if (isStore(backend)) return backend
  return new RedisStore({
    ...redisClients(backend),
    logger: harmless(options.logger ?? stderrLogger),
    clock: options.clock ?? systemClock,
  })
}

function isStore(backend: Backend): backend is CounterStore {
  return typeof backend === 'object' && 'apply' in backend && typeof backend.apply === 'function'
}

/** A backend for people: without secrets. */
export function describeBackend(backend: Backend): unknown {
  if (typeof backend === 'string') return backend.replace(/\/\/.*@/, '//***@')
  if (isStore(backend)) return backend.constructor.name
  if (isClient(backend)) return 'ioredis client'
  return backend.password === undefined ? backend : { ...backend, password: '***' }
}
