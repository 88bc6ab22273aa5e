import { openStore, resolveGroups } from 'ecl-core'
import type { BenchmarkCase, Figures } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { Filler } from '../rotation/fill.ts'
import { noteCommands, serverLoad, takeLongestMs } from '../server-load.ts'

const EVENTS = 1_000_000
const FEWER_EVENTS = 100_000
const GROUPS = {
  bench: { events: [], intervals: ['1h'], auto_declare_events: true, layout: 'hash' },
} as const

/** Reads the window that was turned over last, which is too large for one command. */
async function readLast(context: CellContext): Promise<Figures> {
  const server = await context.redis()
  const store = openStore(server.backend)
  context.onClose(() => store.close())
  const [group] = resolveGroups(GROUPS)
  const interval = group?.intervals[0]
  if (group === undefined || interval === undefined) throw new Error('bug: no group')
  await store.rotate(group, interval)
  const events = context.pick(EVENTS, FEWER_EVENTS)
  await new Filler(store, group).fill(eventNames(events), Date.now() / 1000 - interval.seconds)
  await noteCommands(server.client)
  const { cpuMs } = await serverLoad(server.client)
  const startedMs = performance.now()
  const { last } = await store.read(group, interval, 'last')
  const wall = performance.now() - startedMs
  if (last?.counts.size !== events) throw new Error('not all events were read')
  const cpu = (await serverLoad(server.client)).cpuMs - cpuMs
  return { longest: await takeLongestMs(server.client), cpu, wall }
}

/** Reading so many events from one hash, in steps. */
export const hashReadingCase: BenchmarkCase = {
  id: 'read-hash-1000000',
  title: 'Reading the last window of 1,000,000 events, `layout: hash`',
  about: 'In steps, so that no other client waits for longer than one command takes.',
  measures: {
    longest: { title: 'longest command', unit: 'ms' },
    cpu: { title: "Redis' CPU", unit: 'ms' },
    wall: { title: 'time', unit: 'ms' },
  },
  contestants: [{ id: 'hash', title: 'ECL, `layout: hash`', kind: 'ours', run: readLast }],
  goals: [
    {
      says: 'reading 1,000,000 events with `layout: hash`, longest command, ms',
      ...{ measure: 'longest', of: 'hash', atMost: 10 },
    },
  ],
  slow: true,
  rounds: 2,
}
