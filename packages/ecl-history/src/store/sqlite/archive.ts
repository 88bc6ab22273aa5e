import type { EpochSeconds } from 'ecl-core'
import { numberIn } from 'ecl-sqlite/file'
import type { ClosedWindow } from '../../closed-window.ts'
import { rankOf } from '../completeness-rank.ts'
import type { Archived } from '../history-store.ts'
import { type Level, stepStart } from '../levels.ts'
import { checkMark } from '../retention.ts'
import { compareVersions, type WindowParts, withdrawn } from '../window-batch.ts'
import type { Statements } from './history-file.ts'
import { clocksOf } from './maintenance.ts'
import { ensureLevels } from './series.ts'

/** Enters windows, in one transaction. */
export function archive(
  statements: Statements,
  windows: readonly WindowParts[],
  now: number,
): Archived {
  let expired = 0
  for (const window of windows) {
    const { group, interval, start } = window.window
    const levels = ensureLevels(statements, group, interval, window.seconds)
    const [level] = levels
    if (level === undefined || start < level.keptFrom) {
      if (level !== undefined) checkMark(level.keptFrom, window.window, clocksOf(statements, now))
      expired += window.parts.size
      continue
    }
    for (const one of [window, ...undoneAfter(statements, level.id, window.window)]) {
      if (enter(statements, level.id, one)) markStale(statements, levels, one.window.start)
    }
  }
  return { expired }
}

/** What is put in the place of windows that the counters' store has forgotten. */
function undoneAfter(
  { findUndone }: Statements,
  series: number,
  after: ClosedWindow,
): readonly WindowParts[] {
  const { start, publishedMs, undone } = after
  if (undone === undefined) return []
  const { next, lossWindowMs, mayHoldForeign } = undone
  const told = { start, next, loss_ms: lossWindowMs, foreign: Number(mayHoldForeign) }
  const inputs = { series, ...told, published_ms: publishedMs }
  return [...findUndone.iterate(inputs)].map((row) =>
    withdrawn(after, numberIn(row, 'start') as EpochSeconds),
  )
}

/** Enters what is new of a window. Says whether there was any. */
function enter(
  statements: Statements,
  series: number,
  { window, parts, isCut }: WindowParts,
): boolean {
  const { start } = window
  const at = { series, start }
  const known = statements.findWindow.get(at)
  const order = known === undefined ? 1 : compareVersions(window, versionIn(known))
  const missingBefore = order > 0 ? window.parts : numberIn(known, 'missing_parts')
  if (order < 0 || missingBefore === 0) return false
  if (order > 0) {
    if (known !== undefined) {
      statements.dropCounts.run(at)
      statements.dropParts.run(at)
    }
    putWindow(statements, series, window, missingBefore)
  }
  let missing = missingBefore
  for (const part of parts.values()) {
    if (Number(statements.putPart.run({ ...at, part: part.part }).changes) === 0) continue
    missing--
    for (const [name, n] of part.counts) {
      const event = statements.events.numberOf(statements, name)
      statements.putCount.run({ series, start, event, n })
    }
  }
  statements.markMissing.run({ ...at, missing_parts: missing })
  if (isCut) statements.markPartial.run(at)
  if (missing === 0) statements.dropParts.run(at)
  return true
}

function putWindow(
  { putWindow: statement }: Statements,
  series: number,
  { start, publishedMs, revision, completeness, late, total }: WindowParts['window'],
  missing: number,
): void {
  statement.run({
    ...{ series, start, published_ms: publishedMs, revision },
    ...{ completeness: rankOf(completeness), late, total, missing_parts: missing },
  })
}

function versionIn(row: unknown): { publishedMs: number; revision: number } {
  return { publishedMs: numberIn(row, 'published_ms'), revision: numberIn(row, 'revision') }
}

function markStale(
  { markStale: statement }: Statements,
  levels: readonly Level[],
  at: number,
): void {
  for (const { id, seconds } of levels.slice(1)) {
    statement.run({ series: id, start: stepStart(at, seconds) })
  }
}
