import { join } from 'node:path'
import { type Layout, openStore, resolveGroups, silentLogger, systemClock } from 'ecl-core'
import { SqliteStore } from 'ecl-sqlite'
import type { BenchmarkCase, Contestant, Figures, Goal } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { noteCommands, serverLoad, takeBlockedMs, takeLongestMs } from '../server-load.ts'
import { median } from '../statistics.ts'
import { Filler } from './fill.ts'

const HOUR = 3600
const GROUP = 'bench'
/** With more, only a hash is turned over: all else takes seconds. */
const MOST_KEYS = 100_000
/** Filling a window of so many events takes longer than all else. */
const HUGE_ROUNDS = 2

/** The declared group whose hour is turned over. */
function groupOf(events: readonly string[], layout: Layout = 'keys') {
  const [group] = resolveGroups({
    [GROUP]: { events: [...events], intervals: ['1h'], python_writers: false, layout },
  })
  const interval = group?.intervals[0]
  if (group === undefined || interval === undefined) throw new Error('bug: no group')
  return { group, interval }
}

/** How often one cell rotates: the first time is to warm up. */
const turnsOf = (context: CellContext, events: number) => context.pick(events > 20_000 ? 2 : 5, 2)

async function rotateByScript(
  context: CellContext,
  events: readonly string[],
  layout: Layout,
): Promise<Figures> {
  const server = await context.redis()
  const { client } = server
  const store = openStore(server.backend)
  context.onClose(() => store.close())
  const { group, interval } = groupOf(events, layout)
  await store.rotate(group, interval)
  const filler = new Filler(store, group)
  const found: Figures[] = []
  for (let turn = 0; turn < turnsOf(context, events.length); turn++) {
    await filler.fill(events, Date.now() / 1000)
    const start = Math.floor(Date.now() / 1000 / HOUR) * HOUR - HOUR
    await client.mset(`${GROUP}:1h:cur:@ts`, start, `${GROUP}:1h:cur:@by`, start)
    await noteCommands(client)
    const { cpuMs } = await serverLoad(client)
    const startedMs = performance.now()
    const { status } = await store.rotate(group, interval)
    const wall = performance.now() - startedMs
    if (status !== 'rotated') throw new Error(`the window was not turned over: ${status}`)
    const cpu = (await serverLoad(client)).cpuMs - cpuMs
    found.push({ wall, cpu, blocked: await takeLongestMs(client) })
  }
  return middle(found.slice(1))
}

/** The commands of the Python original's master for events that are declared, in one transaction. */
async function rotateByMulti(context: CellContext, events: readonly string[]): Promise<Figures> {
  const server = await context.redis()
  const { client } = server
  const redis = await context.client(server)
  const found: Figures[] = []
  for (let turn = 0; turn < turnsOf(context, events.length); turn++) {
    const filling = redis.pipeline()
    for (const event of events) filling.incrby(`${GROUP}:1h:cur:${event}`, 7)
    await filling.exec()
    await takeBlockedMs(client, [])
    const { cpuMs } = await serverLoad(client)
    const startedMs = performance.now()
    const multi = redis.multi()
    for (const event of events) {
      multi.setnx(`${GROUP}:1h:cur:${event}`, 0)
      multi.rename(`${GROUP}:1h:cur:${event}`, `${GROUP}:1h:last:${event}`)
      multi.set(`${GROUP}:1h:cur:${event}`, 0)
    }
    multi.set(`${GROUP}:1h:cur:@ts`, Math.floor(Date.now() / 1000))
    await multi.exec()
    const wall = performance.now() - startedMs
    const cpu = (await serverLoad(client)).cpuMs - cpuMs
    found.push({ wall, cpu, blocked: await takeBlockedMs(client, ['exec']) })
  }
  return middle(found.slice(1))
}

async function rotateInFile(context: CellContext, events: readonly string[]): Promise<Figures> {
  const handWound = new SharedArrayBuffer(8)
  const clock = new Float64Array(handWound)
  const file = join(context.folder(), 'bench.db')
  const store = new SqliteStore({ file, logger: silentLogger, clock: systemClock, handWound })
  context.onClose(() => store.close())
  const { group, interval } = groupOf(events)
  let now = 1_750_000_000 - (1_750_000_000 % HOUR)
  clock[0] = now * 1000
  await store.rotate(group, interval)
  const filler = new Filler(store, group)
  const found: Figures[] = []
  for (let turn = 0; turn < turnsOf(context, events.length); turn++) {
    await filler.fill(events, now)
    now += HOUR
    clock[0] = now * 1000 + 20
    const startedMs = performance.now()
    const { status } = await store.rotate(group, interval)
    if (status !== 'rotated') throw new Error(`the window was not turned over: ${status}`)
    found.push({ wall: performance.now() - startedMs })
  }
  return middle(found.slice(1))
}

function middle(found: readonly Figures[]): Figures {
  const ids = Object.keys(found[0] ?? {})
  return Object.fromEntries(
    ids.map((id) => [id, median(found.map((figures) => figures[id] ?? Number.NaN))]),
  )
}

/** Turning a window of so many events over. */
export function rotationCase(events: number, goals: readonly Goal[]): BenchmarkCase {
  const one = (
    ...[id, title, kind, rotate]: readonly [
      string,
      string,
      Contestant['kind'],
      (context: CellContext, events: readonly string[]) => Promise<Figures>,
    ]
  ): Contestant => ({ id, title, kind, run: (context) => rotate(context, eventNames(events)) })
  const contestants = [
    one('ecl', 'ECL, one guarded script', 'ours', (context, names) =>
      rotateByScript(context, names, 'keys'),
    ),
    one('hash', 'ECL, `layout: hash`', 'ours', (context, names) =>
      rotateByScript(context, names, 'hash'),
    ),
    one('multi', "the original's commands in MULTI, by ioredis", 'peer', rotateByMulti),
    one('sqlite', 'ECL in an SQLite file', 'ours', rotateInFile),
  ]
  const isHuge = events > MOST_KEYS
  return {
    id: `rotation-${events}`,
    title: `Rotation of ${events.toLocaleString('en')} declared events`,
    measures: {
      blocked: { title: 'Redis is blocked', unit: 'ms' },
      cpu: { title: "Redis' CPU", unit: 'ms' },
      wall: { title: "master's time", unit: 'ms' },
    },
    contestants: isHuge ? contestants.filter(({ id }) => id === 'hash') : contestants,
    goals,
    slow: events > 20_000,
    ...(isHuge && { rounds: HUGE_ROUNDS }),
  }
}

/** Turning windows over, in the sizes from a usual group to one that is too large. */
export const rotationCases: readonly BenchmarkCase[] = [
  rotationCase(100, []),
  rotationCase(1000, []),
  rotationCase(5000, []),
  rotationCase(10_000, [
    {
      says: "rotation of 10,000, Redis blocked, to the original's MULTI",
      ...{ measure: 'blocked', of: 'ecl', against: 'multi', atMost: 1.6 },
    },
    {
      says: 'rotation of 10,000 takes a master 10 × less time than MULTI',
      ...{ measure: 'wall', of: 'multi', against: 'ecl', atLeast: 10 },
    },
  ]),
  rotationCase(50_000, []),
  rotationCase(100_000, []),
  rotationCase(1_000_000, [
    {
      says: 'rotation of 1,000,000 with `layout: hash`, Redis blocked, ms',
      ...{ measure: 'blocked', of: 'hash', atMost: 1 },
    },
  ]),
]
