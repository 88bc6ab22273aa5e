import { type Layout, openStore, resolveGroups } from 'ecl-core'
import type { BenchmarkCase, Figures } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { Filler } from '../rotation/fill.ts'
import { serverLoad, serverMemory } from '../server-load.ts'
import { quantile } from '../statistics.ts'
import { LOAD_GROUP, recordFlush, SimulatedLogger } from './recorded-flush.ts'

/** What loggers ask of one Redis. */
export interface Load {
  readonly loggers: number
  /** Of each flush. */
  readonly events: number
  /** Of all loggers together; undefined for as many as can be. */
  readonly flushesPerSecond: number | undefined
}

/** Connects loggers of which there is only what they send. */
async function loggersOf(context: CellContext, { loggers, events }: Load, path: string) {
  const flush = await recordFlush(context, path, events)
  const made = await Promise.all(
    Array.from({ length: loggers }, (_, n) =>
      SimulatedLogger.open(context, path, flush, `host/1/${n}`),
    ),
  )
  return made.map((logger) => () => logger.flush())
}

/** Has loggers flush for a while, each one batch at a time, evenly spread. @returns how long each flush took, ms */
async function flushFor(
  durationMs: number,
  flushes: readonly (() => Promise<void>)[],
  flushesPerSecond: number | undefined,
): Promise<number[]> {
  const found: number[] = []
  const startedMs = performance.now()
  const pauseMs = flushesPerSecond === undefined ? 0 : (flushes.length * 1000) / flushesPerSecond
  const logger = async (flush: () => Promise<void>, index: number) => {
    let dueMs = startedMs + (pauseMs * index) / flushes.length
    for (;;) {
      const waitMs = dueMs - performance.now()
      if (dueMs - startedMs >= durationMs) return
      // Whoever is behind does not wait, and does not make up for it either.
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
      const sentMs = performance.now()
      if (sentMs - startedMs >= durationMs) return
      await flush()
      found.push(performance.now() - sentMs)
      dueMs = Math.max(dueMs + pauseMs, performance.now() - pauseMs)
    }
  }
  await Promise.all(flushes.map(logger))
  return found
}

async function loadRedis(context: CellContext, load: Load): Promise<Figures> {
  const server = await context.redis({ args: ['--maxclients', '20000'] })
  const flushes = await loggersOf(context, load, server.socket)
  await flushFor(context.pick(300, 200), flushes, load.flushesPerSecond)
  const before = await serverLoad(server.client)
  const startedMs = performance.now()
  const found = await flushFor(context.pick(1000, 400), flushes, load.flushesPerSecond)
  const seconds = (performance.now() - startedMs) / 1000
  const cpuMs = (await serverLoad(server.client)).cpuMs - before.cpuMs
  return {
    rate: found.length / seconds,
    cpu: cpuMs / seconds / 10,
    flush: cpuMs / found.length,
    p99: quantile(found, 0.99),
  }
}

/** A load on one Redis by simulated loggers. */
export function loadCase(load: Load): BenchmarkCase {
  const { loggers, events, flushesPerSecond } = load
  const rate = flushesPerSecond === undefined ? 'as many as can be' : String(flushesPerSecond)
  return {
    id: `load-${loggers}x${events}x${flushesPerSecond ?? 'max'}`,
    title: `${loggers} loggers, flushes of ${events} events × 3 intervals, ${rate} a second`,
    measures: {
      rate: { title: 'flushes', unit: 'a second' },
      cpu: { title: "Redis' CPU", unit: '%' },
      flush: { title: "Redis' CPU of a flush", unit: 'ms' },
      p99: { title: '99 % of flushes take at most', unit: 'ms' },
    },
    contestants: [
      { id: 'ecl', title: 'ECL', kind: 'ours', run: (context) => loadRedis(context, load) },
    ],
    goals: [],
  }
}

/** What Redis keeps of an event in one interval: counts and index, of the current window and of the last. */
async function memoryPerEvent(context: CellContext, layout: Layout): Promise<Figures> {
  const server = await context.redis()
  const store = openStore(server.backend)
  context.onClose(() => store.close())
  const [group] = resolveGroups({ bench: { ...LOAD_GROUP, intervals: ['1h'], layout } })
  const interval = group?.intervals[0]
  if (group === undefined || interval === undefined) throw new Error('bug: no group')
  await store.rotate(group, interval)
  const before = await serverMemory(server.client)
  const filler = new Filler(store, group)
  const names = eventNames(context.pick(100_000, 20_000))
  const now = Date.now() / 1000
  await filler.fill(names, now)
  await filler.fill(names, now - interval.seconds)
  return { bytes: ((await serverMemory(server.client)) - before) / names.length }
}

/** What an event takes in Redis. */
export const serverMemoryCase: BenchmarkCase = {
  id: 'redis-memory',
  title: 'Memory of Redis',
  measures: { bytes: { title: 'an event and interval, both windows', unit: 'bytes' } },
  contestants: [
    {
      ...{ id: 'ecl', title: 'ECL', kind: 'ours' },
      run: (context) => memoryPerEvent(context, 'keys'),
    },
    {
      ...{ id: 'hash', title: 'ECL, `layout: hash`', kind: 'ours' },
      run: (context) => memoryPerEvent(context, 'hash'),
    },
  ],
  goals: [],
  rounds: 2,
}
