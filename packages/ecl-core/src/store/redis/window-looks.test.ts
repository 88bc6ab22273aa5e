import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import { FIVE_SECONDS, groupSpec, NOON } from '../../testing/hand-client.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import type { CounterStore, WindowRef } from '../counter-store.ts'
import { openStore } from '../open-store.ts'

describe('a look at windows', () => {
  const ref = { group: groupSpec(), interval: FIVE_SECONDS }
  let redis: PrivateRedis
  let store: CounterStore

  beforeAll(async () => {
    redis = await PrivateRedis.start()
    store = openStore(redis.backend, { logger: silentLogger })
  })
  beforeEach(() => redis.client.flushall())
  afterAll(async () => {
    await store?.close()
    await redis?.close()
  })

  const put = (start: number, by = start) =>
    redis.client.mset('group:5s:cur:@ts', start, 'group:5s:cur:@by', by)

  it('sees what has changed since the one before, and what has not', async () => {
    const windows = [ref]
    const seen = async (refs: readonly WindowRef[], publications = false) => {
      const { states } = await store.windows(refs, { publications })
      return states[0]
    }
    expect(await seen(windows)).toEqual({ current: undefined, foreign: false })
    await put(NOON)
    expect(await seen(windows)).toEqual({ current: NOON, foreign: false })
    expect(await seen(windows)).toEqual({ current: NOON, foreign: false })
    await put(NOON + 5, NOON)
    expect(await seen(windows)).toEqual({ current: NOON + 5, foreign: true })
    const other = [{ ...ref, group: groupSpec({ name: 'other' }) }]
    expect(await seen(other)).toEqual({ current: undefined, foreign: false })
    await put(NOON + 5)
    expect(await seen(windows, true)).toMatchObject({
      current: NOON + 5,
      publishFromMs: (NOON + 7) * 1000,
    })
    expect(await seen(windows)).toEqual({ current: NOON + 5, foreign: false })
  })

  it('sees the windows of a client that puts a prefix before its keys', async () => {
    const client = redis.client.duplicate({ keyPrefix: 'p:' })
    const prefixed = openStore(client, { logger: silentLogger })
    await redis.client.mset('p:group:5s:cur:@ts', NOON, 'p:group:5s:cur:@by', NOON)
    expect(await prefixed.windows([ref])).toMatchObject({ states: [{ current: NOON }] })
    await prefixed.close()
    client.disconnect()
  })

  it('measures the way of the reply that tells the time, and not of one that asks for the script', async () => {
    await redis.client.script('FLUSH')
    let nowMs = 0
    const clock = { ...systemClock, monotonicMs: () => nowMs++ }
    const measured = openStore(redis.backend, { logger: silentLogger, clock })
    await measured.windows([])
    const askedMs = nowMs
    const { sentMs: firstMs } = await measured.windows([ref])
    const againMs = nowMs
    const { sentMs: secondMs } = await measured.windows([ref])
    // By the name, and then whole; and by the name alone.
    expect([firstMs - askedMs, secondMs - againMs]).toEqual([1, 0])
    await measured.close()
  })

  it('sees all other groups where a user may not see one, and says which that is', async () => {
    await redis.client.call('ACL', 'SETUSER', 'some', 'reset', 'on', '>x', '+@all', '~group:*')
    const login = { ...redis.backend, username: 'some', password: 'x' }
    const partial = openStore(login, { logger: silentLogger })
    await put(NOON)
    const denied = { ...ref, group: groupSpec({ name: 'denied' }) }
    const { states } = await partial.windows([denied, ref])
    expect(states[0]?.failure).toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(/^group "denied": the user may not do this; check its ACL/),
    })
    expect(states[1]).toEqual({ current: NOON, foreign: false })
    await expect(partial.windows([denied])).rejects.toMatchObject({ code: 'STORE_REFUSED' })
    await partial.close()
  })

  it('takes what is no mark for none', async () => {
    await put(NOON)
    await redis.client.set('group:5s:cur:@ts', 'x'.repeat(1_000_000))
    expect(await store.windows([ref])).toMatchObject({ states: [{ current: undefined }] })
    await redis.client.del('group:5s:cur:@ts')
    await redis.client.hset('group:5s:cur:@ts', 'a', 1)
    expect(await store.windows([ref])).toMatchObject({ states: [{ current: undefined }] })
  })

  it('sees more windows than a function of Lua takes arguments, and none', async () => {
    const windows = Array.from({ length: 5000 }, (_, n) => ({
      ...ref,
      group: groupSpec({ name: `group${n}` }),
    }))
    await redis.client.mset('group4999:5s:cur:@ts', NOON, 'group4999:5s:cur:@by', NOON)
    const { states } = await store.windows(windows, { publications: true })
    expect(states).toHaveLength(5000)
    expect(states[4998]).toEqual({ current: undefined, foreign: false })
    expect(states[4999]).toMatchObject({ current: NOON, foreign: false })
    expect(await store.windows([])).toMatchObject({ states: [] })
  })
})
