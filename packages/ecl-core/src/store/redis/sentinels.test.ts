import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Redis } from 'ioredis'
import type { NodeAddress } from '../../config/node-address.ts'
import { freePorts } from '../../testing/free-ports.ts'
import { ManualClock, settle } from '../../testing/manual-clock.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { SentinelSet } from '../../testing/sentinel-set.ts'
import { TcpProxy } from '../../testing/tcp-proxy.ts'
import { until } from '../../testing/until.ts'
import { redisClients } from './redis-options.ts'
import { Sentinels } from './sentinels.ts'

const NAME = 'mymaster'

const listens = (redis: Redis) => redis.mode === 'subscriber' && redis.status === 'ready'

describe('sentinels', () => {
  let set: SentinelSet
  let clock: ManualClock
  let clients: { readonly port: number; readonly redis: Redis }[]
  let switches: number
  /** Nothing can be waited for there. */
  let frozen: number | undefined
  const opened: Sentinels[] = []

  beforeAll(async () => {
    set = await SentinelSet.start()
  })
  beforeEach(() => {
    // Time stands still while a sentinel is being asked.
    clock = new ManualClock(0, async () => {
      const isSettled = ({ port, redis }: (typeof clients)[number]) =>
        port === frozen || redis.status === 'end' || listens(redis)
      await until(() => clients.every(isSettled))
      await settle()
    })
    clients = []
    switches = 0
    frozen = undefined
  })
  afterEach(() => {
    for (const sentinels of opened.splice(0)) sentinels.close()
    expect(clock.pendingTimers).toBe(0)
  })
  afterAll(() => set?.close())

  function open(ports: readonly number[]): Sentinels {
    const nodes = ports.map((port) => `127.0.0.1:${port}`)
    const { sentinel } = redisClients({ sentinel: { name: NAME, nodes } })
    if (sentinel === undefined) throw new Error('bug: no sentinels')
    const create = (address: NodeAddress) => {
      const redis = sentinel.create(address)
      clients.push({ port: address.port, redis })
      return redis
    }
    const sentinels = new Sentinels({ ...sentinel, create, clock, onSwitch: () => switches++ })
    opened.push(sentinels)
    return sentinels
  }

  const ports = () => set.sentinels.map(({ port }) => port)
  const connectionsTo = (port: number) => clients.filter((one) => one.port === port).length
  const listensTo = (port: number) => clients.some((one) => one.port === port && listens(one.redis))

  it('are left alone while another one of them is dead, which is asked ever more seldom', async () => {
    const [dead = 0] = await freePorts(1)
    const living = ports().slice(0, 2)
    await open([dead, ...living]).locate()
    await clock.advance(31_000)
    // At the start, and after 1, 2, 4, 8 and 16 s, or half of that.
    expect(connectionsTo(dead)).toBeGreaterThanOrEqual(6)
    const before = connectionsTo(dead)
    await clock.advance(300_000)
    expect(connectionsTo(dead) - before).toBeGreaterThanOrEqual(10)
    expect(connectionsTo(dead) - before).toBeLessThanOrEqual(21)
    expect(living.map(connectionsTo)).toEqual([1, 1])
  })

  it('are listened to within 30 s from when they are there, also where they were not at the start', async () => {
    const [late = 0] = await freePorts(1)
    const [first = 0] = ports()
    await open([first, late]).locate()
    await clock.advance(100_000)
    expect(listensTo(late)).toBe(false)
    const { port } = await set.primary()
    const config = `sentinel monitor ${NAME} 127.0.0.1 ${port} 2\n`
    await using sentinel = await PrivateRedis.start({ port: late, role: 'sentinel', config })
    await clock.advance(30_000)
    expect(listensTo(sentinel.port)).toBe(true)
    expect(connectionsTo(first)).toBe(1)
    expect(switches).toBe(0)
  })

  it('tell of a failover that came while none was listened to', async () => {
    const [sentinel] = set.sentinels
    const deposed = await set.primary()
    await open(ports().slice(0, 1)).locate()
    await until(
      async () => Number(await sentinel?.client.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB')) > 0,
    )
    await sentinel?.client.call('SENTINEL', 'FAILOVER', NAME)
    await set.failedOver(deposed)
    await until(async () => {
      const named = await sentinel?.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
      return Array.isArray(named) && Number(named[1]) !== deposed.port
    })
    expect(switches).toBe(0)
    await clock.advance(1000)
    expect(switches).toBe(1)
  })

  describe('that can be cut off without a sign', () => {
    let proxies: TcpProxy[]
    const viaProxies = () => proxies.map(({ port }) => port)
    beforeEach(async () => {
      proxies = await Promise.all(ports().map((port) => TcpProxy.start({ port })))
    })
    afterEach(() => Promise.all(proxies.map((proxy) => proxy.close())))

    it('tell, when asked again, of a failover whose news were lost', async () => {
      const sentinels = open(viaProxies())
      await sentinels.locate()
      await until(() => viaProxies().every(listensTo))
      for (const proxy of proxies) proxy.dropReplies(true)
      await failOver()
      for (const proxy of proxies) proxy.dropReplies(false)
      await sentinels.confirm()
      expect(switches).toBe(1)
    })

    it('are all asked where the one whose turn it is does not answer', async () => {
      const sentinels = open(viaProxies())
      await sentinels.locate()
      await until(() => viaProxies().every(listensTo))
      const [first, ...others] = proxies
      first?.silence(true)
      for (const proxy of others) proxy.dropReplies(true)
      await failOver()
      for (const proxy of others) proxy.dropReplies(false)
      const confirmed = sentinels.confirm()
      frozen = first?.port
      await clock.advance(1000)
      await confirmed
      expect(switches).toBe(2)
    })

    it('are listened to over the connection on which they have answered last', async () => {
      const sentinels = open(viaProxies())
      await sentinels.locate()
      for (let turn = 0; turn < 6; turn++) await sentinels.confirm()
      expect(viaProxies().map(connectionsTo)).toEqual([3, 3, 3])
      await until(() => clients.filter(({ redis }) => redis.status !== 'end').length === 3)
      expect(viaProxies().every(listensTo)).toBe(true)
      expect(switches).toBe(0)
    })
  })

  /** Waits until all sentinels know of another primary. */
  async function failOver(): Promise<void> {
    const deposed = await set.primary()
    await until(async () => {
      // Sentinels refuse for some time after the last one.
      const reply = set.sentinels[0]?.client.call('SENTINEL', 'FAILOVER', NAME)
      await reply?.catch(() => undefined)
      return set.primary().then(
        (primary) => primary !== deposed,
        () => false,
      )
    }, 30_000)
    await until(async () => {
      const named = await Promise.all(
        set.sentinels.map(({ client }) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)),
      )
      return named.every((one) => Array.isArray(one) && Number(one[1]) !== deposed.port)
    })
  }
})
