export { ManualClock, settle } from './manual-clock.ts'
export { PrivateRedis, type PrivateRedisOptions } from './private-redis.ts'
export { type ProxyTarget, TcpProxy } from './tcp-proxy.ts'
export { until } from './until.ts'
