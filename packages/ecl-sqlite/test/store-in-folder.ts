import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type CounterStore, type Logger, systemClock } from 'ecl-core'
import { SqliteStore } from 'ecl-sqlite'
import { findDriver } from '../src/driver.ts'
import type { Database, SqliteModule } from '../src/thread/driver-api.ts'

/** A folder for a file of counts, with stores on it, all of which are ended with it. */
export class StoreFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ecl-sqlite-'))
  readonly file = join(this.path, 'counts.db')
  /** What the stores have said. */
  readonly said: string[] = []
  readonly #stores: CounterStore[] = []

  /** Opens a store, as one more process would. */
  open(file = this.file, clock: Clock = systemClock, { create = true } = {}): SqliteStore {
    const store = new SqliteStore({ file, create, logger: this.#logger(), clock })
    this.#stores.push(store)
    return store
  }

  /** Opens a file as any program can that knows SQLite. */
  database(file = this.file): Database {
    const { name, from } = findDriver()
    const { DatabaseSync }: SqliteModule = createRequire(from)(name)
    return new DatabaseSync(file)
  }

  /** Ends everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()))
    rmSync(this.path, { recursive: true })
  }

  #logger(): Logger {
    const say = (_: object, message: string) => {
      this.said.push(message)
    }
    return { debug: say, info: say, warn: say, error: say }
  }
}
