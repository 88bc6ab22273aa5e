import {
  ConfigError,
  historyStoreProblem,
  type Logger,
  maskUrl,
  sqliteFile,
  stderrLogger,
} from 'ecl-core'
import type { HistoryStore } from './store/history-store.ts'
import { PostgresHistory } from './store/postgres/postgres-history.ts'
import { SqliteHistory } from './store/sqlite/sqlite-history.ts'

/** What a history takes over from its user. */
export interface OpenHistoryOptions {
  readonly logger?: Logger | undefined
}

/**
 * Opens the history that a config's `history.store` names: `sqlite:PATH` or `postgres://…`. It connects when it is first
 * used.
 *
 * @throws ConfigError for one that cannot be understood
 * @throws StoreError where this Node has no SQLite
 */
export function openHistory(store: string, options: OpenHistoryOptions = {}): HistoryStore {
  const file = sqliteFile(store)
  if (file) return new SqliteHistory(file)
  if (/^postgres(?:ql)?:\/\//.test(store)) {
    const problem = historyStoreProblem(store)
    if (problem !== undefined) throw new ConfigError([`history.store: ${problem}`])
    return new PostgresHistory(store, options.logger ?? stderrLogger)
  }
  throw new ConfigError([
    `history.store: "${maskUrl(store)}" is no history; write sqlite:PATH or postgres://USER@HOST/DATABASE`,
  ])
}
