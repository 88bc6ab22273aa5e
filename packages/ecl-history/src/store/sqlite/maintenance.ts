import { randomUUID } from 'node:crypto'
import { asError } from 'ecl-core'
import { errcodeOf, numberIn, textIn } from 'ecl-sqlite/file'
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
import { asOneStep, plan } from '../plan.ts'
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
import type { Statements } from './history-file.ts'
import { readable } from './sqlite-reading.ts'

/** Runs statements in a transaction. */
export type Write = <T>(work: (statements: Statements) => T) => Promise<T>

/** Steps of one transaction; others wait for it. */
const STEPS_AT_ONCE = 60
const ROWS_AT_ONCE = 10_000
/** Whoever has had the maintenance for so long, and not renewed it, is dead. */
const LEASE_MS = 60_000
const SQLITE_ERROR = 1

/** The maintenance of a file, by one process at a time. */
export class SqliteMaintenance implements MaintenanceSource {
  readonly #write: Write
  readonly #holder = randomUUID()

  constructor(write: Write) {
    this.#write = write
  }

  series(): Promise<readonly Series[] | undefined> {
    return this.#step(seriesIn)
  }

  clocks(host: number): Promise<Clocks | undefined> {
    return this.#step((statements) => clocksOf(statements, host))
  }

  rollUpNext(
    levels: Levels,
    index: number,
    from: number,
    now: number,
  ): Promise<RolledUp | undefined> {
    return this.#step((statements) => rollUpNext(statements, levels, index, from, now))
  }

  forget(levels: Levels, aging: Aging): Promise<Forgotten | undefined> {
    return this.#step((statements) => forget(statements, levels, aging))
  }

  removeSome(
    { level, keptFrom }: Keeping,
    isRolledUp: boolean,
  ): Promise<{ readonly windows: number; readonly more: boolean } | undefined> {
    return this.#step((statements) => {
      const { expireCounts, expireParts, expireWindows, expireStepCounts, expireSteps } = statements
      const inputs = { series: level.id, kept_from: keptFrom, limit: ROWS_AT_ONCE }
      // Windows last: while there is one, there may be counts of it.
      const order = isRolledUp
        ? [expireStepCounts, expireSteps]
        : [expireCounts, expireParts, expireWindows]
      for (const statement of order) {
        const removed = Number(statement.run(inputs).changes)
        const windows = statement === order.at(-1) ? removed : 0
        if (removed > 0) return { windows, more: true }
      }
      return { windows: 0, more: false }
    })
  }

  async leave(): Promise<void> {
    await this.#write(({ leaveMaintenance }) => leaveMaintenance.run({ holder: this.#holder }))
  }

  /** Runs statements while the maintenance is ours; undefined where it is not. */
  #step<T>(work: (statements: Statements) => T): Promise<T | undefined> {
    return this.#write((statements) => {
      const nowMs = Date.now()
      const lease = { holder: this.#holder, now_ms: nowMs, until_ms: nowMs + LEASE_MS }
      const { changes } = statements.takeMaintenance.run(lease)
      return Number(changes) === 0 ? undefined : work(statements)
    })
  }
}

/** What the clocks say. The file has none of its own, so its is the one here. */
export function clocksOf({ readClocks }: Statements, host: number): Clocks {
  const newest = numberIn(readClocks.get({}), 'newest')
  return { host, database: host, newest: newest === 0 ? undefined : newest }
}

function seriesIn({ allSeries }: Statements): readonly Series[] {
  const found = new Map<string, Series & { readonly levels: Level[] }>()
  for (const row of allSeries.iterate({})) {
    const [group, interval] = [textIn(row, 'group_name'), textIn(row, 'interval')]
    const key = `${group}:${interval}`
    const series = found.get(key) ?? { group, interval, levels: [] }
    series.levels.push({
      id: numberIn(row, 'id'),
      seconds: numberIn(row, 'seconds'),
      keptFrom: numberIn(row, 'kept_from'),
    })
    found.set(key, series)
  }
  return [...found.values()]
}

