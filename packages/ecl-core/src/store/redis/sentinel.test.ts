import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import type { PrivateRedis } from '../../testing/private-redis.ts'
import { SentinelSet } from '../../testing/sentinel-set.ts'
import { until } from '../../testing/until.ts'
import { openStore } from '../open-store.ts'

const GROUPS = { web: { events: ['hit'], intervals: ['400000h'] } }

describe('a Redis behind sentinels', () => {
  let set: SentinelSet

  beforeAll(async () => {
    set = await SentinelSet.start()
  })
  afterAll(() => set?.close())

  it('is found, and counts', async () => {
    const ecl = new EventCountLogger(GROUPS, set.backend)
    ecl.getGroup('web').log('hit', 3)
    expect(await ecl.getGroup('web').flush()).toEqual({ unsentEvents: 0 })
    const primary = await set.primary()
    expect(await primary.client.get('web:400000h:cur:hit')).toBe('3')
    await ecl.close()
  })

  it('is found by an ioredis client for sentinels, too', async () => {
    const sentinels = set.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }))
    const client = new Redis({ sentinels, name: 'mymaster', lazyConnect: true, keyPrefix: 'p:' })
    const ecl = new EventCountLogger(GROUPS, client)
    ecl.getGroup('web').log('hit', 2)
    expect(await ecl.getGroup('web').flush()).toEqual({ unsentEvents: 0 })
    expect(await (await set.primary()).client.get('p:web:400000h:cur:hit')).toBe('2')
    await ecl.close()
    client.disconnect()
  })

  it('is given up within 5 s by a reader where the sentinels do not know the name, or are not there', async () => {
    const { nodes } = set.backend.sentinel
    for (const [sentinel, message] of [
      [{ name: 'other', nodes }, /sentinels do not know a primary by this name/],
      [{ name: 'mymaster', nodes: ['127.0.0.1:1'] }, /no sentinel answers.*ECONNREFUSED/],
    ] as const) {
      const ecl = new EventCountLogger(GROUPS, { sentinel }, { logger: silentLogger })
      const started = performance.now()
      await expect(ecl.getGroup('web').getCounts('400000h')).rejects.toThrow(message)
      expect(performance.now() - started).toBeLessThan(2000)
      await ecl.close()
    }
  })

  it('is not sought among servers that are no sentinels', async () => {
    const nodes = set.servers.map(({ port }) => `127.0.0.1:${port}`)
    const sentinel = { name: 'mymaster', nodes }
    const ecl = new EventCountLogger(GROUPS, { sentinel }, { logger: silentLogger })
    await expect(ecl.getGroup('web').getCounts('400000h')).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(
        /what answers there is no sentinel; .*"redis\.sentinel\.nodes", whose port is usually 26379 \(the sentinel at 127\.0\.0\.1:\d+ says: ERR unknown command/,
      ),
    })
    await ecl.close()
  })

  it('needs few rights of its own on servers and sentinels', async () => {
    const users: [server: PrivateRedis, ...rights: string[]][] = [
      ...set.sentinels.map((one): [PrivateRedis, ...string[]] => [
        one,
        '+sentinel|get-master-addr-by-name',
        '+sentinel|master',
        '+subscribe',
        '&+switch-master',
      ]),
      ...set.servers.map((one): [PrivateRedis, ...string[]] => [one, '+@all', '~*']),
    ]
    for (const [{ client }, ...rights] of users) {
      await client.call('ACL', 'SETUSER', 'ecl', 'on', '>secret', ...rights)
    }
    const login = { username: 'ecl', password: 'secret' }
    const sentinel = { ...set.backend.sentinel, ...login }
    const ecl = new EventCountLogger(GROUPS, { sentinel, ...login })
    expect(ecl.dumpConfig()).not.toContain('secret')
    expect(await ecl.getGroup('web').getCounts('400000h', { current: true })).toEqual({ hit: 3 })
    await ecl.close()
    const wrong = { ...sentinel, password: 'wrong' }
    const refused = new EventCountLogger(GROUPS, { sentinel: wrong }, { logger: silentLogger })
    await expect(refused.getGroup('web').getCounts('400000h')).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('the sentinels refuse; check "username" and "password"'),
    })
    await refused.close()
  })

  it('is warned of where a deposed primary would go on acknowledging', async () => {
    const store = openStore(set.backend)
    expect((await store.warnings()).join()).toContain('set "min-replicas-to-write 1"')
    await store.close()
  })

  it('is left when it has been deposed, though it lives and would go on acknowledging', async () => {
    const store = openStore(set.backend, { logger: silentLogger })
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
    const group = ecl.getGroup('web')
    group.log('hit')
    await group.flush()
    const deposed = await set.primary()
    await set.sentinels[0]?.client.call('SENTINEL', 'FAILOVER', 'mymaster')
    await set.failedOver(deposed)
    group.log('hit', 5)
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    const primary = await set.primary()
    expect(primary.port).not.toBe(deposed.port)
    await until(async () => Number(await primary.client.get('web:400000h:cur:hit')) === 9)
    await ecl.close()
    await store.close()
  })
})
