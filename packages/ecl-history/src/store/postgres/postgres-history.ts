import type { EpochSeconds, Logger } from 'ecl-core'
import { numberIn, textIn } from 'ecl-sqlite/file'
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
import { type HistorySource, readClosed, readRows, readSteps, readWindows } from '../reading.ts'
import { type WindowParts, windowsOf } from '../window-batch.ts'
import { archive, ensureEvents, findEvents } from './archive.ts'
import { Connections } from './connections.ts'
import { type CountTables, HYPERTABLES, PARTITIONED } from './count-tables.ts'
import { PostgresMaintenance } from './maintenance.ts'
import { ensureLevels } from './postgres-levels.ts'
import { codeOf, errorOf } from './postgres-problem.ts'
import { readSlice, weigh } from './postgres-reading.ts'
import { ensureSchema, findSchema, type Schema } from './schema.ts'
import * as sql from './sql.generated.ts'

/** check_violation: among others, that there is no part of a table for a row. */
const NO_PARTITION = '23514'

/** History in a PostgreSQL database, in hypertables where TimescaleDB was there when its tables were made. */
export class PostgresHistory implements HistoryStore {
  readonly #connections: Connections
  readonly #source: HistorySource
  #schema: Schema | undefined

  /** @param url postgres://USER:PASSWORD@HOST:PORT/DATABASE, with options of libpq behind a "?" */
  constructor(url: string, logger: Logger) {
    this.#connections = new Connections(url, logger)
    this.#source = {
      slice: (range, atMost, wanted) =>
        this.#ready((all) => all.read((query) => readSlice(query, range, atMost, wanted))),
      weights: (range) => this.#ready((all) => all.read((query) => weigh(query, range))),
      eventIds: (names) =>
        this.#ready(async (all) => [
          ...(await findEvents((...statement) => all.query(...statement), names)).values(),
        ]),
      eventNames: (ids) =>
        this.#ready(async (all) => {
          const rows = await all.query(sql.nameEvents, [[...ids]])
          return new Map(rows.map((row) => [numberIn(row, 'id'), textIn(row, 'name')]))
        }),
    }
  }

  /** `postgres` until it has been looked at. */
  get kind(): 'postgres' | 'timescale' {
    return this.#schema?.isTimescale === true ? 'timescale' : 'postgres'
  }

  async migrate(): Promise<{ readonly from: number; readonly to: number }> {
    this.#schema = undefined
    return await this.#named(async () => {
      const { from, to } = await this.#look(ensureSchema)
      return { from, to }
    })
  }

  async archive(windows: readonly ClosedWindow[]): Promise<Archived> {
    const { windows: found, unfit } = windowsOf(windows)
    if (found.length === 0) return { expired: 0 }
    const archived = await this.#enter(found)
    return unfit.length === 0 ? archived : { ...archived, unfit }
  }

  async #enter(found: readonly WindowParts[]): Promise<Archived> {
    return await this.#made(async (all) => {
      // By themselves: numbers that nobody uses do no harm, and nobody waits for those who enter windows.
      const query = (...statement: Parameters<Connections['query']>) => all.query(...statement)
      const levels = await ensureLevels(query, found)
      const events = await ensureEvents(query, found)
      const tables = this.#tables
      const enter = () =>
        all.write(async (statements) => {
          await tables.begin(statements)
          return await archive(statements, levels, events)
        })
      try {
        return await enter()
      } catch (caught) {
        if (codeOf(caught) !== NO_PARTITION) throw caught
        await all.write((statements) =>
          tables.makeRoom(
            statements,
            found.map(({ window }) => window.start),
          ),
        )
        return await enter()
      }
    })
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
    return this.#ready(async (all) =>
      (await all.query(sql.listSeries)).map((row) => ({
        group: textIn(row, 'group_name'),
        interval: textIn(row, 'interval'),
        first: numberIn(row, 'first') as EpochSeconds,
        last: numberIn(row, 'last') as EpochSeconds,
        keptFrom: numberIn(row, 'kept_from') as EpochSeconds,
      })),
    )
  }

  maintain(
    now: EpochSeconds,
    retention: Retention,
    signal: AbortSignal,
    options?: MaintainOptions,
  ): Promise<Maintained> {
    return this.#ready((all) =>
      maintain(new PostgresMaintenance(all, this.#tables), now, retention, signal, options),
    )
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  /** Runs something on tables that are up to date. @throws StoreError where they are not */
  #ready<T>(work: (connections: Connections) => Promise<T>): Promise<T> {
    return this.#named(async () => {
      await this.#look(findSchema)
      return await work(this.#connections)
    })
  }

  /** Runs something on tables that are brought up to date for it. */
  #made<T>(work: (connections: Connections) => Promise<T>): Promise<T> {
    return this.#named(async () => {
      await this.#look(ensureSchema)
      return await work(this.#connections)
    })
  }

  /** Looked at until that has succeeded once. */
  async #look(how: typeof ensureSchema): Promise<Schema> {
    this.#schema ??= await how(this.#connections)
    return this.#schema
  }

  /** Puts errors into words. */
  async #named<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (caught) {
      throw errorOf(caught, this.#connections.name)
    }
  }

  get #tables(): CountTables {
    return this.#schema?.isTimescale === true ? HYPERTABLES : PARTITIONED
  }
}
