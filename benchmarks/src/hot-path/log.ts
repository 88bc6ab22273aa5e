import { EventCountLogger } from 'ecl-core'
import { MemoryStore } from 'ecl-core/testing'
import type { BenchmarkCase, Contestant, Goal } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import {
  type Count,
  hotShots,
  mapOfBoxes,
  openTelemetry,
  promClient,
  statsdClient,
} from './counting-peers.ts'
import { eventNames, shuffledCalls, timeCalls } from './time-calls.ts'

/** A group whose counts wait in memory for longer than a measurement takes. */
export const CACHED = {
  events: [],
  auto_declare_events: true,
  python_writers: false,
  intervals: ['24h'],
  sync_interval: 3600,
} as const

/** Counts by name in a group that is cached. */
export function eclLog(intervals: readonly string[] = CACHED.intervals): Count {
  const ecl = new EventCountLogger({ bench: { ...CACHED, intervals } }, new MemoryStore())
  const group = ecl.getGroup('bench')
  return (event) => group.log(event)
}

/** With the work that follows: the counts of each second go to a Redis. */
async function eclFlushing(context: CellContext): Promise<Count> {
  const redis = await context.redis()
  const ecl = new EventCountLogger({ bench: { ...CACHED, sync_interval: 1 } }, redis.backend)
  context.onClose(() => ecl.close({ timeoutMs: 100 }).then(() => undefined))
  const group = ecl.getGroup('bench')
  return (event) => group.log(event)
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** All who count by name, with these names. */
function logContestants(callsOf: () => readonly string[]): Contestant[] {
  const one = (
    ...[id, title, kind, open, pause]: readonly [
      string,
      string,
      Contestant['kind'],
      (context: CellContext) => Count | Promise<Count>,
      (() => Promise<void>)?,
    ]
  ): Contestant => ({
    ...{ id, title, kind },
    run: async (context) => ({
      ns: await timeCalls(context, await open(context), callsOf(), pause),
    }),
  })
  return [
    one('ecl', "`log('x')`, cached", 'ours', () => eclLog()),
    one(
      'ecl-flushing',
      'the same, with its flush to Redis each second',
      'ours',
      eclFlushing,
      nextTurn,
    ),
    one('map', '`Map` with a box each', 'floor', mapOfBoxes),
    one('prom-client', 'prom-client `inc({ event })`', 'peer', promClient),
    one('open-telemetry', 'OpenTelemetry `add(1, { event })`', 'peer', openTelemetry),
    one('statsd-client', 'statsd-client `increment`', 'peer', statsdClient, nextTurn),
    one('hot-shots', 'hot-shots `increment`, buffered', 'peer', hotShots, nextTurn),
  ]
}

/** Counting by name among so many, at random. */
export function logCase(names: number, goals: readonly Goal[], id = `log-${names}`): BenchmarkCase {
  return {
    id,
    title: `\`log('x')\`, ${names.toLocaleString('en')} names at random`,
    measures: { ns: { title: 'a call', unit: 'ns' } },
    contestants: logContestants(() => shuffledCalls(eventNames(names))),
    goals,
    slow: names > 10_000,
  }
}

/** Counting by a few names in turn, so that the processor foresees what comes, as it does in most programs. */
function inTurnCase(names: number, goals: readonly Goal[]): BenchmarkCase {
  return {
    id: `log-${names}`,
    title: `\`log('x')\`, ${names} names in turn`,
    measures: { ns: { title: 'a call', unit: 'ns' } },
    contestants: logContestants(() => eventNames(names)),
    goals,
  }
}

const against = (names: string, other: string, title: string, factor: number): Goal => ({
  says: `\`log('x')\`, ${names} names, is ${factor} × faster than ${title}`,
  ...{ measure: 'ns', of: other, against: 'ecl', atLeast: factor },
})
const toMap = (names: string, atMost: number): Goal => ({
  says: `\`log('x')\`, ${names} names, to a \`Map\` with boxes`,
  ...{ measure: 'ns', of: 'ecl', against: 'map', atMost },
})

/** Counting by name. */
export const logCases: readonly BenchmarkCase[] = [
  inTurnCase(10, [
    toMap('10', 1.3),
    against('10', 'prom-client', 'prom-client', 10),
    against('10', 'open-telemetry', 'OpenTelemetry', 35),
  ]),
  logCase(10, [], 'log-10-random'),
  logCase(10_000, [toMap('10,000', 1.2), against('10,000', 'prom-client', 'prom-client', 7)]),
  logCase(100_000, [toMap('100,000', 1.2), against('100,000', 'prom-client', 'prom-client', 7)]),
]
