import { describe, expect, it } from '@jest/globals'
import { StoreError } from '../errors.ts'
import { EventCountLogger } from '../event-count-logger.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { NOON } from '../testing/hand-client.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { LazyStore } from './lazy-store.ts'

describe('a store whose code cannot be loaded', () => {
  it('says so when it is made, once, and counts what was logged when it can be', async () => {
    const clock = new ManualClock((NOON + 1) * 1000)
    const said: string[] = []
    const logger: Logger = {
      ...silentLogger,
      error: (_fields, message) => said.push(message),
      info: (_fields, message) => said.push(message),
    }
    let missing = true
    const load = async () => {
      if (missing) throw new StoreError('STORE_REFUSED', 'not installed; run "npm install"')
      return new MemoryStore(clock)
    }
    const store = new LazyStore(load, logger)
    await clock.advance(0)
    expect(said).toEqual(['not installed; run "npm install"'])

    const groups = { g: { events: ['a'], intervals: ['400000h'] } } as const
    const ecl = new EventCountLogger(groups, store, { logger: silentLogger, clock })
    ecl.getGroup('g').log('a', 3)
    await clock.advance(10_000)
    await expect(store.warnings()).rejects.toThrow('not installed')
    expect(said).toHaveLength(1)

    missing = false
    await clock.advance(10_000)
    expect(await ecl.getGroup('g').getCurrentCount('a', '400000h')).toBe(3)
    expect(said).toEqual(['not installed; run "npm install"', 'the store has been loaded now'])
    const closed = ecl.close()
    await clock.advance(1000)
    await closed
  })
})
