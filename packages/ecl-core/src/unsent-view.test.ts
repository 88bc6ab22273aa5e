import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { delay } from './clock.ts'
import { StoreError } from './errors.ts'
import { EventCountLogger } from './event-count-logger.ts'
import { silentLogger } from './logger.ts'
import type {
  Applied,
  ApplyFailure,
  CounterStore,
  StoreReadOptions,
} from './store/counter-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

const GROUPS = { g: { events: ['a', 'b'], intervals: ['200000h', '400000h'] } } as const

/** What happens to a batch, besides the time that it takes. */
type Fate = 'arrives' | 'is lost' | 'has its reply lost' | 'is taken in part'

/** A store that takes its time, so that what was asked later may be done earlier, and that does not take everything. */
function slowStore(clock: ManualClock, latency: () => number, fate: () => Fate): CounterStore {
  const memory = new MemoryStore(clock)
  /** What one interval has not taken, though the store in memory has it. */
  let untaken = 0n
  const apply = async (batch: Parameters<CounterStore['apply']>[0]): Promise<Applied> => {
    await delay(clock, latency())
    const whatHappens = fate()
    const away = new StoreError('STORE_UNAVAILABLE', 'the connection was lost')
    if (whatHappens === 'is lost') throw away
    const reply = await memory.apply(batch)
    const failures: ApplyFailure[] = []
    const [, second] = batch.group.intervals
    const count = batch.counts.find(([event]) => event === 'a')?.[1]
    if (
      whatHappens === 'is taken in part' &&
      reply.status === 'applied' &&
      second !== undefined &&
      batch.intervals.includes(second) &&
      count !== undefined
    ) {
      untaken += BigInt(count)
      failures.push({ interval: second, event: 'a', retry: true, message: 'no right' })
    }
    await delay(clock, latency())
    if (whatHappens === 'has its reply lost') throw away
    return reply.status === 'applied' ? { ...reply, failures } : reply
  }
  const read: CounterStore['read'] = async (...args) => {
    await delay(clock, latency())
    const reading = await memory.read(...args)
    const [, interval] = args
    const counts = new Map(reading.cur?.counts)
    if (interval.spec === '400000h') counts.set('a', (counts.get('a') ?? 0n) - untaken)
    await delay(clock, latency())
    return reading.cur === undefined ? reading : { ...reading, cur: { ...reading.cur, counts } }
  }
  return Object.assign(Object.create(memory), { apply, read })
}

describe('current counts with what is unsent here', () => {
  let clock: ManualClock
  const loggers: EventCountLogger[] = []

  beforeEach(() => {
    clock = new ManualClock((NOON + 1) * 1000)
  })

  afterEach(close)

  async function close() {
    for (const ecl of loggers.splice(0)) {
      const closed = ecl.close({ timeoutMs: 10 })
      await clock.advance(2000)
      await closed
    }
  }

  const start = (store: CounterStore) => {
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger, clock })
    loggers.push(ecl)
    return ecl.getGroup('g')
  }

  it('hold each event once in every interval, whatever is on its way', async () => {
    const step = fc.oneof(
      fc.record({ log: fc.constantFrom('a', 'b') }),
      fc.record({ read: fc.constantFrom('a', 'b') }),
      fc.record({ advance: fc.integer({ min: 1, max: 40 }) }),
    )
    const fates = fc.constantFrom<Fate>(
      'arrives',
      'is lost',
      'has its reply lost',
      'is taken in part',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 30 })),
        fc.infiniteStream(fates),
        async (steps, latencies, fate) => {
          clock = new ManualClock((NOON + 1) * 1000)
          const store = slowStore(
            clock,
            () => latencies.next().value ?? 0,
            () => fate.next().value ?? 'arrives',
          )
          const group = start(store)
          const logged = { a: 0, b: 0 }
          const answers: Promise<void>[] = []
          for (const action of steps) {
            if ('log' in action) {
              group.log(action.log, 3)
              logged[action.log] += 3
            } else if ('read' in action) {
              const event = action.read
              const isNew = logged.a + logged.b === 0
              const read = async () => {
                const counts = await group.getCurrentCounts(event)
                // Where nothing had been counted, what has been since may be left out.
                if (isNew) expect(counts?.['200000h']).toBeLessThanOrEqual(logged[event])
                else expect(counts).toEqual({ '200000h': logged[event], '400000h': logged[event] })
              }
              answers.push(read())
            } else await clock.advance(action.advance)
          }
          await clock.advance(20_000)
          await Promise.all(answers)
          await close()
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keep nothing from being sent, however long a reading takes', async () => {
    const store = slowStore(
      clock,
      () => 5,
      () => 'arrives',
    )
    const read = store.read.bind(store)
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    store.read = async (...args) => {
      await asked
      return read(...args)
    }
    const group = start(store)
    const answers: Promise<unknown>[] = []
    for (let i = 0; i < 12; i++) {
      group.log('a')
      answers.push(group.getCurrentCounts('a'))
    }
    const flushed = group.flush({ timeoutMs: 3000 })
    await clock.advance(3000)
    expect(await flushed).toEqual({ unsentEvents: 0 })
    answer()
    await clock.advance(100)
    expect(await Promise.all(answers)).toHaveLength(12)
  })

  it('come after close, though a batch was given up', async () => {
    let fate: Fate = 'arrives'
    const store = slowStore(
      clock,
      () => 1,
      () => fate,
    )
    const group = start(store)
    group.log('a')
    await clock.advance(10)
    fate = 'has its reply lost'
    group.log('a', 2)
    await close()
    fate = 'arrives'
    const counts = group.getCurrentCounts('a')
    await clock.advance(100)
    expect(await counts).toEqual({ '200000h': 3, '400000h': 3 })
  })

  it('ask the store whether a window is complete only where that is told', async () => {
    const store = slowStore(
      clock,
      () => 0,
      () => 'arrives',
    )
    const asked: (StoreReadOptions | undefined)[] = []
    const read = store.read.bind(store)
    store.read = (...args) => {
      asked.push(args[3])
      return read(...args)
    }
    const group = start(store)
    group.log('a')
    await clock.advance(10)
    const answers = [
      group.getCounts('200000h'),
      group.getCounts('200000h', { current: true }),
      group.getLastCount('a', '200000h'),
      group.getCurrentCount('a', '200000h'),
      group.getCurrentCounts('a'),
    ]
    await clock.advance(10)
    await Promise.all(answers)
    expect(asked).toHaveLength(6)
    expect(asked.filter((options) => options?.completeness === true)).toEqual([])
    const judged = group.read('200000h')
    await clock.advance(10)
    await judged
    expect(asked.at(-1)).toMatchObject({ completeness: true })
  })
})
