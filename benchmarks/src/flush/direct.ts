import { EventCountLogger } from 'ecl-core'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { freePort } from '../commands/free-port.ts'
import { eventNames, shuffledCalls } from '../hot-path/time-calls.ts'
import { runPython } from '../python.ts'

const INTERVALS = ['1h', '8h', '24h']
const NAMES = eventNames(10)
/** So many events come in one turn of the event loop, as from requests that wait in a socket. */
const EVENTS_A_TURN = 100
const PYTHON = `
import time
from event_count_logger import EventCountLogger
ecl = EventCountLogger({'bench': {'events': NAMES, 'intervals': INTERVALS}}, REDIS)
group = ecl.get_group('bench')
until, events = time.perf_counter() + SECONDS, 0
started = time.perf_counter()
while time.perf_counter() < until:
    for name in NAMES:
        group.log(name)
        events += 1
print(events / (time.perf_counter() - started))
`

/** The Python original knows no other way. */
const overTcp = async (context: CellContext) => context.redis({ port: await freePort() })

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Counts events a second, until all of them are in the store. */
async function eventsPerSecond(
  context: CellContext,
  turn: (events: readonly string[]) => Promise<unknown> | void,
  finish: () => Promise<unknown>,
): Promise<number> {
  const calls = shuffledCalls(NAMES, EVENTS_A_TURN)
  const some = async (durationMs: number) => {
    const startedMs = performance.now()
    let turns = 0
    while (performance.now() - startedMs < durationMs) {
      await turn(calls.slice(0, EVENTS_A_TURN))
      await nextTurn()
      turns++
    }
    await finish()
    return (turns * EVENTS_A_TURN * 1000) / (performance.now() - startedMs)
  }
  await some(context.pick(300, 100))
  return some(context.pick(1000, 300))
}

const ecl: Contestant = {
  ...{ id: 'ecl', title: 'ECL, direct', kind: 'ours' },
  run: async (context) => {
    const { port } = await overTcp(context)
    const groups = { bench: { events: NAMES, intervals: INTERVALS } }
    const logger = new EventCountLogger(groups, { host: '127.0.0.1', port })
    context.onClose(() => logger.close().then(() => undefined))
    const group = logger.getGroup('bench')
    const turn = (events: readonly string[]) => {
      for (const event of events) group.log(event)
    }
    return { rate: await eventsPerSecond(context, turn, () => group.flush()) }
  },
}

const ioredis: Contestant = {
  ...{ id: 'ioredis', title: 'ioredis, INCR for each event and interval, pipelined', kind: 'peer' },
  run: async (context) => {
    const redis = await context.client(await overTcp(context))
    const turn = (events: readonly string[]) => {
      const pipeline = redis.pipeline()
      for (const event of events) {
        for (const interval of INTERVALS) pipeline.incr(`bench:${interval}:cur:${event}`)
      }
      return pipeline.exec()
    }
    return { rate: await eventsPerSecond(context, turn, async () => undefined) }
  },
}

const python: Contestant = {
  ...{ id: 'python', title: 'the Python original, direct', kind: 'peer', needs: 'python' },
  run: async (context) => {
    const { port } = await overTcp(context)
    const output = await runPython(context, PYTHON, {
      NAMES,
      INTERVALS,
      SECONDS: context.pick(1000, 300) / 1000,
      REDIS: { host: '127.0.0.1', port },
    })
    return { rate: Number(output) }
  },
}

/** Direct mode. */
export const directCase: BenchmarkCase = {
  id: 'direct',
  title: 'Direct mode, 10 events × 3 intervals, one process',
  about:
    'Every count is on its way at once. ECL sums up what comes while a batch is in flight, so that a batch carries many events.',
  measures: { rate: { title: 'events', unit: 'events/s' } },
  contestants: [ecl, ioredis, python],
  goals: [
    {
      says: 'direct mode, to the Python original',
      ...{ measure: 'rate', of: 'ecl', against: 'python', atLeast: 40 },
    },
    {
      says: "direct mode, to ioredis' pipelined INCR",
      ...{ measure: 'rate', of: 'ecl', against: 'ioredis', atLeast: 10 },
    },
  ],
}
