export {
  exerciseCounterStore,
  type StoreUnderTest,
  type TestRunner,
} from './exercise-counter-store.ts'
export { ManualClock, settle } from './manual-clock.ts'
export { MemoryStore } from './memory-store.ts'
export { PrivateRedis, type PrivateRedisOptions } from './private-redis.ts'
export { type ProxyTarget, TcpProxy } from './tcp-proxy.ts'
export { until } from './until.ts'
