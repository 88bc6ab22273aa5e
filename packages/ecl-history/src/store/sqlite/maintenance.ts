import { randomUUID } from 'node:crypto'
import { asError } from 'ecl-core'
import { errcodeOf, numberIn, textIn } from 'ecl-sqlite/file'
import type { Retention } from '../history-store.ts'
import { type Level, planStretches } from '../levels.ts'
import { firstRun, type Levels, type MaintenanceSource, type RolledUp } from '../maintenance.ts'
import { type Keeping, planRetention } from '../retention.ts'
import type { Statements } from './history-file.ts'
import { staleIn } from './slices.ts'

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

  levels(): Promise<readonly Levels[] | undefined> {
    return this.#step(levelsIn)
  }

  rollUpNext(
    levels: Levels,
    index: number,
    from: number,
    now: number,
  ): Promise<RolledUp | undefined> {
    return this.#step((statements) => rollUpNext(statements, levels, index, from, now))
  }

  forget(
    levels: Levels,
    now: number,
    retention: Retention,
  ): Promise<readonly Keeping[] | undefined> {
    return this.#step((statements) => {
      const firstStale = ({ id }: Level, before: number) => {
        const row = statements.listStale.get({ series: id, from: 0, to: before, limit: 1 })
        return row === undefined ? undefined : numberIn(row, 'start')
      }
      const planned = planRetention(levels, retention, now, firstStale)
      for (const { level, keptFrom } of planned) {
        statements.keepFrom.run({ series: level.id, kept_from: keptFrom })
        statements.dropStale.run({ series: level.id, from: 0, to: keptFrom })
      }
      return planned
    })
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

function levelsIn({ allSeries }: Statements): readonly Levels[] {
  const found = new Map<string, Level[]>()
  for (const row of allSeries.iterate({})) {
    const key = `${textIn(row, 'group_name')}:${textIn(row, 'interval')}`
    const levels = found.get(key) ?? []
    levels.push({
      id: numberIn(row, 'id'),
      seconds: numberIn(row, 'seconds'),
      keptFrom: numberIn(row, 'kept_from'),
    })
    found.set(key, levels)
  }
  return [...found.values()]
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
  for (const stretch of planStretches(finer, from, to, staleIn(statements))) {
    const { level } = stretch
    const inputs = { series, seconds, source: level.id, from: stretch.from, to: stretch.to }
    const [windows, counts] =
      level === finer[0]
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
