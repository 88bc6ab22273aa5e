import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventCountLogger, type GroupsConfig } from 'ecl-core'
import { Master } from 'ecl-master'
import { Redis } from 'ioredis'
import type { BenchmarkCase, Contestant, Figures } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { serverLoad } from '../server-load.ts'

/** Heartbeats come every 5 s: two of them, wherever the measurement begins. */
const MEASURED_MS = 10_000
const SETTLED_MS = 1500
/** How often a master looks. */
const LOOK_MS = 500
const GROUPS: GroupsConfig = Object.fromEntries(
  Array.from({ length: 10 }, (_, n) => [
    `group${n}`,
    { events: ['hit', 'error', 'login'], intervals: ['1h', '8h', '24h'], sync_interval: 1 },
  ]),
)

/** How often a thread of this process has gone to sleep, which is how often it was woken. */
function wakeUps(): number {
  try {
    return readdirSync('/proc/self/task')
      .map((task) => readFileSync(`/proc/self/task/${task}/status`, 'utf8'))
      .map((status) => Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0))
      .reduce((sum, count) => sum + count, 0)
  } catch {
    return Number.NaN
  }
}

/** @param begin starts what then has nothing to do */
function idling(
  identity: Pick<Contestant, 'id' | 'title' | 'kind'>,
  begin: (context: CellContext, backend: { readonly path: string }) => Promise<void>,
): Contestant {
  return {
    ...identity,
    run: async (context): Promise<Figures> => {
      const server = await context.redis()
      await begin(context, server.backend)
      await sleep(SETTLED_MS)
      const durationMs = context.pick(MEASURED_MS, MEASURED_MS / 2)
      const load = await serverLoad(server.client)
      const woken = wakeUps()
      const cpu = process.cpuUsage()
      await sleep(durationMs)
      const { user, system } = process.cpuUsage(cpu)
      const seconds = durationMs / 1000
      const wakeups = (wakeUps() - woken) / seconds
      const after = await serverLoad(server.client)
      return {
        cpu: (user + system) / 1e4 / seconds,
        wakeups,
        // Without the one that asks.
        reads: (after.reads - load.reads - 1) / seconds,
        commands: (after.commands - load.commands - 1) / seconds,
      }
    },
  }
}

const logger = idling({ id: 'ecl', title: 'a logger', kind: 'ours' }, async (context, backend) => {
  const ecl = new EventCountLogger(GROUPS, backend)
  context.onClose(() => ecl.close().then(() => undefined))
  for (const name of Object.keys(GROUPS)) {
    ecl.getGroup(name).log('hit')
    await ecl.getGroup(name).flush()
  }
})

const master = idling(
  { id: 'master', title: 'a master', kind: 'ours' },
  async (context, backend) => {
    const rotating = new Master(GROUPS, backend)
    context.onClose(() => rotating.stop())
    rotating.start()
  },
)

/** What it takes to wake up as often as a master does, and to hear from Redis. */
const pinging = idling(
  { id: 'ping', title: 'a process that sends PING every 0.5 s, by ioredis', kind: 'floor' },
  async (context, { path }) => {
    const redis = new Redis({ path })
    context.onClose(() => redis.disconnect())
    await redis.ping()
    const timer = setInterval(() => void redis.ping(), LOOK_MS)
    context.onClose(() => clearInterval(timer))
  },
)

const nothing = idling(
  { id: 'nothing', title: 'a process that does nothing', kind: 'floor' },
  async () => undefined,
)

/** What programs cost while nothing happens. */
export const idleCase: BenchmarkCase = {
  id: 'idle',
  title: 'A logger and a master with nothing to do, of 10 groups × 3 intervals',
  about:
    "Over 10 s. A logger gives a sign of life for each group every 5 s, a master looks at all windows every 0.5 s. Reads are the server's: what comes in one go counts once.",
  measures: {
    cpu: { title: 'CPU', unit: '%' },
    wakeups: { title: 'wake-ups of its threads', unit: 'a second' },
    reads: { title: 'reads by Redis', unit: 'a second' },
    commands: { title: 'commands in Redis', unit: 'a second' },
  },
  contestants: [logger, master, pinging, nothing],
  goals: [
    { says: 'an idle logger, % CPU', ...{ measure: 'cpu', of: 'ecl', atMost: 0.2 } },
    { says: 'an idle master, % CPU', ...{ measure: 'cpu', of: 'master', atMost: 0.2 } },
    {
      says: 'an idle logger sends one pipeline per heartbeat for all groups, reads/s',
      ...{ measure: 'reads', of: 'ecl', atMost: 0.3 },
    },
    {
      says: 'an idle master sends one pipeline per look for all groups, reads/s',
      ...{ measure: 'reads', of: 'master', atMost: 2.3 },
    },
  ],
  slow: true,
  together: true,
}
