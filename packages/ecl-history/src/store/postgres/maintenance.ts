import { randomUUID } from 'node:crypto'
import { numberIn } from 'ecl-sqlite/file'
import type { Level } from '../levels.ts'
import {
  type Aging,
  type Forgotten,
  firstRun,
  type Levels,
  type MaintenanceSource,
  type RolledUp,
  type Series,
} from '../maintenance.ts'
import { plan } from '../plan.ts'
import {
  agingTime,
  type Clocks,
  evidenceFor,
  type Keeping,
  latestTime,
  leftIn,
  planRetention,
  restoredMark,
  unitOf,
} from '../retention.ts'
import type { Connections, Query } from './connections.ts'
import type { CountTables } from './count-tables.ts'
import { allSeries } from './postgres-levels.ts'
import { codeOf } from './postgres-problem.ts'
import { inputsOf, readable } from './postgres-reading.ts'
import * as sql from './sql.generated.ts'

/** Steps of one transaction; who archives windows of them waits for it. */
const STEPS_AT_ONCE = 60
const ROWS_AT_ONCE = 10_000
/** Whoever has had the maintenance for so long, and not renewed it, is dead. */
const LEASE_SECONDS = 60
const OUT_OF_RANGE = '22003'

/** The maintenance of a database, by one process at a time. */
export class PostgresMaintenance implements MaintenanceSource {
  readonly #connections: Connections
  readonly #tables: CountTables
  readonly #holder = randomUUID()

  constructor(connections: Connections, tables: CountTables) {
    this.#connections = connections
    this.#tables = tables
  }

  series(): Promise<readonly Series[] | undefined> {
    return this.#step(allSeries)
  }

  clocks(host: number): Promise<Clocks | undefined> {
    return this.#step((query) => clocksOf(query, host))
  }

  async rollUpNext(
    levels: Levels,
    index: number,
    from: number,
    now: number,
  ): Promise<RolledUp | undefined> {
    const level = levels[index]
    if (level === undefined) return undefined
    const run = await this.#step((query) => staleRun(query, level, from, now))
    const [first] = run ?? []
    const last = run?.at(-1)
    if (run === undefined || first === undefined || last === undefined) return undefined
    const finer = levels.slice(0, index)
    const to = last + level.seconds
    if (await this.#make(level, finer, first, to)) return { to, rolledUp: run.length }
    // One of them cannot be made; the others can.
    let rolledUp = 0
    for (const start of run) {
      if (await this.#make(level, finer, start, start + level.seconds)) rolledUp++
    }
    return { to, rolledUp }
  }

  async forget(levels: Levels, aging: Aging): Promise<Forgotten | undefined> {
    const forgotten = await this.#step((query) => forget(query, levels, aging))
    if (forgotten !== undefined && forgotten.expired.length > 0) {
      await this.#step((query) => this.#tables.dropExpired(query))
    }
    return forgotten
  }

  removeSome(
    { level, keptFrom }: Keeping,
    isRolledUp: boolean,
  ): Promise<{ readonly windows: number; readonly more: boolean } | undefined> {
    return this.#step(async (query) => {
      // Windows last: while there is one, there may be counts of it.
      const order = isRolledUp
        ? [sql.expireStepCounts, sql.expireSteps]
        : [sql.expireCounts, sql.expireParts, sql.expireWindows]
      for (const statement of order) {
        const [row] = await query(statement, [level.id, keptFrom, ROWS_AT_ONCE])
        const removed = numberIn(row, 'n')
        const windows = statement === order.at(-1) ? removed : 0
        if (removed > 0) return { windows, more: true }
      }
      return { windows: 0, more: false }
    })
  }

  async leave(): Promise<void> {
    await this.#connections.query(sql.leaveMaintenance, [this.#holder])
  }

