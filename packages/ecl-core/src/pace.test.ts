import { expect, it } from '@jest/globals'
import { EventCountLogger } from './event-count-logger.ts'
import { silentLogger } from './logger.ts'
import { FaultyStore } from './testing/faulty-store.ts'
import { NOON } from './testing/hand-client.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { MemoryStore } from './testing/memory-store.ts'

it('an idle process has one wake-up for all its groups every five seconds', async () => {
  const clock = new ManualClock((NOON + 1) * 1000)
  const store = new FaultyStore(new MemoryStore(clock), () => undefined)
  const sentAtMs: number[] = []
  const apply = store.apply.bind(store)
  store.apply = (batch) => {
    sentAtMs.push(clock.monotonicMs())
    return apply(batch)
  }
  const groups = {
    fast: { events: ['a'], intervals: ['5s', '5m', '1h'] },
    slow: { events: ['a'], intervals: ['5m'] },
    cached: { events: ['a'], intervals: ['1h'], sync_interval: 1 },
  }
  const ecl = new EventCountLogger(groups, store, { logger: silentLogger, clock })
  // They begin apart from each other.
  for (const name of ['fast', 'slow', 'cached'] as const) {
    ecl.getGroup(name).log('a')
    await clock.advance(1300)
  }
  // Far from the boundaries of 5m.
  await clock.advance(30_000)
  sentAtMs.length = 0
  await clock.advance(60_000)
  expect(sentAtMs).toHaveLength(36)
  expect(new Set(sentAtMs).size).toBe(12)
  const closed = ecl.close()
  await clock.advance(2000)
  await closed
})
