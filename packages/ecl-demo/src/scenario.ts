import type { GroupConfig, GroupsConfig } from 'ecl-core'
import type { Sync, Work } from './job.ts'
import { BURST_SECONDS, RATES } from './loads.ts'
import { type LogCount, PATHS, STATUS } from './log-file.ts'
import type { Options } from './options.ts'
import { fit, plural } from './render.ts'
import type { Counts } from './tally.ts'

/** What a run of the demo counts, with which services. */
export interface Scenario {
  /** Opens the output. */
  readonly title: string
  readonly groups: GroupsConfig
  /** The group that ecl-reader is asked for. */
  readonly shown: string
  readonly services: readonly ServicePlan[]
  /** A direct count of what the services replay. */
  readonly direct: LogCount | undefined
}

/** One service process. */
export interface ServicePlan {
  readonly name: string
  /** What it does, for people. */
  readonly about: string
  readonly sync: Sync
  readonly work: Work
}

/** The longer of the two intervals in which everything is counted. */
export const LONG_INTERVAL = '1m'
/** Its length. */
export const LONG_SECONDS = 60

/** Three different services that work for a while. */
export function liveScenario({ seconds, window }: Options): Scenario {
  const intervals = [`${window}s`, LONG_INTERVAL]
  const events = ['page_view', 'api_call', 'job', 'not_found', 'error']
  return {
    title: `three services log events for ${seconds} s`,
    groups: {
      requests: { events, intervals },
      pages: dynamicGroup(intervals),
    },
    shown: 'requests',
    services: [
      {
        name: 'web',
        about: `${RATES.web} requests/s; cached, its counts are sent once a second`,
        sync: { sync_interval: 1 },
        work: { kind: 'web' },
      },
      {
        name: 'api',
        about: `${RATES.api} requests/s; direct, its counts are sent at once`,
        sync: {},
        work: { kind: 'api' },
      },
      {
        name: 'batch',
        about: `${RATES.batch} jobs every ${BURST_SECONDS} s; cached, sent at 500 of an event and at a window's end`,
        sync: { sync_limit: 500 },
        work: { kind: 'batch' },
      },
    ],
    direct: undefined,
  }
}

/** A log, its lines dealt out to three services like cards. */
export function replayScenario(
  name: string,
  { seconds, window }: Options,
  log: LogCount,
): Scenario {
  const group = dynamicGroup([`${window}s`, LONG_INTERVAL])
  const caching: readonly [about: string, sync: Sync][] = [
    ['cached, its counts are sent once a second', { sync_interval: 1 }],
    ['direct, its counts are sent at once', {}],
    ["cached, sent at 100 of an event and at a window's end", { sync_limit: 100 }],
  ]
  const shares = caching.length
  return {
    title: `three services replay ${plural(log.lines, 'line')} of ${fit(name, 30)} in ${seconds} s`,
    groups: { [STATUS]: group, [PATHS]: group },
    shown: STATUS,
    services: caching.map(([about, sync], share) => ({
      name: `service ${share + 1}`,
      about: `every third line; ${about}`,
      sync,
      work: {
        kind: 'replay',
        file: log.file,
        bytes: log.bytes,
        lines: log.lines,
        share,
        shares,
      },
    })),
    direct: log,
  }
}

function dynamicGroup(intervals: readonly string[]): GroupConfig {
  return { events: [], intervals, auto_declare_events: true, python_writers: false }
}

/** The direct count of a group, where there is one. */
export function directCounts(scenario: Scenario, group: string): readonly Counts[] {
  return scenario.direct === undefined ? [] : [scenario.direct.tally.of(group)]
}

/** The config file of a scenario. */
export function configYaml(scenario: Scenario, backend: string): string {
  const groups = Object.entries(scenario.groups).flatMap(([name, group]) => [
    `  ${name}:`,
    `    events: [${group.events.join(', ')}]`,
    `    intervals: [${group.intervals.join(', ')}]`,
    ...(group.auto_declare_events === true
      ? [
          '    auto_declare_events: true',
          '    python_writers: false # nobody has to look for their events',
        ]
      : []),
  ])
  return [
    '# Written by the demo. How counts are cached is up to each service.',
    backend,
    'history: { store: sqlite:history.db }',
    'groups:',
    ...groups,
    '',
  ].join('\n')
}
