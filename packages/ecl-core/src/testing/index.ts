export { AppendOnlyLedger, type LedgerInterval, type LedgerWindow } from './append-only-ledger.ts'
export {
  exerciseCounterStore,
  type StoreUnderTest,
  type TestRunner,
} from './exercise-counter-store.ts'
export { exerciseWindowQueue } from './exercise-window-queue.ts'
export { FIVE_SECONDS, groupSpec, HandClient, NOON, ONE_MINUTE } from './hand-client.ts'
export { HostilePeer, type HostilePeerOptions, LIES, TRICKS, type Trick } from './hostile-peer.ts'
export { ManualClock, settle } from './manual-clock.ts'
export { ManualTimeRedis } from './manual-time-redis.ts'
export { MemoryStore } from './memory-store.ts'
export { PrivateRedis, type PrivateRedisOptions } from './private-redis.ts'
export { RedisCluster, type RedisClusterOptions } from './redis-cluster.ts'
export { SentinelSet, type SentinelSetOptions } from './sentinel-set.ts'
export { type ProxyTarget, type RequestFault, TcpProxy } from './tcp-proxy.ts'
export { until } from './until.ts'
