export type { Batch, Count } from './batch.ts'
export { type Clock, delay, systemClock, type Timer } from './clock.ts'
export type {
  GroupConfig,
  GroupsConfig,
  LoadedConfig,
  RedisConfig,
  RedisTlsConfig,
} from './config/config-types.ts'
export { loadConfig } from './config/load-config.ts'
export { resolveGroups } from './config/resolve-groups.ts'
export {
  asError,
  ConfigError,
  EclError,
  type EclErrorCode,
  StoreError,
  UnknownGroupError,
  UnknownIntervalError,
} from './errors.ts'
export {
  EventCountLogger,
  type EventCountLoggerOptions,
  type EventOf,
} from './event-count-logger.ts'
export type { EventGroup, EventLog, WindowCounts } from './event-group.ts'
export type { FlushOptions, FlushResult } from './flusher.ts'
export type { GroupSpec } from './group-spec.ts'
export { type EpochSeconds, graceMs, type Interval, windowEnd, windowStart } from './interval.ts'
export { type Logger, silentLogger, stderrLogger } from './logger.ts'
export { eventIdProblem, visible } from './names.ts'
export type { Counter } from './recorder.ts'
export type { Statistics } from './statistics.ts'
export type {
  Applied,
  ApplyFailure,
  CounterStore,
  CurrentWindows,
  Placement,
  Reading,
  Rotated,
  Snapshot,
  Which,
  WindowRef,
  WindowState,
} from './store/counter-store.ts'
export { type Backend, openStore } from './store/open-store.ts'
export { StoreClock } from './store-clock.ts'
