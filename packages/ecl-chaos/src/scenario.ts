import type { GroupConfig, GroupsConfig } from 'ecl-core'

/** Every group has an event of this name, which is counted together with each of the others. */
export const ALL = 'all'
/** Stands for all events but `all` of a group whose events are not looked at one by one. */
const REST = 'rest'
/** Declared by loggers alone: neither masters nor readers have it in their configs. */
export const EXTRA = 'extra'

const HOURS = [100_000, 70_001, 50_003]

/** What the processes of a run share. */
export interface Scenario {
  readonly groups: GroupsConfig
  /** Of an older config: some events are missing in it, and a group has the other layout. */
  readonly olderGroups: GroupsConfig
}

/**
 * The groups of a run.
 *
 * @param nowMs when it begins
 * @param durationMs how long it may last, with its end
 * @param hasHistory whether there are windows so short that a crash undoes several turns of them, which are in SQL by then
 */
export function makeScenario(nowMs: number, durationMs: number, hasHistory: boolean): Scenario {
  const long = longInterval(nowMs, durationMs)
  const short = hasHistory ? '1s' : '2s'
  const groups = {
    direct: {
      events: [ALL, 'hit', 'miss'],
      intervals: [short, '3s', long],
      // Else late counts might be theirs, and would not be withdrawn from the history.
      python_writers: false,
    },
    cached: { events: [ALL, 'job', 'task'], intervals: ['2s', '7s', long], sync_interval: 0.5 },
    limited: {
      events: [ALL, 'x', 'y'],
      intervals: ['3s', '7s', long],
      sync_interval: 1,
      sync_limit: 25,
    },
    dynamic: {
      events: [ALL],
      intervals: ['2s', '7s', long],
      auto_declare_events: true,
      sync_interval: 0.3,
      python_writers: false,
    },
    bounded: {
      events: [ALL],
      intervals: ['3s', long],
      auto_declare_events: true,
      sync_interval: 0.4,
      max_events: 12,
      overflow_event: 'other',
      python_writers: false,
    },
    hashed: {
      events: [ALL],
      intervals: ['2s', '7s', long],
      auto_declare_events: true,
      sync_interval: 0.4,
      layout: 'hash',
    },
    wide: {
      events: [ALL],
      intervals: ['7s', long],
      auto_declare_events: true,
      sync_interval: 1.5,
      python_writers: false,
    },
  } satisfies GroupsConfig
  const older: GroupConfig = { ...groups.direct, events: [ALL, 'hit'] }
  const hashed: GroupConfig = { ...groups.hashed, layout: 'keys' }
  return { groups, olderGroups: { ...groups, direct: older, hashed } }
}

/** An interval whose window does not end during the run: what it counts is all that has been counted. */
function longInterval(nowMs: number, durationMs: number): string {
  const hourMs = 3_600_000
  const fit = HOURS.find((hours) => {
    const lengthMs = hours * hourMs
    return Math.floor(nowMs / lengthMs) === Math.floor((nowMs + durationMs) / lengthMs)
  })
  if (fit === undefined) throw new Error('every long interval ends during the run; start again')
  return `${fit}h`
}

/** Under which name an event is looked at in the checks. */
export function lookedAtAs(group: string, event: string): string {
  if (event === ALL || (group !== 'wide' && group !== 'bounded')) return event
  return REST
}

/** Whether all events of a tick are in one batch, so that no reading may show a part of them. */
export function isWholeInReadings(group: string): boolean {
  // More events than one batch can hold.
  return group !== 'wide'
}
