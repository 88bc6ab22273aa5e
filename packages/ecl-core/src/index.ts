export type { Batch, Books, Count } from './batch.ts'
export { clientLifeSeconds } from './client-life.ts'
export { type Clock, delay, systemClock, type Timer } from './clock.ts'
export type {
  GroupConfig,
  GroupsConfig,
  HistoryConfig,
  LoadedConfig,
  RedisConfig,
  RedisTlsConfig,
  UnarchivedConfig,
} from './config/config-types.ts'
export { type Duration, type NotADuration, parseDuration } from './config/duration.ts'
export { loadConfig } from './config/load-config.ts'
export { resolveGroups } from './config/resolve-groups.ts'
export { type HistorySpec, resolveHistory } from './config/resolve-history.ts'
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
export type { GroupSpec, Layout } from './group-spec.ts'
export {
  type EpochSeconds,
  graceMs,
  type Interval,
  parseInterval,
  windowEnd,
  windowStart,
} from './interval.ts'
export { keepProcessAlive } from './keep-alive.ts'
export { type Logger, silentLogger, stderrLogger } from './logger.ts'
export { eventIdProblem, MAX_NAME_BYTES, nameLengthProblem, visible } from './names.ts'
export type { Counter } from './recorder.ts'
export { inRootContext } from './root-context.ts'
export { maskUrl, stripSecrets } from './secrets.ts'
export type { Statistics } from './statistics.ts'
export { StderrLines } from './stderr-lines.ts'
export {
  judge,
  LEASE_SECONDS,
  tooManyClientsText,
  type WindowEvidence,
} from './store/completeness.ts'
export type {
  Accounts,
  Acknowledgement,
  Adopted,
  Applied,
  ApplyFailure,
  ApplyOutcome,
  ClientAccount,
  Completeness,
  CounterStore,
  CurrentWindows,
  LoadedScripts,
  LookOptions,
  Placement,
  Reading,
  Rotated,
  RotateOptions,
  Snapshot,
  StoreReadOptions,
  Which,
  WindowRef,
  WindowState,
} from './store/counter-store.ts'
export { historyStoreProblem } from './store/history-backend.ts'
export { type Backend, openStore } from './store/open-store.ts'
export { openUntil, type Publication, publishFromMs } from './store/publication.ts'
export { searchCutShortText } from './store/redis/foreign-events.ts'
export type { IoredisClient } from './store/redis/ioredis-client.ts'
export { sqliteFile } from './store/sqlite-backend.ts'
export type {
  ArchiverState,
  ClosedWindow,
  DeadLetter,
  Published,
  PublishOptions,
  QueueBounds,
  QueuedWindow,
  QueueState,
  UndoneWindows,
  WindowQueue,
  WindowVersion,
} from './store/window-queue.ts'
export { StoreClock } from './store-clock.ts'
export { TroubleLog } from './trouble.ts'
