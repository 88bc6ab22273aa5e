import { parseInterval } from '../interval.ts'
import { eventIdProblem, groupNameProblem } from '../names.ts'
import { appearanceOf, differenceOf, escapeText } from './lookalikes.ts'
import { type Findings, isMapping, type Path, quote } from './problem.ts'

/**
 * The rules on groups that a JSON Schema cannot say. What does not have its shape is left to the schema.
 *
 * @param groups the `groups:` of a config, in the schema's spelling
 */
export function checkGroups(groups: unknown, findings: Findings): void {
  if (groups === undefined || groups === null) {
    findings.warn(['groups'], 'no groups are configured, so nothing is counted')
    return
  }
  if (!isMapping(groups)) return
  const entries = Object.entries(groups)
  if (entries.length === 0) findings.warn(['groups'], 'holds no groups, so nothing is counted')
  const lookalikes = new Lookalikes(findings)
  for (const [name, group] of entries) {
    const path = ['groups', name]
    lookalikes.check(path, name, 'another group', quote(name))
    const problem = groupNameProblem(name)
    if (problem !== undefined) findings.fault(path, `the name ${quote(name)} ${problem}`)
    if (isMapping(group)) checkGroup(group, path, findings)
  }
}

function checkGroup(
  group: Readonly<Record<string, unknown>>,
  path: Path,
  findings: Findings,
): void {
  checkEvents(group, path, findings)
  checkIntervals(group['intervals'], [...path, 'intervals'], findings)
  const dynamic = group['auto_declare_events'] === true
  if (!dynamic && Array.isArray(group['events']) && group['events'].length === 0) {
    const remedy = 'list some, or set auto_declare_events'
    findings.warn([...path, 'events'], `is empty, so this group counts nothing; ${remedy}`)
  }
  checkBound(group, path, findings)
  if (group['layout'] === 'hash' && group['python_writers'] === true) {
    const why = 'stands beside layout: hash, which Python programs cannot write or read'
    findings.fault([...path, 'python_writers'], `${why}; remove one of the two`)
  }
}

function checkEvents(
  { events, overflow_event: overflow }: Readonly<Record<string, unknown>>,
  path: Path,
  findings: Findings,
): void {
  const lookalikes = new Lookalikes(findings)
  const listed = Array.isArray(events) ? events : []
  const firstAt = new Map<string, number>()
  listed.forEach((event: unknown, index) => {
    if (typeof event !== 'string') return
    const at = [...path, 'events', index]
    lookalikes.check(at, event, `events[${index}]`)
    const problem = eventIdProblem(event) ?? halfPairProblem(event)
    const first = firstAt.get(event)
    if (problem !== undefined) findings.fault(at, `${findings.show(at, event)} ${problem}`)
    else if (first === undefined) firstAt.set(event, index)
    else findings.warn(at, `${findings.show(at, event)} is listed already, as events[${first}]`)
  })
  if (typeof overflow === 'string') {
    lookalikes.check([...path, 'overflow_event'], overflow, 'overflow_event')
  }
}

/** Finds names that look like one that was there before, and are another one. */
class Lookalikes {
  readonly #findings: Findings
  readonly #first = new Map<string, { name: string; where: string; shown: string }>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /**
   * @param where names the place of the name, for a message about another one
   * @param shown the name for a message; undefined for a value of the config
   */
  check(at: Path, name: string, where: string, shown = this.#findings.show(at, name)): void {
    const appearance = appearanceOf(name)
    const first = this.#first.get(appearance)
    if (first === undefined) {
      this.#first.set(appearance, { name, where, shown })
    } else if (first.name !== name) {
      const names = `${escapeText(shown)} looks like ${first.where}, ${escapeText(first.shown)}`
      const how = `they differ by ${differenceOf(name, first.name)}`
      const remedy = 'if that is a slip, write it as there'
      this.#findings.warn(at, `${names}, and is counted apart from it; ${how}; ${remedy}`)
    }
  }
}

/** Two events that differ by that alone would be one in a store. One that is logged is counted under U+FFFD. */
function halfPairProblem(event: string): string | undefined {
  return event.isWellFormed() ? undefined : 'holds half of a surrogate pair, which is no character'
}

function checkIntervals(intervals: unknown, path: Path, findings: Findings): void {
  if (!Array.isArray(intervals)) return
  const bySeconds = new Map<number, string>()
  intervals.forEach((text: unknown, index) => {
    if (typeof text !== 'string') return
    const at = [...path, index]
    const shown = findings.show(at, text)
    const interval = parseInterval(text)
    if ('problem' in interval) {
      findings.fault(at, `${shown} ${interval.problem}`)
      return
    }
    const same = bySeconds.get(interval.seconds)
    if (same === undefined) {
      bySeconds.set(interval.seconds, shown)
    } else {
      const found = same === shown ? 'is listed already' : `is as long as ${same}`
      findings.fault(at, `${shown} ${found}; a group has each length once`)
    }
  })
}

/** `max_events` and the event that goes with it. */
function checkBound(
  group: Readonly<Record<string, unknown>>,
  path: Path,
  findings: Findings,
): void {
  const overflow = group['overflow_event']
  const overflowPath = [...path, 'overflow_event']
  if (typeof overflow === 'string') {
    const problem = eventIdProblem(overflow)
    if (problem !== undefined) {
      findings.fault(overflowPath, `${findings.show(overflowPath, overflow)} ${problem}`)
      return
    }
  }
  const bounded = group['max_events'] !== undefined
  if (group['auto_declare_events'] !== true) {
    const why =
      'has no effect in a group that is not dynamic; remove it, or set auto_declare_events'
    if (bounded) findings.warn([...path, 'max_events'], why)
    if (overflow !== undefined) findings.warn(overflowPath, why)
  } else if (overflow !== undefined && !bounded) {
    findings.warn(overflowPath, 'has no effect without max_events; remove it, or set max_events')
  }
}
