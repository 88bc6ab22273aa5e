import { describe, expect, it } from '@jest/globals'
import type { RedisConfig } from '../../config/config-types.ts'
import { resolveGroups } from '../../config/resolve-groups.ts'
import { silentLogger } from '../../logger.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { openStore } from '../open-store.ts'
import { ConnectionTrouble } from './connection-trouble.ts'

const [GROUP] = resolveGroups({ '{web}': { events: ['hit'], intervals: ['1h'] } })
/** Reserved by RFC 6761: no name server knows it. */
const HOST = 'redis.invalid'

describe('what is wrong with a connection', () => {
  it.each<[RedisConfig, RegExp]>([
    [{ host: HOST }, /cannot be resolved .*; check "redis\.host"$/],
    [{ cluster: [HOST] }, /cannot be resolved .*; check "redis\.cluster"$/],
    [
      { sentinel: { name: 'm', nodes: [HOST] } },
      /check "redis\.sentinel\.nodes" .*(ENOTFOUND|EAI_AGAIN)/,
    ],
  ])('names the key of a host that is unknown: %j', async (backend, says) => {
    const store = openStore(backend, { logger: silentLogger })
    if (GROUP?.intervals[0] === undefined) throw new Error('bug: no group')
    await expect(store.read(GROUP, GROUP.intervals[0], 'cur')).rejects.toThrow(says)
    await store.close()
  })

  it.each(['', '::1', '[::1]'])(
    'finds a server at an address of IPv6 as at any: %j',
    async (address) => {
      const host = address === '' ? '127.0.0.1' : address
      const store = openStore({ host, port: 1 }, { logger: silentLogger })
      if (GROUP?.intervals[0] === undefined) throw new Error('bug: no group')
      const shown = address === '' ? '127\\.0\\.0\\.1:1' : '\\[::1\\]:1'
      // Nothing listens there, or the machine has no IPv6.
      await expect(store.read(GROUP, GROUP.intervals[0], 'cur')).rejects.toThrow(
        new RegExp(`^Redis at ${shown}: .*(ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)`),
      )
      await store.close()
    },
  )

  it('hints at a line break in a password that is refused', async () => {
    await using redis = await PrivateRedis.start()
    await redis.client.acl('SETUSER', 'u', 'on', '>secret', '~*', '+@all')
    const store = openStore(
      { ...redis.backend, username: 'u', password: 'secret\n' },
      { logger: silentLogger },
    )
    if (GROUP?.intervals[0] === undefined) throw new Error('bug: no group')
    await expect(store.read(GROUP, GROUP.intervals[0], 'cur')).rejects.toThrow(
      /is wrong; .*; the password begins or ends with a blank or a line break/,
    )
    await store.close()
  })

  it('is said once, with what came before where it says more, until all is well', () => {
    const said: string[] = []
    const clock = new ManualClock()
    const trouble = new ConnectionTrouble({
      endpoint: 'r:1',
      clock,
      logger: {
        ...silentLogger,
        info: (_, message) => said.push(message),
        warn: (_, message) => said.push(message),
      },
    })
    const lost = new Error('Connection is closed')
    expect(trouble.report(lost, []).error.code).toBe('STORE_UNAVAILABLE')
    expect(said).toEqual([])
    const refused = new Error('WRONGPASS invalid password')
    for (let i = 0; i < 2; i++) {
      expect(trouble.report(lost, [undefined, refused]).error.code).toBe('STORE_REFUSED')
    }
    clock.block(2000)
    trouble.report(lost, [])
    expect(said).toEqual([expect.stringContaining('user name or password is wrong')])
    trouble.end()
    trouble.end()
    expect(said.slice(1)).toEqual(['Redis at r:1 is back after 2.0 s'])
    expect(trouble.report(new Error('READONLY x'), []).reconnect).toBe(true)
    expect(said).toHaveLength(3)
  })
})
