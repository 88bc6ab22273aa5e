import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../clock.ts'
import type { EpochSeconds } from '../../interval.ts'
import { silentLogger } from '../../logger.ts'
import { groupSpec, HandClient } from '../../testing/hand-client.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { countKey, windowKey } from './keys.ts'
import { applyScript } from './lua-scripts.generated.ts'
import { redisClients } from './redis-options.ts'
import { RedisStore } from './redis-store.ts'
import type { Script } from './script.ts'

const HOUR = { spec: '1h', seconds: 3600 }
const FAIL_AT = '@test-fail-at'
/** More writes than the script does here. */
const MOST_WRITES = 14

/** The script, of whose writes one fails, by its number in FAIL_AT, as where memory or permissions are short. */
function fallible({ source: original }: Script): Script {
  const source = `
local real = redis
local left = tonumber(real.call('GET', '${FAIL_AT}') or '') or 0
local writes = { MSET = 1, SET = 1, SETNX = 1, SADD = 1, HSET = 1, INCRBY = 1, HINCRBY = 1, UNLINK = 1, RENAME = 1 }
local function fails(command)
  if writes[command] then
    left = left - 1
    return left == 0
  end
end
local redis = setmetatable({
  call = function(command, ...)
    if fails(command) then error('ERR this write fails') end
    return real.call(command, ...)
  end,
  pcall = function(command, ...)
    if fails(command) then return { err = 'ERR this write fails' } end
    return real.pcall(command, ...)
  end,
}, { __index = real })
${original}`
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

describe.each(['keys', 'hash'] as const)('a batch of which a write fails, in %s,', (layout) => {
  const group = groupSpec({ dynamic: true, intervals: [HOUR], layout })
  let redis: PrivateRedis
  let store: RedisStore

  beforeAll(async () => {
    redis = await PrivateRedis.start()
    store = new RedisStore({
      ...redisClients(redis.backend),
      ...{ logger: silentLogger, clock: systemClock },
      scripts: { apply: fallible(applyScript) },
    })
  })
  afterAll(async () => {
    await store.close()
    await redis.close()
  })
  beforeEach(() => redis.client.flushall())

  const failAt = (write: number) => redis.client.set(FAIL_AT, write)
  const count = async (event: string) =>
    Number(
      layout === 'hash'
        ? await redis.client.hget(windowKey(group, HOUR, 'cur'), event)
        : await redis.client.get(countKey(group, HOUR, 'cur', event)),
    )
  const writes = Array.from({ length: MOST_WRITES }, (_, index) => index + 1)

  it.each(writes)('is applied once, or what is missing is said, at write %i', async (write) => {
    const now = Math.floor(Date.now() / 1000)
    const client = new HandClient(store, group)
    const batch = client.batch({
      at: now as EpochSeconds,
      counts: [
        ['a', 5],
        ['x', 7],
      ],
    })
    await failAt(write)
    const reply = await store.apply(batch).catch(() => undefined)
    await failAt(0)
    const missing = new Set(
      reply?.status === 'applied' ? reply.failures.map(({ event }) => event) : [],
    )
    const again = await store.apply(batch)
    expect(again.status).toBe(reply === undefined ? 'applied' : 'duplicate')
    expect(await count('a')).toBe(missing.has('a') ? 0 : 5)
    expect(await count('x')).toBe(missing.has('x') ? 0 : 7)
  })

  it('is as if it had not come, where the right to count is missing', async () => {
    const now = Math.floor(Date.now() / 1000) as EpochSeconds
    const client = new HandClient(store, group)
    for (const sum of [5, 10]) {
      const batch = client.batch({ at: now, counts: [['a', 5]] })
      await redis.client.call('ACL', 'SETUSER', 'default', '-incrby', '-hincrby')
      // Whoever loses this reply, and tries again, is not told that it has been applied.
      await expect(store.apply(batch)).rejects.toThrow(/the user may not do this/)
      await redis.client.call('ACL', 'SETUSER', 'default', '+@all')
      expect(await store.apply(batch)).toMatchObject({ status: 'applied', failures: [] })
      expect(await count('a')).toBe(sum)
    }
  })
})
