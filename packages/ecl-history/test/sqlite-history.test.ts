import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EpochSeconds, silentLogger } from 'ecl-core'
import { type HistoryStore, openHistory } from 'ecl-history'
import { loadDriver } from 'ecl-sqlite/file'
import { exerciseHistoryStore, type HistoryUnderTest } from './exercise-history-store.ts'

/** Handles on one file. */
class SqliteUnderTest implements HistoryUnderTest {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  readonly #stores: HistoryStore[] = []
  #first: HistoryStore | undefined

  open(): HistoryStore {
    const file = join(this.#folder, 'history.db')
    const store = openHistory(`sqlite:${file}`, { logger: silentLogger })
    this.#stores.push(store)
    return store
  }

  /** Handles outlive it: they find that the file is another one. */
  async clear(): Promise<void> {
    for (const end of ['', '-wal', '-shm']) {
      rmSync(join(this.#folder, `history.db${end}`), { force: true })
    }
    this.#first ??= this.open()
    await this.#first.migrate()
  }

  async forgetUntil(keptFrom: EpochSeconds): Promise<void> {
    const { DatabaseSync } = loadDriver()
    const database = new DatabaseSync(join(this.#folder, 'history.db'))
    database.exec(`UPDATE series SET kept_from = ${keptFrom}`)
    database.close()
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()))
    rmSync(this.#folder, { recursive: true })
  }
}

exerciseHistoryStore('in SQLite', async () => new SqliteUnderTest())
