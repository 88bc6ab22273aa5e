/** A program that has ioredis 5 hands in its own client. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { EventCountLogger } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { Redis } from 'ioredis-5'

let redis: PrivateRedis

beforeAll(async () => {
  redis = await PrivateRedis.start()
})
afterAll(() => redis.close())

it('counts over a client of ioredis 5, which goes on as it was', async () => {
  const client = new Redis({ path: redis.socket, keyPrefix: 'app:' })
  const groups = { web: { events: ['hit'], intervals: ['400000h'] } } as const
  const ecl = new EventCountLogger(groups, client)
  const group = ecl.getGroup('web')
  group.log('hit', 3)
  expect(await group.flush({ timeoutMs: 5000 })).toEqual({ unsentEvents: 0 })
  expect(await group.getCounts('400000h', { current: true })).toEqual({ hit: 3 })
  expect(await ecl.close()).toEqual({ unsentEvents: 0 })
  expect(await client.get('web:400000h:cur:hit')).toBe('3')
  await client.quit()
})
