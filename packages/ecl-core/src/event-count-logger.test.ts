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

  it('says in plain words that log or inc was called without its object', async () => {
    const ecl = new EventCountLogger(GROUPS, new MemoryStore(), options)
    const group = ecl.getGroup('g')
    // As programs take them off: what is called then has another `this`, or none.
    const log: (event: 'a') => void = Reflect.get(group, 'log')
    const inc: (n?: number) => void = Reflect.get(group.counter('a'), 'inc')
    const remedy =
      /^this method was taken off its object; call (group\.log\(event\)|counter\.inc\(\)), or pass on /
    for (const detached of [() => log('a'), () => ({ log }).log('a'), () => inc(), () => inc(7)]) {
      expect(detached).toThrow(remedy)
    }
    expect(() => group.log('a', 0.5)).not.toThrow(remedy)
    expect(group.stats.logged).toBe(0)
    await ecl.close()
  })

  it('warns once of loggers that are made again and again on one store and never closed', async () => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) }
    const make = (port: number) => new EventCountLogger(GROUPS, { port }, { logger })
    for (let i = 0; i < 20; i++) await make(1).close()
    const elsewhere = [make(2), make(3), make(4)]
    const open = Array.from({ length: 5 }, () => make(1))
    expect(warnings).toEqual([])
    open.push(make(1), make(1))
    expect(warnings).toEqual([
      expect.stringMatching(
        /^6 EventCountLoggers of this process are open .* close\(\) the old one/,
      ),
    ])
    for (const ecl of [...open, ...elsewhere]) await ecl.close()
  })
})