  /** Makes steps anew. Says whether it could be done: not where a sum leaves 64 bits. */
  async #make(level: Level, finer: Levels, from: number, to: number): Promise<boolean> {
    try {
      const made = await this.#step(async (query) => {
        await makeSteps(query, level, finer, from, to, this.#tables)
        return true
      })
      return made ?? false
    } catch (caught) {
      if (codeOf(caught) === OUT_OF_RANGE) return false
      throw caught
    }
  }

  /** Runs statements while the maintenance is ours; undefined where it is not. */
  #step<T>(work: (query: Query) => Promise<T>): Promise<T | undefined> {
    return this.#connections.write(async (query) => {
      const taken = await query(sql.takeMaintenance, [this.#holder, LEASE_SECONDS])
      if (taken.length === 0) return undefined
      await this.#tables.begin(query)
      return await work(query)
    })
  }
}

async function staleRun(
  query: Query,
  { id, seconds }: Level,
  from: number,
  now: number,
): Promise<readonly number[]> {
  const rows = await query(sql.listStale, [[id], from, now - seconds + 1, STEPS_AT_ONCE])
  return firstRun(
    rows.map((row) => numberIn(row, 'start')),
    seconds,
  )
}

async function makeSteps(
  query: Query,
  { id, seconds }: Level,
  finer: Levels,
  from: number,
  to: number,
  tables: CountTables,
): Promise<void> {
  const steps = [id, from, to]
  await tables.makeRoom(query, [from, to - 1])
  await query(sql.dropStale, steps)
  await query(sql.dropSteps, steps)
  await query(sql.dropStepCounts, steps)
  const levels = await readable(query, finer, { from, to })
  for (const read of plan({ from, to, stepSeconds: seconds, offsetSeconds: 0 }, levels)) {
    const [windows, counts] =
      read.level === levels[0]
        ? [sql.rollWindows, sql.rollCounts]
        : [sql.rollSteps, sql.rollStepCounts]
    const inputs = [id, seconds, ...inputsOf(read)]
    await query(windows, inputs)
    await query(counts, inputs)
  }
}

/** What the clocks say. */
export async function clocksOf(query: Query, host: number): Promise<Clocks> {
  const [row] = await query(sql.readClocks)
  const newest = numberIn(row, 'newest')
  return { host, database: numberIn(row, 'clock'), newest: newest === 0 ? undefined : newest }
}

async function forget(
  query: Query,
  levels: Levels,
  { clocks, force, retention }: Aging,
): Promise<Forgotten> {
  const ids = levels.map(({ id }) => id)
  // Nobody marks steps meanwhile.
  await query(sql.lockLevels, [ids])
  const restored: Keeping[] = []
  for (const [index, level] of levels.entries()) {
    if (level.keptFrom <= latestTime(clocks)) continue
    const [row] = await query(index === 0 ? sql.findLeft : sql.findLeftSteps, [level.id])
    const keptFrom = restoredMark(leftIn(row), unitOf(levels, index), clocks)
    await query(sql.keepFrom, [level.id, keptFrom])
    restored.push({ level, keptFrom })
  }
  const aging = agingTime(clocks, force)
  if (aging === undefined) return { expired: [], refused: [], restored }
  const rows = await query(sql.listStale, [ids, 0, aging, null])
  const firstStale = ({ id }: Level, before: number) => {
    const row = rows.find(
      (stale) => numberIn(stale, 'series') === id && numberIn(stale, 'start') < before,
    )
    return row === undefined ? undefined : numberIn(row, 'start')
  }
  const expired: Keeping[] = []
  const refused: Keeping[] = []
  for (const keeping of planRetention(levels, retention, aging, firstStale)) {
    const { level, keptFrom } = keeping
    const { from, to } = evidenceFor(keptFrom, aging)
    const [known] = await query(sql.findCoverage, [from, to])
    if (force || numberIn(known, 'n') > 0) {
      await query(sql.keepFrom, [level.id, keptFrom])
      await query(sql.dropStale, [level.id, 0, keptFrom])
      expired.push(keeping)
    } else if (await isThere(query, keeping)) refused.push(keeping)
  }
  return { expired, refused, restored }
}

/** Whether there is anything that is no longer kept. */
async function isThere(query: Query, { level, keptFrom }: Keeping): Promise<boolean> {
  const [row] = await query(sql.readExtents, [[level.id], [0]])
  return row !== undefined && numberIn(row, 'first') < keptFrom
}
