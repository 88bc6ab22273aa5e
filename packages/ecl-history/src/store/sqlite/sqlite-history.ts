import { performance } from 'node:perf_hooks'
import { type EpochSeconds, StoreError } from 'ecl-core'
import {
  errcodeOf,
  isBusy,
  loadDriver,
  numberIn,
  problemOf,
  SqliteFile,
  textIn,
} from 'ecl-sqlite/file'
import type { ClosedWindow } from '../../closed-window.ts'
import type {
  Archived,
  HistoryQuery,
  HistoryRow,
  HistorySeries,
  HistoryStore,
  HistoryWindow,
  KnownStep,
  Maintained,
  MaintainOptions,
  Retention,
  StepQuery,
  WindowRange,
} from '../history-store.ts'
import { maintain } from '../maintenance.ts'
import { MIGRATE_REMEDY } from '../migrate-remedy.ts'
import { type HistorySource, readClosed, readRows, readSteps, readWindows } from '../reading.ts'
import { UnfitWindowError } from '../unfit-window-error.ts'
import { windowsOf } from '../window-batch.ts'
import { archive } from './archive.ts'
import { HISTORY_FILE, type Statements } from './history-file.ts'
import { SqliteMaintenance } from './maintenance.ts'
import { readSlice, weigh } from './sqlite-reading.ts'

/** Others are in and out of the file within milliseconds, though many that catch up at once may be unfair to one. */
const MAX_BUSY_MS = 8000
const LONGEST_NAP_MS = 16
/** SQLite's primary result codes for what no waiting and no operator can help: too big, constraint, mismatch. */
const UNFIT_CODES: readonly number[] = [18, 19, 20]
/** The kinds of problems that a migration helps. */
const NOT_MADE: readonly string[] = ['no file', 'no tables', 'an older version']

/**
 * History in one SQLite file, for all processes of one machine.
 *
 * Its calls keep the thread busy while they are in the file: some milliseconds for a batch of windows, or for a slice of
 * what is read; between these, other things happen.
 */
export class SqliteHistory implements HistoryStore {
  readonly kind = 'sqlite'
  readonly #file: SqliteFile<Statements>
  readonly #source: HistorySource
  #closed = false
  #wrote = false

  /**
   * @param file its name; made by `migrate` and `archive` where there is none, in a folder that is there
   * @throws StoreError where this Node has no SQLite
   */
  constructor(file: string) {
    this.#file = new SqliteFile(file, loadDriver(), HISTORY_FILE)
    this.#source = {
      slice: (query, atMost, wanted) => this.#read((all) => readSlice(all, query, atMost, wanted)),
      weights: (query) => this.#read((all) => weigh(all, query)),
      eventIds: (names) =>
        this.#read((all) =>
          names.flatMap((name) => {
            const id = all.events.find(all, name)
            return id === undefined ? [] : [id]
          }),
        ),
      eventNames: (ids) =>
        this.#read((all) => new Map(Array.from(ids, (id) => [id, all.events.nameOf(all, id)]))),
    }
  }

  migrate(): Promise<{ readonly from: number; readonly to: number }> {
    return this.#patiently(() => this.#file.migrate())
  }

  async archive(windows: readonly ClosedWindow[]): Promise<Archived> {
    const { windows: found, unfit } = windowsOf(windows)
    const now = Math.floor(Date.now() / 1000)
    const archived = await this.#write((all) => archive(all, found, now))
    return unfit.length === 0 ? archived : { ...archived, unfit }
  }

  steps(query: HistoryQuery): AsyncIterable<KnownStep> {
    return readSteps(this.#source, query)
  }

  rows(query: HistoryQuery): AsyncIterable<HistoryRow> {
    return readRows(this.#source, query)
  }

  windows(query: StepQuery): AsyncIterable<HistoryWindow> {
    return readWindows(this.#source, query)
  }

  closed(range: WindowRange): AsyncIterable<ClosedWindow> {
    return readClosed(this.#source, range)
  }

  series(): Promise<readonly HistorySeries[]> {
    return this.#read(({ listSeries }) =>
      [...listSeries.iterate({})].map((row) => ({
        group: textIn(row, 'group_name'),
        interval: textIn(row, 'interval'),
        first: numberIn(row, 'first') as EpochSeconds,
        last: numberIn(row, 'last') as EpochSeconds,
        keptFrom: numberIn(row, 'kept_from') as EpochSeconds,
      })),
    )
  }

  async maintain(
    now: EpochSeconds,
    retention: Retention,
    signal: AbortSignal,
    options?: MaintainOptions,
  ): Promise<Maintained> {
    // Writing would make the file.
    await this.#read(() => undefined)
    const source = new SqliteMaintenance((work) => this.#write(work))
    return await maintain(source, now, retention, signal, options)
  }

  async close(): Promise<void> {
    if (this.#wrote && !this.#closed) this.#leaveWhole()
    this.#closed = true
    this.#file.close()
  }

  /** Leaves all of it in the one file, as far as nobody is reading: who copies it does not know of the one beside it. */
  #leaveWhole(): void {
    try {
      this.#file.checkpoint()
    } catch {
      // What is in the file beside it is as safe there.
    }
  }

  #read<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#patiently(() =>
      this.#file.read((statements) => {
        statements.events.begin(statements)
        return work(statements)
      }),
    )
  }

  #write<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#patiently(() => {
      let used: Statements | undefined
      try {
        const result = this.#file.write((statements) => {
          used = statements
          statements.events.begin(statements)
          return work(statements)
        })
        this.#wrote = true
        return result
      } catch (caught) {
        used?.events.clear()
        throw caught
      }
    })
  }

  /** Repeats what finds the file locked. A transaction that failed has changed nothing. */
  async #patiently<T>(attempt: () => T): Promise<T> {
    const sinceMs = performance.now()
    for (let napMs = 1; ; napMs = Math.min(2 * napMs, LONGEST_NAP_MS)) {
      if (this.#closed) throw new StoreError('CLOSED', 'the history has been closed')
      try {
        return attempt()
      } catch (caught) {
        if (!isBusy(caught) || performance.now() - sinceMs > MAX_BUSY_MS)
          throw this.#errorOf(caught)
      }
      await new Promise((resolve) => setTimeout(resolve, napMs * (0.5 + Math.random())))
    }
  }

  #errorOf(caught: unknown): unknown {
    if (caught instanceof UnfitWindowError) return caught
    const options = { cause: caught }
    const { kind, message, refuses } = problemOf(caught, this.#file.file)
    const remedy = NOT_MADE.includes(kind) ? `; ${MIGRATE_REMEDY}` : ''
    const code = errcodeOf(caught)
    if (code !== undefined && UNFIT_CODES.includes(code & 0xff)) {
      return new UnfitWindowError(`SQLite refuses it: ${message}`, options)
    }
    return new StoreError(
      refuses ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE',
      `history in the SQLite file ${this.#file.file}: ${message}${remedy}`,
      options,
    )
  }
}
