import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CounterStore, silentLogger, systemClock } from 'ecl-core'
import type { StoreUnderTest } from 'ecl-core/testing'
import { SqliteStore } from '../src/sqlite-store.ts'

/** Handles on one file, whose clock is wound by hand. */
export class SqliteUnderTest implements StoreUnderTest {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ecl-sqlite-'))
  readonly #handWound = new SharedArrayBuffer(8)
  readonly #stores: CounterStore[] = []

  open(): CounterStore {
    const store = new SqliteStore({
      file: join(this.#folder, 'counts.db'),
      logger: silentLogger,
      clock: systemClock,
      handWound: this.#handWound,
    })
    this.#stores.push(store)
    return store
  }

  async setTime(ms: number): Promise<void> {
    new Float64Array(this.#handWound)[0] = ms
  }

  /** Handles outlive it: they find that the file is another one. */
  async clear(): Promise<void> {
    for (const end of ['', '-wal', '-shm']) {
      rmSync(join(this.#folder, `counts.db${end}`), { force: true })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()))
    rmSync(this.#folder, { recursive: true })
  }
}
