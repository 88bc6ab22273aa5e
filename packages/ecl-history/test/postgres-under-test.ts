import { type EpochSeconds, silentLogger } from 'ecl-core'
import { type HistoryStore, openHistory } from 'ecl-history'
import type { PrivatePostgres } from 'ecl-history/testing'
import type { HistoryUnderTest } from './exercise-history-store.ts'

const TABLES = [
  ...['series', 'events', 'windows', 'window_parts', 'counts'],
  ...['step_windows', 'step_counts', 'stale_steps', 'maintenance'],
]

/** Handles on one database, which ends with them. */
export class PostgresUnderTest implements HistoryUnderTest {
  readonly #postgres: PrivatePostgres
  readonly #stores: HistoryStore[] = []
  #first: HistoryStore | undefined

  constructor(postgres: PrivatePostgres) {
    this.#postgres = postgres
  }

  open(): HistoryStore {
    const store = openHistory(this.#postgres.url(), { logger: silentLogger })
    this.#stores.push(store)
    return store
  }

  /** Handles outlive it, so the tables stay. */
  async clear(): Promise<void> {
    this.#first ??= this.open()
    await this.#first.migrate()
    await this.#postgres.psql(`TRUNCATE ${TABLES.map((name) => `ecl_history.${name}`).join(', ')}`)
  }

  async forgetUntil(keptFrom: EpochSeconds): Promise<void> {
    await this.#postgres.psql(`UPDATE ecl_history.series SET kept_from = to_timestamp(${keptFrom})`)
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()))
    await this.#postgres.close()
  }
}
