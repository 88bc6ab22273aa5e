import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type CounterStore, openStore, resolveGroups, type WindowRef } from 'ecl-core'
import type { PrivateRedis } from 'ecl-core/testing'
import type { BenchmarkCase, Contestant, Goal } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import {
  type CommandLine,
  pythonReader,
  readerCommand,
  writeConfig,
} from '../commands/command-lines.ts'
import { freePort } from '../commands/free-port.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { Filler } from '../rotation/fill.ts'
import { median } from '../statistics.ts'

/** A group of which the config declares nothing. */
const GROUPS = {
  bench: { events: [], intervals: ['1h'], auto_declare_events: true, python_writers: false },
}

/** A window that is current, with so many events. */
async function filled(context: CellContext, server: PrivateRedis, events: readonly string[]) {
  const [group] = resolveGroups(GROUPS)
  const interval = group?.intervals[0]
  if (group === undefined || interval === undefined) throw new Error('bug: no group')
  const store = openStore(server.backend)
  context.onClose(() => store.close())
  await new Filler(store, group).fill(events, Date.now() / 1000)
  return { read: () => readAll(store, { group, interval }, events.length) }
}

async function readAll(
  store: CounterStore,
  { group, interval }: WindowRef,
  expected: number,
): Promise<void> {
  const { cur } = await store.read(group, interval, 'cur')
  if (cur?.counts.size !== expected) throw new Error('not all events were read')
}

async function timeReads(context: CellContext, read: () => Promise<unknown>): Promise<number> {
  const found: number[] = []
  await read()
  const untilMs = performance.now() + context.pick(800, 200)
  while (performance.now() < untilMs || found.length < 3) {
    const startedMs = performance.now()
    await read()
    found.push(performance.now() - startedMs)
  }
  return median(found)
}

/** Reading a window of so many events. */
function readingCase(events: number, goals: readonly Goal[]): BenchmarkCase {
  const names = eventNames(events)
  const ecl: Contestant = {
    ...{ id: 'ecl', title: 'ECL, one consistent snapshot', kind: 'ours' },
    run: async (context) => {
      const { read } = await filled(context, await context.redis(), names)
      return { wall: await timeReads(context, read) }
    },
  }
  const get: Contestant = {
    ...{ id: 'get', title: 'ioredis, GET in one pipeline, names known', kind: 'peer' },
    run: async (context) => {
      const server = await context.redis()
      await filled(context, server, names)
      const redis = await context.client(server)
      const read = () => {
        const pipeline = redis.pipeline()
        for (const name of names) pipeline.get(`bench:1h:cur:${name}`)
        return pipeline.exec()
      }
      return { wall: await timeReads(context, read) }
    },
  }
  return {
    id: `read-${events}`,
    title: `Reading a window of ${events.toLocaleString('en')} events`,
    measures: { wall: { title: 'time', unit: 'ms' } },
    contestants: [ecl, get],
    goals,
    slow: events > 10_000,
  }
}

const readGoal = (events: string): Goal => ({
  says: `reading ${events} events is 5 × faster than pipelined GET`,
  ...{ measure: 'wall', of: 'get', against: 'ecl', atLeast: 5 },
})

const MANY = 100_000

/** @param lineOf the command line of a reader that prints the current window */
function printing(
  identity: Pick<Contestant, 'id' | 'title' | 'kind' | 'needs'>,
  lineOf: (context: CellContext, config: string) => CommandLine,
): Contestant {
  return {
    ...identity,
    run: async (context) => {
      const server = await context.redis({ port: await freePort() })
      await filled(context, server, eventNames(MANY))
      const config = writeConfig(context, server.port, GROUPS)
      const { file, args, env } = lineOf(context, config)
      const startedMs = performance.now()
      const { stdout } = await promisify(execFile)(file, [...args, '--current'], {
        ...{ env, maxBuffer: 1 << 28 },
      })
      const seconds = (performance.now() - startedMs) / 1000
      if (stdout.split('\n').length !== MANY + 1) throw new Error('not all events were printed')
      return { seconds }
    },
  }
}

const printCase: BenchmarkCase = {
  id: 'print-100000',
  title: 'Printing 100,000 events, from the start of the command to its end',
  measures: { seconds: { title: 'time', unit: 's' } },
  contestants: [
    printing({ id: 'ecl', title: '`ecl-reader`', kind: 'ours' }, readerCommand),
    printing(
      { id: 'python', title: "the original's `ecl_reader`", kind: 'peer', needs: 'python' },
      pythonReader,
    ),
  ],
  goals: [{ says: '100,000 events printed, s', ...{ measure: 'seconds', of: 'ecl', atMost: 1 } }],
}

/** Other keys in the same database. */
const OTHER_KEYS = 1_000_000
const FEW = 100

/** @param count how many keys one step looks at */
function scanning(id: string, title: string, count: number): Contestant {
  return {
    ...{ id, title, kind: 'peer' },
    run: async (context) => {
      const { redis } = await amongMany(context)
      const startedMs = performance.now()
      const found = new Set<string>()
      let cursor = '0'
      do {
        const [next, keys] = await redis.scan(
          cursor,
          'MATCH',
          'bench:1h:[^:]*:[^@]*',
          'COUNT',
          count,
        )
        cursor = next
        for (const key of keys) found.add(key)
      } while (cursor !== '0')
      if (found.size !== FEW) throw new Error(`SCAN found ${found.size} events`)
      return { wall: performance.now() - startedMs }
    },
  }
}

/** A server full of other keys, and the events among them. */
async function amongMany(context: CellContext) {
  const server = await context.redis()
  const { read } = await filled(context, server, eventNames(FEW))
  const script = `for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do redis.call('SET', 'other:' .. n, n) end`
  for (let first = 0; first < OTHER_KEYS; first += 100_000) {
    await server.client.eval(script, 0, first, first + 99_999)
  }
  return { redis: server.client, read }
}

const findCase: BenchmarkCase = {
  id: 'find',
  title: 'Finding 100 dynamic events among a million other keys, and reading them',
  measures: { wall: { title: 'time', unit: 'ms' } },
  contestants: [
    {
      ...{ id: 'ecl', title: 'ECL, by its index', kind: 'ours' },
      run: async (context) => {
        const { read } = await amongMany(context)
        return { wall: await timeReads(context, read) }
      },
    },
    scanning('scan', 'SCAN, 5,000 keys a step, without reading', 5000),
    scanning('scan-10', 'SCAN, 10 keys a step as the original, without reading', 10),
  ],
  goals: [
    {
      says: 'finding dynamic events among 1M other keys, to SCAN by steps of 5,000',
      ...{ measure: 'wall', of: 'scan', against: 'ecl', atLeast: 1000 },
    },
    {
      says: 'finding dynamic events among 1M other keys, to SCAN as the original does it',
      ...{ measure: 'wall', of: 'scan-10', against: 'ecl', atLeast: 1000 },
    },
  ],
  slow: true,
}

/** Reading windows. */
export const readingCases: readonly BenchmarkCase[] = [
  readingCase(1000, [readGoal('1,000')]),
  readingCase(MANY, [readGoal('100,000')]),
  printCase,
  findCase,
]
