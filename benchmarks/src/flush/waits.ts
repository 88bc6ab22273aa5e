import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { EventCountLogger } from 'ecl-core'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { CACHED } from '../hot-path/log.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { median } from '../statistics.ts'

const EVENTS = 10_000
const INTERVALS = ['1h', '8h', '24h']

/** Another client's PINGs. */
class Pings {
  readonly #worker: Worker

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  static async start(context: CellContext, path: string): Promise<Pings> {
    const worker = new Worker(new URL('ping-worker.js', import.meta.url), { workerData: { path } })
    context.onClose(async () => void (await worker.terminate()))
    const pings = new Pings(worker)
    await pings.#next()
    return pings
  }

  /** The longest wait since the last call, ms. */
  async longest(): Promise<number> {
    const told = this.#next()
    this.#worker.postMessage('tell')
    return Math.max(...((await told) as number[]))
  }

  #next(): Promise<unknown> {
    return new Promise((resolve) => this.#worker.once('message', resolve))
  }
}

/** @param open gives what is done in the meantime */
function waiting(
  id: string,
  title: string,
  kind: Contestant['kind'],
  open: (context: CellContext, path: string) => Promise<() => Promise<unknown>>,
): Contestant {
  return {
    ...{ id, title, kind },
    run: async (context) => {
      const { socket } = await context.redis()
      const flush = await open(context, socket)
      for (let warm = 0; warm < 3; warm++) await flush()
      const pings = await Pings.start(context, socket)
      const longest: number[] = []
      for (let round = 0; round < context.pick(10, 5); round++) {
        // Garbage is to be collected now and not then.
        globalThis.gc?.()
        await sleep(20)
        await pings.longest()
        await flush()
        longest.push(await pings.longest())
      }
      return { typical: median(longest), most: Math.max(...longest) }
    },
  }
}

const ecl = waiting('ecl', 'ECL, in batches of 1,000 events', 'ours', async (context, path) => {
  const logger = new EventCountLogger({ bench: { ...CACHED, intervals: INTERVALS } }, { path })
  context.onClose(() => logger.close().then(() => undefined))
  const group = logger.getGroup('bench')
  const names = eventNames(EVENTS)
  return async () => {
    for (const name of names) group.log(name)
    await group.flush()
  }
})

const ioredis = waiting(
  'ioredis',
  'ioredis, INCRBY in one pipeline',
  'peer',
  async (context, path) => {
    const { Redis } = await import('ioredis')
    const redis = new Redis({ path })
    context.onClose(() => redis.disconnect())
    const names = eventNames(EVENTS)
    return () => {
      const pipeline = redis.pipeline()
      for (const length of INTERVALS) {
        for (const name of names) pipeline.incrby(`bench:${length}:cur:${name}`, 7)
      }
      return pipeline.exec()
    }
  },
)

const nothing = waiting(
  'nothing',
  'nothing is flushed, for 100 ms',
  'floor',
  async () => () => sleep(100),
)

/** What other clients feel of a flush. */
export const waitsCase: BenchmarkCase = {
  id: 'waits',
  title: "Other clients' waits while 10,000 events × 3 intervals are flushed",
  about: 'The longest answer to a PING of another client, sent each millisecond, during a flush.',
  measures: {
    typical: { title: 'of a flush in the middle', unit: 'ms' },
    most: { title: 'of the worst of 10', unit: 'ms' },
  },
  contestants: [ecl, ioredis, nothing],
  goals: [
    {
      says: 'no other client waits longer while 10,000 events are flushed, ms',
      ...{ measure: 'most', of: 'ecl', atMost: 10 },
    },
  ],
}
