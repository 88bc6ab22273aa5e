import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { CounterStore } from '../counter-store.ts'
import { RedisClusterStore } from './cluster-store.ts'
import type { RedisClients } from './redis-options.ts'
import { RedisStore, type RedisStoreOptions } from './redis-store.ts'
import { requirePrimary, Sentinels } from './sentinels.ts'

/** What a store on Redis takes over from its user. */
export interface OpenRedisOptions extends Pick<RedisStoreOptions, 'scripts' | 'timeCommand'> {
  readonly logger: Logger
  readonly clock: Clock
}

/** Makes the store for what there is: one Redis, one that sentinels name, or a cluster of them. */
export function openRedis(clients: RedisClients, options: OpenRedisOptions): CounterStore {
  const { seeds, sentinel } = clients
  if (seeds !== undefined) return new RedisClusterStore({ ...clients, seeds, ...options })
  if (sentinel === undefined) return new RedisStore({ ...clients, ...options })
  const sentinels = new Sentinels({
    ...sentinel,
    clock: options.clock,
    onSwitch: () => store.drop(),
    ...(clients.reach && { reach: clients.reach }),
  })
  const store = new RedisStore({
    ...clients,
    ...options,
    hostSource: 'what the sentinels announce',
    locate: () => sentinels.locate(),
    verify: requirePrimary,
    confirm: () => sentinels.confirm(),
    onClose: () => sentinels.close(),
  })
  return store
}
