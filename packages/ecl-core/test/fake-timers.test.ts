/** Under a test runner's fake timers, as in the tests of somebody's service, nothing here waits for ever. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals'
import { EventCountLogger, silentLogger } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'

const GROUPS = { web: { events: ['hit'], intervals: ['400000h'] } } as const

describe("under jest's fake timers", () => {
  let redis: PrivateRedis

  beforeAll(async () => {
    redis = await PrivateRedis.start()
  })

  afterAll(() => redis.close())

  beforeEach(() => {
    jest.useFakeTimers()
  })

  afterEach(() => {
    jest.useRealTimers()
  })

  it('close gives up in time where the store is away', async () => {
    const ecl = new EventCountLogger(GROUPS, { port: 1 }, { logger: silentLogger })
    ecl.getGroup('web').log('hit', 3)
    expect(await ecl.close({ timeoutMs: 100 })).toEqual({ unsentEvents: 3 })
  })

  it('flush gives up in time where the store is away', async () => {
    const ecl = new EventCountLogger(GROUPS, { port: 1 }, { logger: silentLogger })
    ecl.getGroup('web').log('hit', 3)
    expect(await ecl.getGroup('web').flush({ timeoutMs: 100 })).toEqual({ unsentEvents: 3 })
    await ecl.close({ timeoutMs: 0 })
  })

  it('close gives up in time where ioredis waits for a turn that never comes', async () => {
    const ecl = new EventCountLogger(GROUPS, redis.backend, { logger: silentLogger })
    ecl.getGroup('web').log('hit', 3)
    expect(await ecl.close({ timeoutMs: 100 })).toEqual({ unsentEvents: 3 })
  })

  it('counts are sent and read where nextTick is real, which ioredis needs', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick'] })
    const ecl = new EventCountLogger(GROUPS, redis.backend, { logger: silentLogger })
    const group = ecl.getGroup('web')
    group.log('hit', 3)
    expect(await group.flush({ timeoutMs: 5000 })).toEqual({ unsentEvents: 0 })
    expect(await group.getCounts('400000h', { current: true })).toEqual({ hit: 3 })
    group.log('hit')
    expect(await ecl.close()).toEqual({ unsentEvents: 0 })
  })
})
