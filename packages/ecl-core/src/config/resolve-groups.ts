import { ConfigError } from '../errors.ts'
import type { GroupSpec } from '../group-spec.ts'
import { type Interval, parseInterval } from '../interval.ts'
import { checkConfig } from './check-config.ts'
import type { GroupConfig, GroupsConfig } from './config-types.ts'
import { formatProblem } from './problem.ts'

/** Some tens of megabytes at most. */
const DEFAULT_REPLAY_LIMIT = 100_000

/**
 * Turns groups in the config's shape into what the rest of the system works with: checked, with defaults filled in.
 * Groups may come from `loadConfig` or be written in a program.
 *
 * @param groups group name → group, as under `groups:` of the config file
 * @param origin where they come from, to open each line of an error with
 * @returns the groups in the order of the config
 * @throws ConfigError with all faults, one line each, such as `groups.web.events: is missing; …`
 */
export function resolveGroups(groups: GroupsConfig, origin?: string): GroupSpec[] {
  const { config, problems } = checkConfig({ groups })
  if (config === undefined) {
    const prefix = origin === undefined ? '' : `${origin}: `
    throw new ConfigError(problems.map((problem) => prefix + formatProblem(problem)))
  }
  return Object.entries(config.groups ?? {}).map(([name, group]) => resolveGroup(name, group))
}

function resolveGroup(name: string, group: GroupConfig): GroupSpec {
  const { sync_interval: syncSeconds, layout = 'keys' } = group
  return {
    name,
    events: [...new Set(group.events)],
    intervals: group.intervals.map(parseChecked),
    dynamic: group.auto_declare_events ?? false,
    // A timer of 0 ms would spin.
    syncIntervalMs:
      syncSeconds === undefined ? undefined : Math.max(1, Math.round(syncSeconds * 1000)),
    syncLimit: group.sync_limit,
    maxEvents: group.max_events,
    replayLimit: group.replay_limit ?? DEFAULT_REPLAY_LIMIT,
    overflowEvent: group.overflow_event ?? 'other',
    pythonWriters: layout === 'hash' ? false : (group.python_writers ?? 'auto'),
    layout,
  }
}

/** An interval that has been checked before. */
function parseChecked(spec: string): Interval {
  const interval = parseInterval(spec)
  if ('problem' in interval) throw new Error(`bug: "${spec}" ${interval.problem}`)
  return interval
}
