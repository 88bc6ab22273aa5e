import { describe, expect, it } from '@jest/globals'
import type { GroupsConfig } from './config/config-types.ts'
import { UnknownGroupError } from './errors.ts'
import { EventCountLogger } from './event-count-logger.ts'
import { silentLogger } from './logger.ts'
import { MemoryStore } from './testing/memory-store.ts'

/** The compiler checks this file together with the other tests: a line that is expected to be an error must be one. */
describe('names that the compiler checks', () => {
  const options = { logger: silentLogger }
  const literal = new EventCountLogger(
    {
      requests: { events: ['req1', 'error'], intervals: ['5s'] },
      pages: { events: ['home'], intervals: ['5s'], auto_declare_events: true },
    },
    new MemoryStore(),
    options,
  )

  it('are those of a config written as a literal', async () => {
    const requests = literal.getGroup('requests')
    requests.log('req1')
    requests.counter('error').inc()
    // @ts-expect-error no such event
    requests.log('reqq1')
    // @ts-expect-error no such event
    requests.counter('eror').inc()
    expect(requests.stats).toMatchObject({ logged: 2, undeclared: 2 })
    await literal.close()
  })

  it('are any text in a dynamic group', () => {
    expect(() => literal.getGroup('pages').log('anything')).not.toThrow()
  })

  it('are those of groups, too', () => {
    // @ts-expect-error no such group
    expect(() => literal.getGroup('request')).toThrow(UnknownGroupError)
    // @ts-expect-error no such group
    expect(() => literal.getGroup('request')).toThrow('there are: requests, pages')
  })

  it('are any text where the config came from a file', async () => {
    const loaded: GroupsConfig = { g: { events: ['a'], intervals: ['5s'] } }
    const ecl = new EventCountLogger(loaded, new MemoryStore(), options)
    ecl.getGroup('g').log('whatever')
    expect(ecl.stats.undeclared).toBe(1)
    await ecl.close()
  })

  it('may be those of no group, where one that counts nothing will do', async () => {
    const warnings: string[] = []
    const logger = {
      ...silentLogger,
      warn: (_: object, message: string) => void warnings.push(message),
    }
    const ecl = new EventCountLogger({}, new MemoryStore(), { logger })
    for (let i = 0; i < 3; i++) {
      const group = ecl.getGroup('optional', { dummy: true })
      group.log('x')
      group.counter('x').inc(5)
    }
    expect(warnings).toEqual([expect.stringContaining('"optional" is not in the configuration')])
    expect(ecl.stats.logged).toBe(0)
    await ecl.close()
  })
})
