import { EventCountLogger, type Layout } from 'ecl-core'
import type { BenchmarkCase, Contestant, Figures, Goal } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { CACHED } from '../hot-path/log.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { serverLoad } from '../server-load.ts'
import { median } from '../statistics.ts'

/** Windows so long that hardly a run sees one end. */
const LENGTHS = ['1h', '8h', '24h', '2h', '3h', '6h', '4h', '12h']

/** Large flushes scatter less. */
const LARGE_ROUNDS = 3

/** What a flush costs here and there. */
interface Flushing {
  /** Counts once more what the next flush will send. */
  readonly prepare: () => void
  readonly flush: () => Promise<unknown>
}

/** Flushes again and again, one after the other. */
async function timeFlushes(
  context: CellContext,
  open: (backend: { path: string }) => Promise<Flushing> | Flushing,
  server: { path: string },
  load: () => Promise<{ cpuMs: number }>,
): Promise<Figures> {
  const { prepare, flush } = await open(server)
  const some = async (untilMs: number) => {
    const found: number[] = []
    let cpuUs = 0
    while (performance.now() < untilMs) {
      prepare()
      const cpu = process.cpuUsage()
      const startedMs = performance.now()
      await flush()
      found.push(performance.now() - startedMs)
      const { user, system } = process.cpuUsage(cpu)
      cpuUs += user + system
    }
    return { found, cpuUs }
  }
  await some(performance.now() + context.pick(300, 100))
  const before = await load()
  const { found, cpuUs } = await some(performance.now() + context.pick(700, 200))
  const serverMs = (await load()).cpuMs - before.cpuMs
  return {
    wall: median(found),
    client: cpuUs / 1000 / found.length,
    server: serverMs / found.length,
  }
}

/** Flushing so many events in so many intervals. */
export function flushCase(
  events: number,
  intervals: number,
  goals: readonly Goal[],
): BenchmarkCase {
  const lengths = LENGTHS.slice(0, intervals)
  const names = eventNames(events)
  const withServer = async (
    context: CellContext,
    open: Parameters<typeof timeFlushes>[1],
  ): Promise<Figures> => {
    const server = await context.redis()
    return timeFlushes(context, open, server.backend, () => serverLoad(server.client))
  }
  const byEcl = (identity: Pick<Contestant, 'id' | 'title'>, layout: Layout): Contestant => ({
    ...{ ...identity, kind: 'ours' },
    run: (context) =>
      withServer(context, (backend) => {
        const groups = { bench: { ...CACHED, intervals: lengths, layout } }
        const ecl = new EventCountLogger(groups, backend)
        context.onClose(() => ecl.close().then(() => undefined))
        const group = ecl.getGroup('bench')
        const prepare = () => {
          for (const name of names) group.log(name)
        }
        return { prepare, flush: () => group.flush() }
      }),
  })
  return {
    id: `flush-${events}x${intervals}`,
    title: `Flush of ${events.toLocaleString('en')} events × ${intervals} intervals`,
    about: '`flush()` to its end, and INCRBY for each event and interval in one pipeline.',
    measures: {
      wall: { title: 'time', unit: 'ms' },
      client: { title: "client's CPU", unit: 'ms' },
      server: { title: "Redis' CPU", unit: 'ms' },
    },
    contestants: [
      byEcl({ id: 'ecl', title: 'ECL' }, 'keys'),
      byEcl({ id: 'hash', title: 'ECL, `layout: hash`' }, 'hash'),
      {
        ...{ id: 'ioredis', title: 'ioredis, pipelined INCRBY', kind: 'peer' },
        run: (context) =>
          withServer(context, async ({ path }) => {
            const { Redis } = await import('ioredis')
            const redis = new Redis({ path })
            context.onClose(() => redis.disconnect())
            const flush = () => {
              const pipeline = redis.pipeline()
              for (const length of lengths) {
                for (const name of names) pipeline.incrby(`bench:${length}:cur:${name}`, 7)
              }
              return pipeline.exec()
            }
            return { prepare: () => undefined, flush }
          }),
      },
    ],
    goals,
  }
}

const hashGoal = (events: string): Goal => ({
  says: `a flush of ${events} × 3, Redis' CPU, \`layout: hash\` to keys`,
  ...{ measure: 'server', of: 'hash', against: 'ecl', atMost: 1.2 },
})

function goalsOf(events: string, times: number): Goal[] {
  return [
    {
      says: `a flush of ${events} × 3 takes the client ${times} × less time than pipelined INCRBY`,
      ...{ measure: 'wall', of: 'ioredis', against: 'ecl', atLeast: times },
    },
    {
      says: `a flush of ${events} × 3, Redis' CPU, to pipelined INCRBY`,
      ...{ measure: 'server', of: 'ecl', against: 'ioredis', atMost: 1.6 },
    },
    hashGoal(events),
  ]
}

/** Flushing in the sizes of services. */
export const flushCases: readonly BenchmarkCase[] = [
  flushCase(100, 3, goalsOf('100', 1.5)),
  flushCase(1000, 3, goalsOf('1,000', 2.5)),
  { ...flushCase(10_000, 3, [hashGoal('10,000')]), slow: true, rounds: LARGE_ROUNDS },
]
