import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { resolveGroups } from '../../config/resolve-groups.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import type { Logger } from '../../logger.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { openStore } from '../open-store.ts'

const GROUPS = { g: { events: ['a'], intervals: ['400000h'] } } as const

describe('a Redis that keeps nothing on disk and is restarted', () => {
  let redis: PrivateRedis
  let ecl: EventCountLogger<typeof GROUPS>
  let messages: string[]

  const logger: Logger = {
    debug() {},
    info() {},
    warn() {},
    error: (_, message) => void messages.push(message),
  }

  beforeEach(async () => {
    messages = []
    redis = await PrivateRedis.start({ args: ['--appendonly', 'no'] })
    ecl = new EventCountLogger(GROUPS, redis.backend, { logger })
  })
  afterEach(async () => {
    await ecl.close({ timeoutMs: 50 })
    await redis.close()
  })

  const log = async (n: number) => {
    ecl.getGroup('g').log('a', n)
    expect(await ecl.getGroup('g').flush()).toEqual({ unsentEvents: 0 })
  }
  const restart = async () => {
    await redis.kill()
    await redis.start()
  }

  it('is sent all again of a logger that has counted for less than the loss window', async () => {
    for (let i = 0; i < 10; i++) await log(1)
    await restart()
    await log(1)
    expect(await redis.client.get('g:400000h:cur:a')).toBe('11')
    expect(ecl.stats).toMatchObject({ replayed: 10, forgottenBatches: 0 })
    expect(messages).toEqual([])
  })

  it('has lost what is older, which is said by the logger, in the books, and of the window', async () => {
    await ecl.close()
    ecl = new EventCountLogger(GROUPS, { ...redis.backend, loss_window: 0 }, { logger })
    for (let i = 0; i < 10; i++) await log(1)
    await restart()
    await log(1)
    const { replayed, forgottenBatches } = ecl.stats
    // The last one is kept until the next one shows that it was there.
    expect({ replayed, forgottenBatches }).toEqual({ replayed: 1, forgottenBatches: 10 })
    expect(messages).toEqual([expect.stringContaining('forgotten 10 batches')])
    const store = openStore(redis.backend)
    try {
      const [group] = resolveGroups(GROUPS)
      const interval = group?.intervals[0]
      if (group === undefined || interval === undefined) throw new Error('no group')
      const { clients } = await store.accounts(group)
      expect(clients).toEqual([expect.objectContaining({ logged: 11, applied: 2, unsent: 0 })])
      const { cur } = await store.read(group, interval, 'cur', { completeness: true })
      expect(cur?.completeness).toEqual({ status: 'pending', missing: [clients[0]?.clientId] })
    } finally {
      await store.close()
    }
  })
})
