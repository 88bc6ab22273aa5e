import { historyStoreProblem } from '../store/history-backend.ts'
import { parseDuration } from './duration.ts'
import { type Findings, isMapping, type Path, quote } from './problem.ts'

/**
 * The rules on the history that a JSON Schema cannot say. What does not have its shape is left to the schema.
 *
 * @param history the `history:` of a config, in the schema's spelling
 */
export function checkHistory(history: unknown, findings: Findings): void {
  if (!isMapping(history)) return
  const { store, keep, keep_unarchived: bounds } = history
  if (typeof store === 'string' && store !== '') {
    const problem = historyStoreProblem(store)
    if (problem !== undefined) findings.fault(['history', 'store'], problem)
  }
  if (isMapping(keep)) checkKeep(keep, findings)
  if (isMapping(bounds)) {
    checkDuration(bounds['time'], ['history', 'keep_unarchived', 'time'], findings)
  }
}

function checkKeep(keep: Readonly<Record<string, unknown>>, findings: Findings): void {
  for (const [length, time] of Object.entries(keep)) {
    const path = ['history', 'keep', length]
    const parsed = parseDuration(length)
    if ('problem' in parsed) {
      findings.fault(
        path,
        `${quote(length)} is no length of windows; write an interval or a step, such as "5m" or "1d"`,
      )
      continue
    }
    checkDuration(time, path, findings)
  }
}

function checkDuration(time: unknown, path: Path, findings: Findings): void {
  if (typeof time !== 'string') return
  const parsed = parseDuration(time)
  if ('problem' in parsed) findings.fault(path, `${findings.show(path, time)} ${parsed.problem}`)
}
