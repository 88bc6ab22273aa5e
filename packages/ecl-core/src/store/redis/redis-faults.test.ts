import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { systemClock } from '../../clock.ts'
import type { GroupsConfig } from '../../config/config-types.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import type { Logger } from '../../logger.ts'
import { PrivateRedis, type PrivateRedisOptions } from '../../testing/private-redis.ts'
import { TcpProxy } from '../../testing/tcp-proxy.ts'
import { until } from '../../testing/until.ts'
import { type Backend, openStore } from '../open-store.ts'

const GROUPS = { g: { events: ['a', 'b'], intervals: ['400000h'] } } as const

describe('a logger on Redis', () => {
  let closing: { close(): unknown }[]
  let messages: string[]

  const logger: Logger = {
    debug() {},
    info: (_, message) => void messages.push(`info: ${message}`),
    warn: (_, message) => void messages.push(`warn: ${message}`),
    error: (_, message) => void messages.push(`error: ${message}`),
  }

  beforeEach(() => {
    closing = []
    messages = []
  })
  afterEach(async () => {
    for (const resource of closing.reverse()) await resource.close()
  })

  const startRedis = async (options?: PrivateRedisOptions) => {
    const redis = await PrivateRedis.start(options)
    closing.push(redis)
    return redis
  }
  const startProxy = async (redis: PrivateRedis) => {
    const proxy = await TcpProxy.start({ path: redis.socket })
    closing.push(proxy)
    return proxy
  }
  const startLogger = (backend: Backend, groups: GroupsConfig = GROUPS) => {
    const ecl = new EventCountLogger(groups, backend, { logger })
    closing.push({ close: () => ecl.close({ timeoutMs: 50 }) })
    return ecl.getGroup('g')
  }
  const stored = async (redis: PrivateRedis, event = 'a') =>
    Number(await redis.client.get(`g:400000h:cur:${event}`))

  it('counts once when the connection is cut after the command ran and before its reply', async () => {
    const redis = await startRedis()
    const proxy = await startProxy(redis)
    const group = startLogger({ host: '127.0.0.1', port: proxy.port })
    group.log('a')
    await group.flush()
    for (let i = 1; i <= 20; i++) {
      proxy.cutBeforeNextReply()
      group.log('a', i)
      expect(await group.flush()).toEqual({ unsentEvents: 0 })
    }
    expect(await stored(redis)).toBe(211)
    expect(group.stats.retries).toBeGreaterThanOrEqual(20)
  })

  it('counts once when connections are cut at random while many events are logged', async () => {
    const redis = await startRedis()
    const proxy = await startProxy(redis)
    const group = startLogger({ host: '127.0.0.1', port: proxy.port })
    let logged = 0
    for (let i = 0; i < 300; i++) {
      group.log('a')
      logged++
      if (i % 13 === 0) proxy.cut()
      if (i % 17 === 0) proxy.cutBeforeNextReply()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await group.flush({ timeoutMs: 10_000 })).toEqual({ unsentEvents: 0 })
    expect(await stored(redis)).toBe(logged)
  })

  it('sends again on a new connection when the server falls silent', async () => {
    const redis = await startRedis()
    const proxy = await startProxy(redis)
    const group = startLogger({ host: '127.0.0.1', port: proxy.port })
    group.log('a')
    await group.flush()
    proxy.silence(true)
    group.log('a', 5)
    await until(() => messages.some((message) => message.includes('no answer')))
    proxy.silence(false)
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    expect(await stored(redis)).toBe(6)
  })

  it('loses nothing while the server is down for a while and comes back with its data', async () => {
    const redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    const group = startLogger(redis.backend)
    group.log('a')
    await group.flush()
    await redis.kill()
    for (let i = 0; i < 1000; i++) group.log(i % 2 === 0 ? 'a' : 'b')
    expect(await group.flush({ timeoutMs: 300 })).toEqual({ unsentEvents: 1000 })
    await redis.start()
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    expect([await stored(redis), await stored(redis, 'b')]).toEqual([501, 500])
  })

  it('reports an outage once, and its end once', async () => {
    const redis = await startRedis()
    const group = startLogger(redis.backend)
    group.log('a')
    await group.flush()
    await redis.kill()
    for (let i = 0; i < 20; i++) {
      group.log('a')
      await group.flush({ timeoutMs: 50 })
    }
    const warnings = messages.filter((message) => message.startsWith('warn'))
    expect(warnings).toEqual([expect.stringMatching(/redis-server running/)])
    await redis.start()
    await group.flush()
    expect(messages.filter((message) => message.startsWith('info'))).toEqual([
      expect.stringContaining('is back after'),
    ])
  })

  it('works again after its scripts were flushed and its connection was killed', async () => {
    const redis = await startRedis()
    const group = startLogger(redis.backend)
    for (let i = 0; i < 5; i++) {
      group.log('a')
      await group.flush()
      await redis.client.script('FLUSH')
      await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    }
    group.log('a')
    await group.flush()
    expect(await stored(redis)).toBe(6)
  })

  it('uses one connection for all groups of a process', async () => {
    const redis = await startRedis()
    const groups = { x: GROUPS.g, y: GROUPS.g, z: GROUPS.g }
    const ecl = new EventCountLogger(groups, redis.backend, { logger })
    closing.push(ecl)
    for (const name of ['x', 'y', 'z'] as const) {
      ecl.getGroup(name).log('a')
      await ecl.getGroup(name).flush()
    }
    // Ours, and that of the test.
    expect(await redis.client.client('LIST')).toMatch(/^([^\n]+\n){2}$/)
  })

  it("counts through a user's own client, with its key prefix, and leaves it as it was", async () => {
    const redis = await startRedis()
    const users = new Redis({ path: redis.socket, keyPrefix: 'app:', db: 3 })
    closing.push({ close: () => users.disconnect() })
    const ecl = new EventCountLogger(
      { d: { events: [], intervals: ['400000h'], auto_declare_events: true } },
      users,
      { logger },
    )
    closing.push(ecl)
    const group = ecl.getGroup('d')
    group.log('x', 3)
    await group.flush()
    await users.incrby('d:400000h:cur:python', 4)
    expect(await users.get('d:400000h:cur:x')).toBe('3')
    expect(await group.getCounts('400000h', { current: true })).toEqual({ x: 3, python: 4 })
    await ecl.close()
    expect(users.status).toBe('ready')
    await redis.client.select(3)
    expect(await redis.client.get('app:d:400000h:cur:x')).toBe('3')
  })

  describe('counts the rest and reports an event', () => {
    it('whose key holds another type', async () => {
      const redis = await startRedis()
      await redis.client.lpush('g:400000h:cur:a', 'x')
      const group = startLogger(redis.backend)
      group.log('a', 3)
      group.log('b', 2)
      expect(await group.flush()).toEqual({ unsentEvents: 0 })
      expect(await stored(redis, 'b')).toBe(2)
      expect(group.stats).toMatchObject({ rejected: 3, unsent: 0 })
      expect(messages).toEqual([
        expect.stringMatching(/^error: .*"g:400000h:cur:a".*delete that key/),
      ])
    })

    it('whose field of the hash is no number, with layout hash', async () => {
      const redis = await startRedis()
      await redis.client.hset('g:400000h:cur', 'a', 'x')
      const ecl = new EventCountLogger({ g: { ...GROUPS.g, layout: 'hash' } }, redis.backend, {
        logger,
      })
      closing.push({ close: () => ecl.close({ timeoutMs: 50 }) })
      const group = ecl.getGroup('g')
      group.log('a', 3)
      group.log('b', 2)
      expect(await group.flush()).toEqual({ unsentEvents: 0 })
      expect(await redis.client.hget('g:400000h:cur', 'b')).toBe('2')
      expect(group.stats).toMatchObject({ rejected: 3, unsent: 0 })
      expect(messages).toEqual([
        expect.stringMatching(
          /^error: .*its field of the hash "g:400000h:cur" .*delete that field/,
        ),
      ])
    })

    it('whose value is no number, or has no room', async () => {
      const redis = await startRedis()
      await redis.client.mset('g:400000h:cur:a', 'many', 'g:400000h:cur:b', '9223372036854775807')
      const group = startLogger(redis.backend)
      group.log('a')
      group.log('b')
      expect(await group.flush()).toEqual({ unsentEvents: 0 })
      expect(group.stats.rejected).toBe(2)
      const reading = await group.read('400000h', { current: true })
      expect(reading.unreadable).toEqual(['a'])
      expect(reading.counts.get('b')).toBe(2n ** 63n - 1n)
    })
  })

  describe('counts whole or not at all', () => {
    const counts = async (redis: PrivateRedis) =>
      (await redis.client.mget('g:400000h:cur:a', 'g:400000h:cur:b')).map(Number)

    it.each(['sadd', 'mset', 'hset', 'incrby'])(
      'while the user may not %s, and then may',
      async (command) => {
        const redis = await startRedis()
        await redis.client.call('ACL', [
          'SETUSER',
          'logger',
          'on',
          '>pw',
          '~*',
          '+@all',
          `-${command}`,
        ])
        const group = startLogger({ ...redis.backend, username: 'logger', password: 'pw' })
        group.log('a', 5)
        group.log('b', 2)
        await group.flush({ timeoutMs: 300 })
        expect(await counts(redis)).toEqual([0, 0])
        expect(group.stats.unsent).toBeGreaterThanOrEqual(7)
        expect(messages).toHaveLength(1)
        // Tried again with growing pauses, not as fast as it can.
        expect(group.stats.batches + group.stats.retries).toBeLessThan(20)
        await redis.client.call('ACL', ['SETUSER', 'logger', '+@all'])
        expect(await group.flush({ timeoutMs: 10_000 })).toEqual({ unsentEvents: 0 })
        expect(await counts(redis)).toEqual([5, 2])
        expect(group.stats).toMatchObject({ logged: 7, applied: 7, unsent: 0, rejected: 0 })
      },
    )
  })

  it('tells when a request was sent without the wait for a connection', async () => {
    const redis = await startRedis()
    await redis.kill()
    const store = openStore(redis.backend, { logger })
    closing.push(store)
    expect(store.connected).toBe(false)
    const startedMs = performance.now()
    const look = store.windows([])
    await until(() => messages.length > 0)
    await redis.start()
    const { sentMs } = await look
    const tookMs = systemClock.monotonicMs() - sentMs
    expect(store.connected).toBe(true)
    // It waited for the start of a server.
    expect(tookMs).toBeLessThan((performance.now() - startedMs) / 2)
  })

  it('repairs reserved keys that hold another type', async () => {
    const redis = await startRedis()
    for (const key of ['g:400000h:cur:@ts', 'g:400000h:cur:@by', 'g:400000h:cur:@ids']) {
      await redis.client.hset(key, 'x', '1')
    }
    const group = startLogger(redis.backend)
    group.log('a')
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    expect(await redis.client.smembers('g:400000h:cur:@ids')).toEqual(['a'])
    expect(await stored(redis)).toBe(1)
  })

  it('removes client entries that have not been used for long, and keeps the others', async () => {
    const redis = await startRedis()
    const now = Math.floor(Date.now() / 1000)
    const entry = (unusedSeconds: number, closed: 0 | 1, loss = 0) =>
      `7 ${now - unusedSeconds} ${closed} ${now - unusedSeconds} ${loss} 9 9 0 0 0 0`
    await redis.client.hset('g:@clients', {
      'old/1/a': entry(25 * 3600, 0),
      'closed/1/a': entry(400, 1),
      'closed with a loss/1/a': entry(400, 1, now - 400),
      'just closed/1/a': entry(200, 1),
      'idle/1/a': entry(23 * 3600, 0),
    })
    // For how long depends on the longest interval.
    const group = startLogger(redis.backend, { g: { events: ['a'], intervals: ['1h'] } })
    group.log('a')
    await group.flush()
    const left = await redis.client.hkeys('g:@clients')
    expect(left.filter((id) => /^(old|closed|just|idle)/.test(id)).sort()).toEqual([
      'closed with a loss/1/a',
      'idle/1/a',
      'just closed/1/a',
    ])
  })

  describe('says in one line what is wrong, and goes on when it is mended:', () => {
    const expectTrouble = async (
      backend: Backend,
      expected: RegExp,
      mend: () => Promise<unknown>,
    ): Promise<void> => {
      const group = startLogger(backend)
      group.log('a', 3)
      await until(() => messages.length > 0)
      await group.flush({ timeoutMs: 300 })
      expect(messages).toEqual([expect.stringMatching(expected)])
      expect(messages[0]).not.toContain('\n')
      await mend()
      expect(await group.flush({ timeoutMs: 10_000 })).toEqual({ unsentEvents: 0 })
    }

    it('a wrong password', async () => {
      const redis = await startRedis()
      await redis.client.config('SET', 'requirepass', 'secret')
      await expectTrouble(
        { path: redis.socket, password: 'guess' },
        /user name or password is wrong/,
        () => redis.client.config('SET', 'requirepass', 'guess'),
      )
    })

    it('a missing password', async () => {
      const redis = await startRedis()
      await redis.client.config('SET', 'requirepass', 'secret')
      await expectTrouble(redis.backend, /wants a password; set "redis.password"/, () =>
        redis.client.config('SET', 'requirepass', ''),
      )
    })

    it('a database that does not exist', async () => {
      const redis = await startRedis()
      const group = startLogger({ path: redis.socket, db: 99 })
      group.log('a')
      await until(() => messages.length > 0)
      await group.flush({ timeoutMs: 300 })
      expect(messages).toEqual([
        expect.stringMatching(/there is no such database; check "redis.db"/),
      ])
    })

    it('a host that does not exist', async () => {
      const group = startLogger({ host: 'no-such-host.invalid' })
      group.log('a')
      await until(() => messages.length > 0)
      await group.flush({ timeoutMs: 100 })
      expect(messages).toEqual([
        expect.stringMatching(/no-such-host.invalid:6379: .*check "redis.host"/),
      ])
    })

    it('a port where nothing listens', async () => {
      const group = startLogger({ host: 'localhost', port: 1 })
      group.log('a')
      await until(() => messages.length > 0)
      await group.flush({ timeoutMs: 300 })
      expect(messages).toEqual([expect.stringMatching(/localhost:1: nothing listens there/)])
    })

    it('a full memory', async () => {
      const redis = await startRedis()
      await redis.client.config('SET', 'maxmemory', '1')
      await expectTrouble(redis.backend, /out of memory.*"maxmemory"/, () =>
        redis.client.config('SET', 'maxmemory', '0'),
      )
      expect(await stored(redis)).toBe(3)
    })

    it('a read-only replica', async () => {
      const redis = await startRedis()
      await redis.client.replicaof('127.0.0.1', 1)
      await expectTrouble(
        redis.backend,
        /read-only replica; connect to the primary|lost its primary/,
        () => redis.client.replicaof('NO', 'ONE'),
      )
      expect(await stored(redis)).toBe(3)
    })

    it('too many clients', async () => {
      const redis = await startRedis()
      await redis.client.config('SET', 'maxclients', '1')
      await expectTrouble(redis.backend, /no connection left; raise its "maxclients"/, () =>
        redis.client.config('SET', 'maxclients', '100'),
      )
      expect(await stored(redis)).toBe(3)
    })

    it.each([
      ['get', 'keys'],
      ['hget', 'keys'],
      ['hset', 'keys'],
      ['sadd', 'keys'],
      ['incrby', 'keys'],
      ['hlen', 'hash'],
      ['hincrby', 'hash'],
    ] as const)(
      'a right to %s, which is named, and nothing is counted twice',
      async (command, layout) => {
        const redis = await startRedis()
        const acl = (...rights: string[]) =>
          redis.client.acl('SETUSER', 'u', 'on', '>p', '~g:*', ...rights)
        await acl('+@all')
        const backend = { ...redis.backend, username: 'u', password: 'p' }
        const group = startLogger(backend, { g: { ...GROUPS.g, layout } })
        group.log('a', 100)
        expect(await group.flush()).toEqual({ unsentEvents: 0 })
        await acl(`-${command}`)
        group.log('a')
        expect(await group.flush({ timeoutMs: 300 })).toEqual({ unsentEvents: 1 })
        const said = messages.join('\n')
        expect(said).toMatch(new RegExp(`\\b${command}\\b`, 'i'))
        expect(said).not.toMatch(/delete/)
        await acl('+@all')
        expect(await group.flush()).toEqual({ unsentEvents: 0 })
        const counts =
          layout === 'keys' ? await stored(redis) : await redis.client.hget('g:400000h:cur', 'a')
        expect(Number(counts)).toBe(101)
      },
    )

    it('a server that does not speak TLS', async () => {
      const redis = await startRedis()
      const proxy = await startProxy(redis)
      const group = startLogger({ host: '127.0.0.1', port: proxy.port, tls: true })
      group.log('a')
      await until(() => messages.length > 0)
      await group.flush({ timeoutMs: 300 })
      expect(messages).toEqual([expect.stringMatching(/with TLS: no answer/)])
    })
  })
})
