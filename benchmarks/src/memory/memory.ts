import { setTimeout as sleep } from 'node:timers/promises'
import { EventCountLogger, silentLogger } from 'ecl-core'
import { ManualClock } from 'ecl-core/testing'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { type Count, mapOfBoxes, openTelemetry, promClient } from '../hot-path/counting-peers.ts'
import { CACHED, eclLog } from '../hot-path/log.ts'
import { eventNames } from '../hot-path/time-calls.ts'

const EVENTS = 100_000

/** What is in use, bytes, after all garbage is gone. */
async function heapBytes(): Promise<number> {
  // What a collection frees may hold what the next one frees; buffers go a turn later.
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.()
    await sleep(1)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function holding(
  id: string,
  title: string,
  kind: Contestant['kind'],
  open: (context: CellContext) => Count | Promise<Count>,
): Contestant {
  return {
    ...{ id, title, kind },
    run: async (context) => {
      const names = eventNames(EVENTS)
      const count = await open(context)
      count('what is made once')
      const before = await heapBytes()
      for (const name of names) count(name)
      const bytes = ((await heapBytes()) - before) / EVENTS
      // Both are in use up to here.
      count(names[0] ?? '')
      return { bytes }
    },
  }
}

const segmentCase: BenchmarkCase = {
  id: 'memory',
  title: 'Memory of 100,000 distinct events that were counted and not sent yet',
  measures: { bytes: { title: 'an event, beyond its name', unit: 'bytes' } },
  contestants: [
    holding('ecl', 'ECL, open segment', 'ours', () => eclLog()),
    holding('map', '`Map` with a box each', 'floor', mapOfBoxes),
    holding('prom-client', 'prom-client', 'peer', promClient),
    holding('open-telemetry', 'OpenTelemetry', 'peer', openTelemetry),
  ],
  goals: [
    {
      says: 'memory of a distinct event in the open segment, beyond its name, bytes',
      ...{ measure: 'bytes', of: 'ecl', atMost: 100 },
    },
  ],
}

/** So many as an hour has at `sync_interval: 1`. */
const HOUR_OF_FLUSHES = 3600
const WARM_FLUSHES = 400
/** A bit more than what the store may forget, after which nothing is kept for it any more. */
const FORGETTABLE_MS = 3000

/** As many flushes as in an hour, by a program that counts 1,000 events, some of them new each time. */
async function hourOfFlushes(context: CellContext): Promise<{ growth: number }> {
  const { backend } = await context.redis()
  const ecl = new EventCountLogger({ bench: CACHED }, backend)
  context.onClose(() => ecl.close().then(() => undefined))
  const group = ecl.getGroup('bench')
  const names = eventNames(1000)
  const some = async (flushes: number) => {
    for (let flush = 0; flush < flushes; flush++) {
      for (let n = 0; n < 1000; n++) group.log(names[n] ?? '')
      for (let n = 0; n < 10; n++) group.log(`new in ${flush}: ${n}`)
      await group.flush()
    }
    await sleep(FORGETTABLE_MS)
    group.log('event 1')
    await group.flush()
    return heapBytes()
  }
  const before = await some(WARM_FLUSHES)
  const after = await some(context.pick(HOUR_OF_FLUSHES, WARM_FLUSHES))
  return { growth: (after - before) / 1024 }
}

const flatCase: BenchmarkCase = {
  id: 'memory-flat',
  title: 'Memory over as many flushes as an hour has',
  about: '3,600 flushes of 1,010 events, 10 of which are new each time, into a Redis.',
  measures: { growth: { title: 'growth of the heap', unit: 'KiB' } },
  contestants: [{ id: 'ecl', title: 'ECL', kind: 'ours', run: hourOfFlushes }],
  goals: [
    {
      says: 'growth of the heap over 3,600 flushes, KiB',
      ...{ measure: 'growth', of: 'ecl', atMost: 256 },
    },
  ],
  slow: true,
  rounds: 2,
}

/** Counts 10,000 events each second for so many minutes by a clock wound by hand, while no Redis is there. */
async function whileAway(context: CellContext, minutes: number): Promise<{ bytes: number }> {
  const clock = new ManualClock(1_750_000_000_000)
  const groups = { bench: { ...CACHED, intervals: ['5s', '1m'], sync_interval: 1 } }
  const backend = { path: `${context.folder()}/nobody-listens.sock` }
  const ecl = new EventCountLogger(groups, backend, { clock, logger: silentLogger })
  context.onClose(async () => {
    const closed = ecl.close({ timeoutMs: 0 })
    await clock.advance(1)
    await closed
  })
  const group = ecl.getGroup('bench')
  const names = eventNames(10_000)
  const before = await heapBytes()
  for (let second = 0; second < minutes * 60; second++) {
    for (const name of names) group.log(name)
    await clock.advance(1000)
  }
  const bytes = ((await heapBytes()) - before) / names.length
  if (group.stats.unsent !== names.length * minutes * 60) throw new Error('counts are missing')
  return { bytes }
}

const away = (id: string, title: string, minutes: number): Contestant => ({
  ...{ id, title, kind: 'ours' },
  run: (context) => whileAway(context, minutes),
})

const awayCase: BenchmarkCase = {
  id: 'memory-away',
  title: 'Memory of 10,000 events while Redis is away',
  about: 'Each is counted once a second; what waits is summed up window by window.',
  measures: { bytes: { title: 'an event, beyond its name', unit: 'bytes' } },
  contestants: [away('ecl', 'after 2 minutes', 2), away('longer', 'after 10 minutes', 10)],
  goals: [
    {
      says: 'memory after 10 minutes without Redis to that after 2',
      ...{ measure: 'bytes', of: 'longer', against: 'ecl', atMost: 1.1 },
    },
  ],
  slow: true,
  rounds: 2,
}

/** What counts take in the programs that count. */
export const memoryCases: readonly BenchmarkCase[] = [segmentCase, flatCase, awayCase]
