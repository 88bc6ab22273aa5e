import { type ChildProcess, fork } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  type EpochSeconds,
  EventCountLogger,
  resolveGroups,
  silentLogger,
  systemClock,
} from 'ecl-core'
import { SqliteStore } from 'ecl-sqlite'
import type { BenchmarkCase, Contestant, Figures } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { freePort } from '../commands/free-port.ts'
import { CACHED } from '../hot-path/log.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { Filler } from '../rotation/fill.ts'

const CHILD = fileURLToPath(new URL('flushing-child.js', import.meta.url))

/** The two stores; `measure` is given a backend of either. */
function stores(
  measure: (context: CellContext, backend: string) => Promise<Figures>,
): Contestant[] {
  return [
    {
      ...{ id: 'ecl', title: 'SQLite', kind: 'ours' },
      run: (context) => measure(context, `sqlite:${join(context.folder(), 'bench.db')}`),
    },
    {
      ...{ id: 'redis', title: 'Redis, `appendfsync everysec`', kind: 'ours' },
      run: async (context) => {
        const aof = ['--appendonly', 'yes', '--appendfsync', 'everysec']
        const { port } = await context.redis({ args: aof, port: await freePort() })
        return measure(context, `redis://127.0.0.1:${port}`)
      },
    },
  ]
}

/** Flushes a second of so many processes together. */
async function flushesPerSecond(
  context: CellContext,
  backend: string,
  processes: number,
): Promise<number> {
  const args = [backend, String(context.pick(1000, 400))]
  const children = Array.from({ length: processes }, () => fork(CHILD, args))
  context.onClose(() => {
    for (const child of children) child.kill()
  })
  await Promise.all(children.map(nextMessage))
  const rates = children.map(nextMessage)
  for (const child of children) child.send('go')
  const found = (await Promise.all(rates)) as number[]
  return found.reduce((sum, rate) => sum + rate, 0)
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`a process that flushes ended with ${code}`)))
  })
}

const flushingCase: BenchmarkCase = {
  id: 'sqlite-flushes',
  title: 'Flushes of 10 events in one interval, into a file and into Redis',
  measures: {
    one: { title: 'from 1 process', unit: 'a second' },
    two: { title: 'from 2', unit: 'a second' },
    four: { title: 'from 4', unit: 'a second' },
  },
  contestants: stores(async (context, backend) => ({
    one: await flushesPerSecond(context, backend, 1),
    two: await flushesPerSecond(context, backend, 2),
    four: await flushesPerSecond(context, backend, 4),
  })),
  goals: [],
  slow: true,
}

/** How late the event loop is while 5,000 events are flushed again and again. */
async function loopDelay(context: CellContext, backend: string): Promise<Figures> {
  const ecl = new EventCountLogger({ bench: CACHED }, backend)
  context.onClose(() => ecl.close().then(() => undefined))
  const group = ecl.getGroup('bench')
  const names = eventNames(5000)
  const flush = async () => {
    for (const name of names) group.log(name)
    await group.flush()
  }
  await flush()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  for (let round = 0; round < context.pick(20, 5); round++) {
    await flush()
    await sleep(50)
  }
  delay.disable()
  return { p99: delay.percentile(99) / 1e6, most: delay.max / 1e6 }
}

const delayCase: BenchmarkCase = {
  id: 'sqlite-delay',
  title: 'How late the event loop is of a program that flushes 5,000 events at a time',
  measures: {
    p99: { title: '99 % of the time at most', unit: 'ms' },
    most: { title: 'at most', unit: 'ms' },
  },
  contestants: stores(loopDelay),
  goals: [],
  slow: true,
}

const DAY_START = 1_749_945_600

/** A day of 50 events in windows of 5 s, 5 min and 1 h, and 5,000 page addresses in windows of 5 min and 1 h. */
async function simulatedDay(context: CellContext): Promise<Figures> {
  const folder = context.folder()
  const handWound = new SharedArrayBuffer(8)
  const clock = new Float64Array(handWound)
  const file = join(folder, 'day.db')
  const store = new SqliteStore({ file, logger: silentLogger, clock: systemClock, handWound })
  context.onClose(() => store.close())
  const events = eventNames(50)
  const groups = resolveGroups({
    requests: { events, intervals: ['5s', '5m', '1h'] },
    pages: { events: [], intervals: ['5m', '1h'], auto_declare_events: true },
  })
  const clients = groups.map((group) => ({ group, filler: new Filler(store, group) }))
  let most = 0
  for (let seconds = 0; seconds < 86_400; seconds += 5) {
    const at = (DAY_START + seconds) as EpochSeconds
    clock[0] = at * 1000 + 20
    for (const { group, filler } of clients) {
      for (const interval of group.intervals) {
        if (at % interval.seconds === 0) await store.rotate(group, interval)
      }
      await filler.fill(group.dynamic ? somePages(seconds) : events, at)
    }
    if (seconds % 3600 === 0) most = Math.max(most, sizeOf(folder))
  }
  return { end: statSync(file).size / 1024, most: most / 1024 }
}

function somePages(seconds: number): string[] {
  const pages = Array.from({ length: 20 }, (_, n) => `/page/${(seconds * 7 + n * n) % 5000}`)
  return [...new Set(pages)]
}

function sizeOf(folder: string): number {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
  return sizes.reduce((sum, size) => sum + size, 0)
}

const dayCase: BenchmarkCase = {
  id: 'sqlite-day',
  title: 'Size of the SQLite file over a day',
  about:
    'A simulated day of 50 events in windows of 5 s, 5 min and 1 h, and of 5,000 page addresses in windows of 5 min and 1 h, flushed every 5 s.',
  measures: {
    end: { title: 'at the end', unit: 'KiB' },
    most: { title: 'with what stands beside it, at most, looked at each hour', unit: 'KiB' },
  },
  contestants: [{ id: 'ecl', title: 'the file', kind: 'ours', run: simulatedDay }],
  goals: [],
  slow: true,
  rounds: 1,
}

/** The store in a file beside Redis. */
export const sqliteCases: readonly BenchmarkCase[] = [flushingCase, delayCase, dayCase]