function forget(
  statements: Statements,
  levels: Levels,
  { clocks, force, retention }: Aging,
): Forgotten {
  const firstStale = ({ id }: Level, before: number) => {
    const row = statements.listStale.get({ series: id, from: 0, to: before, limit: 1 })
    return row === undefined ? undefined : numberIn(row, 'start')
  }
  const restored = levels.flatMap((_, index) => restore(statements, levels, index, clocks))
  const aging = agingTime(clocks, force)
  if (aging === undefined) return { expired: [], refused: [], restored }
  const expired: Keeping[] = []
  const refused: Keeping[] = []
  for (const keeping of planRetention(levels, retention, aging, firstStale)) {
    const { level, keptFrom } = keeping
    const isKnown = numberIn(statements.findCoverage.get(evidenceFor(keptFrom, aging)), 'n') > 0
    if (force || isKnown) {
      statements.keepFrom.run({ series: level.id, kept_from: keptFrom })
      statements.dropStale.run({ series: level.id, from: 0, to: keptFrom })
      expired.push(keeping)
    } else if (isThere(statements, keeping)) refused.push(keeping)
  }
  return { expired, refused, restored }
}

/** Takes back that a level is kept only from a time on that is still to come. */
function restore(
  { findLeft, findLeftSteps, keepFrom }: Statements,
  levels: Levels,
  index: number,
  clocks: Clocks,
): readonly Keeping[] {
  const level = levels[index]
  if (level === undefined || level.keptFrom <= latestTime(clocks)) return []
  const row = (index === 0 ? findLeft : findLeftSteps).get({ series: level.id })
  const keptFrom = restoredMark(leftIn(row), unitOf(levels, index), clocks)
  keepFrom.run({ series: level.id, kept_from: keptFrom })
  return [{ level, keptFrom }]
}

/** Whether there is anything that is no longer kept. */
function isThere({ readExtent }: Statements, { level, keptFrom }: Keeping): boolean {
  const row = readExtent.get({ series: level.id, kept_from: 0 })
  return row !== undefined && numberIn(row, 'first') < keptFrom
}

function rollUpNext(
  statements: Statements,
  levels: Levels,
  index: number,
  from: number,
  now: number,
): RolledUp | undefined {
  const level = levels[index]
  if (level === undefined) return undefined
  const { id, seconds } = level
  const limits = { series: id, from, to: now - seconds + 1, limit: STEPS_AT_ONCE }
  const stale = [...statements.listStale.iterate(limits)].map((row) => numberIn(row, 'start'))
  const run = firstRun(stale, seconds)
  const last = run.at(-1)
  if (last === undefined) return undefined
  const made = run.filter((start) =>
    makeStep(statements, levels.slice(0, index), { series: id, from: start, to: start + seconds }),
  )
  return { to: last + seconds, rolledUp: made.length }
}

/** A step of one roll-up. */
type Step = { readonly [Key in 'series' | 'from' | 'to']: number }

/** Makes a step anew. Says whether it could be. */
function makeStep(statements: Statements, finer: Levels, step: Step): boolean {
  try {
    dropStep(statements, step)
    fillStep(statements, finer, step)
    statements.dropStale.run(step)
    return true
  } catch (caught) {
    if (!isOverflow(caught)) throw caught
    dropStep(statements, step)
    return false
  }
}

function dropStep({ dropSteps, dropStepCounts }: Statements, step: Step): void {
  dropSteps.run(step)
  dropStepCounts.run(step)
}

function fillStep(statements: Statements, finer: Levels, { series, from, to }: Step): void {
  // A number would go in as a double, by which there is no division without rest.
  const seconds = BigInt(to - from)
  const levels = readable(statements, finer, { from, to })
  for (const read of plan(asOneStep({ from, to }), levels)) {
    const inputs = { series, seconds, source: read.level.id, from: read.from, to: read.to }
    const [windows, counts] =
      read.level === levels[0]
        ? [statements.rollWindows, statements.rollCounts]
        : [statements.rollSteps, statements.rollStepCounts]
    windows.run(inputs)
    counts.run(inputs)
  }
}

/** SQLite has no code of its own for it. An addition that leaves 64 bits is a REAL, which no column here takes. */
function isOverflow(caught: unknown): boolean {
  const { message } = asError(caught)
  const isSum = errcodeOf(caught) === SQLITE_ERROR && message.includes('integer overflow')
  return isSum || message.includes('cannot store REAL value in INTEGER column')
}
