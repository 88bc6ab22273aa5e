import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { type Clock, silentLogger } from 'ecl-core'
import { type Backend, CurrentClock } from '../../ecl-core/test/model/backend.ts'
import { play } from '../../ecl-core/test/model/play.ts'
import { findDriver } from '../src/driver.ts'
import { SqliteStore } from '../src/sqlite-store.ts'
import type { SqliteModule } from '../src/thread/driver-api.ts'

const ENDS = ['', '-wal', '-shm']
/** A file that was put back from a copy has forgotten writes, as a Redis has after a crash. */
const LOSS_WINDOW_MS = 2500

/** One file and one thread for all schedules. */
class SqliteBackend implements Backend {
  readonly store: SqliteStore
  readonly #folder = mkdtempSync(join(tmpdir(), 'ecl-model-'))
  readonly #file = join(this.#folder, 'counts.db')
  readonly #handWound = new SharedArrayBuffer(8)
  readonly #clock = new CurrentClock()
  #storeMs: () => number = () => 0
  #copies = 0

  constructor() {
    const handWound = this.#handWound
    this.store = new SqliteStore({
      ...{ file: this.#file, logger: silentLogger, clock: this.#clock, handWound },
    })
    Object.defineProperty(this.store, 'lossWindowMs', { value: LOSS_WINDOW_MS })
  }

  async begin(clock: Clock, storeMs: () => number): Promise<void> {
    this.#clock.clock = clock
    this.#storeMs = storeMs
    for (const end of ENDS) rmSync(this.#file + end, { force: true })
    await this.beforeCall()
    await this.store.windows([])
  }

  async beforeCall(): Promise<void> {
    new Float64Array(this.#handWound)[0] = this.#storeMs()
  }

  async checkpoint(): Promise<() => Promise<void>> {
    this.#copies++
    const copy = join(this.#folder, `copy-${this.#copies}.db`)
    const { name, from } = findDriver()
    const { DatabaseSync }: SqliteModule = createRequire(from)(name)
    const database = new DatabaseSync(this.#file)
    database.exec(`VACUUM INTO '${copy}'`)
    database.close()
    return async () => {
      for (const end of ENDS) rmSync(this.#file + end, { force: true })
      copyFileSync(copy, this.#file)
    }
  }

  async close(): Promise<void> {
    await this.store.close()
    rmSync(this.#folder, { recursive: true })
  }
}

it('keeps every law of the protocol under any schedule of events, boundaries, faults and crashes', async () => {
  const backend = new SqliteBackend()
  try {
    const completeReads = await play(backend, { runs: 100, isRedis: false })
    expect(completeReads).toBeGreaterThan(30)
  } finally {
    await backend.close()
  }
}, 3_600_000)
