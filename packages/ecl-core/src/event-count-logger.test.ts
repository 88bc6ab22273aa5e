import { describe, expect, it } from '@jest/globals'
import { ConfigError } from './errors.ts'
import { EventCountLogger } from './event-count-logger.ts'
import { silentLogger } from './logger.ts'
import { MemoryStore } from './testing/memory-store.ts'

const GROUPS = { g: { events: ['a'], intervals: ['5s'] } } as const
const options = { logger: silentLogger }

describe('EventCountLogger', () => {
  it('refuses a config with all its faults at once', () => {
    const groups = { g: { events: ['@a'], intervals: ['5x', '0s'] } }
    const make = () => new EventCountLogger(groups, new MemoryStore(), options)
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(
      /groups\.g\.events\[0\][^]*groups\.g\.intervals\[0\][^]*groups\.g\.intervals\[1\]/,
    )
  })

  it.each(['http://localhost', 'not a url', 'redis://h/x'])('refuses %s for a backend', (url) => {
    expect(() => new EventCountLogger(GROUPS, url, options)).toThrow(/^backend: /)
  })

  it('gives the same object for a group each time', async () => {
    const ecl = new EventCountLogger(GROUPS, new MemoryStore(), options)
    expect(ecl.getGroup('g')).toBe(ecl.getGroup('g'))
    await ecl.close()
  })

  it('shows what is loaded, without secrets', async () => {
    const backends = [{ host: 'h', password: 'hunter2' }, 'redis://user:hunter2@h:1/2']
    for (const backend of backends) {
      const ecl = new EventCountLogger(GROUPS, backend, options)
      expect(ecl.dumpConfig()).toContain('"intervals"')
      expect(ecl.dumpConfig()).toContain('***')
      expect(ecl.dumpConfig()).not.toContain('hunter2')
      await ecl.close()
    }
  })

  it('closes at the end of a block, and leaves no listener behind', async () => {
    const store = new MemoryStore()
    const before = process.listenerCount('beforeExit')
    {
      await using ecl = new EventCountLogger(GROUPS, store, options)
      ecl.getGroup('g').log('a', 3)
      expect(process.listenerCount('beforeExit')).toBe(before + 1)
    }
    expect(process.listenerCount('beforeExit')).toBe(before)
    const ecl = new EventCountLogger(GROUPS, store, options)
    expect(await ecl.getGroup('g').getCurrentCount('a', '5s')).toBe(3)
    await ecl.close()
  })

  it('may be closed twice', async () => {
    const ecl = new EventCountLogger(GROUPS, new MemoryStore(), options)
    ecl.getGroup('g').log('a')
    expect(await Promise.all([ecl.close(), ecl.close()])).toEqual([
      { unsentEvents: 0 },
      { unsentEvents: 0 },
    ])
  })

  it('adds up the statistics of all groups', async () => {
    const groups = { x: GROUPS.g, y: GROUPS.g }
    const ecl = new EventCountLogger(groups, new MemoryStore(), options)
    ecl.getGroup('x').log('a', 2)
    ecl.getGroup('y').log('a', 3)
    expect(ecl.stats).toMatchObject({ logged: 5, unsent: 5, applied: 0 })
    await ecl.close()
    expect(ecl.stats).toMatchObject({ logged: 5, unsent: 0, applied: 5 })
    expect(ecl.stats.groups['y']).toMatchObject({ logged: 3, applied: 3 })
  })
})
