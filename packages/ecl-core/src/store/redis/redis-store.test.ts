import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { exerciseCounterStore } from '../../testing/exercise-counter-store.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'

for (const layout of ['keys', 'hash'] as const) {
  exerciseCounterStore(
    { describe, it, beforeAll, beforeEach, afterAll },
    `RedisStore, layout ${layout},`,
    () => ManualTimeRedis.start(),
    layout,
  )
}

describe('RedisStore', () => {
  it('rotates a group of very many declared events, and of very many dynamic ones', async () => {
    const redis = await ManualTimeRedis.start()
    try {
      const store = redis.open()
      // More than fit into the arguments of a function, or on the stack of Lua.
      const events = Array.from({ length: 110_000 }, (_, index) => `e${index}`)
      const group = groupSpec({ events, dynamic: true })
      await redis.setTime((NOON + 1) * 1000)
      expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'begun' })
      const client = new HandClient(store, group)
      await client.register()
      await client.send(NOON, { e7: 3, x: 4 })
      await redis.setTime((NOON + 5) * 1000)
      expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({
        status: 'rotated',
        events: 110_001,
      })
      await redis.setTime((NOON + 10) * 1000)
      const { last } = await store.read(group, FIVE_SECONDS, 'last')
      expect([last?.counts.get('e7'), last?.counts.get('e8'), last?.counts.get('x')]).toEqual([
        3n,
        0n,
        4n,
      ])
    } finally {
      await redis.close()
    }
  })

  it('counts a name with half of a surrogate pair under the sign that UTF-8 has for it', async () => {
    const redis = await ManualTimeRedis.start()
    try {
      const store = redis.open()
      const group = groupSpec({ dynamic: true })
      await redis.setTime((NOON + 1) * 1000)
      const client = new HandClient(store, group)
      await client.register()
      await client.send(NOON, { 'a\ud83d': 3, '𝄞': 4 })
      const { cur } = await store.read(group, FIVE_SECONDS, 'cur')
      expect([cur?.counts.get('a\ufffd'), cur?.counts.get('𝄞')]).toEqual([3n, 4n])
    } finally {
      await redis.close()
    }
  })

  it('calls nothing complete, and no books balanced, where something else is in the place of the clients', async () => {
    const redis = await ManualTimeRedis.start()
    try {
      const store = redis.open()
      const group = groupSpec()
      for (const seconds of [1, 5]) {
        await redis.setTime((NOON + seconds) * 1000)
        await store.rotate(group, FIVE_SECONDS)
      }
      await redis.server.client.set('group:@clients', 'x')
      await redis.setTime((NOON + 8) * 1000)
      const { last } = await store.read(group, FIVE_SECONDS, 'last', { completeness: true })
      expect(last?.completeness).toEqual({ status: 'unknown', reason: 'no clients' })
      await expect(store.accounts(group)).rejects.toThrow('"group:@clients" is no hash of clients')
    } finally {
      await redis.close()
    }
  })

  it('repairs the index of a rotation that holds another type', async () => {
    const redis = await ManualTimeRedis.start()
    try {
      const store = redis.open()
      const group = groupSpec()
      await redis.setTime((NOON + 1) * 1000)
      await store.rotate(group, FIVE_SECONDS)
      await redis.server.client.set('group:5s:cur:@ids', 'x')
      await redis.server.client.set('group:5s:last:@ids', 'x')
      await redis.server.client.incrby('group:5s:cur:a', 2)
      await redis.setTime((NOON + 5) * 1000)
      expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
      expect(await redis.server.client.get('group:5s:last:a')).toBe('2')
      expect(await redis.server.client.scard('group:5s:cur:@ids')).toBe(2)
    } finally {
      await redis.close()
    }
  })
})
