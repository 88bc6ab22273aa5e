import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type PrivateRedis, RedisCluster, until } from 'ecl-core/testing'
import { cutOffReplicas, Fleet } from '../fleet.ts'
import { lasting } from '../system.ts'

describe('a fleet on a cluster of three primaries and three replicas', () => {
  let cluster: RedisCluster
  let fleet: Fleet

  beforeEach(async () => {
    cluster = await RedisCluster.start({ replicas: 1, args: ['--appendonly', 'yes'] })
    fleet = new Fleet(cluster.backend)
    await fleet.start()
  }, 40_000)

  afterEach(async () => {
    await fleet?.close()
    await cluster?.close()
  })

  it('counts exactly through the death of a primary that had acknowledged what no replica has', async () => {
    const primary = await cluster.primaryOf('{a}')
    await cutOffReplicas(primary)
    await lasting(1000)
    await primary.kill()
    await failedOver(cluster, primary)
    await fleet.isCounted()
    expect(await fleet.printed()).toEqual(fleet.logged)
    expect(fleet.sumOf('unknown')).toBe(0)
    expect(fleet.sumOf('replayed')).toBeGreaterThan(100)
  }, 60_000)

  it('counts exactly while a primary is stopped, deposed, and comes back', async () => {
    const primary = await cluster.primaryOf('{b}')
    primary.signal('SIGSTOP')
    await failedOver(cluster, primary)
    await fleet.isCounted()
    primary.signal('SIGCONT')
    await until(async () => /role:slave/.test(await primary.client.info('replication')), 30_000)
    await fleet.isCounted()
    expect(await fleet.printed()).toEqual(fleet.logged)
    expect(fleet.sumOf('unknown')).toBe(0)
  }, 90_000)

  it('turns the other groups over in time while one primary is dead', async () => {
    const primary = await cluster.primaryOf('{c}')
    const replica = cluster.nodes[cluster.nodes.indexOf(primary) + 3]
    await replica?.kill()
    await primary.kill()
    // The cluster goes on with what it has only where it may.
    const others = cluster.nodes.filter((one) => one !== primary && one !== replica)
    for (const { client } of others) {
      await client.config('SET', 'cluster-require-full-coverage', 'no')
    }
    await until(() => turnsOver(cluster, '{a}'), 20_000)
    await until(() => turnsOver(cluster, '{b}'), 20_000)
    const { code, stderr } = await fleet.read('{c}')
    expect([code, stderr]).toEqual([3, expect.stringContaining('Redis')])
    expect((await fleet.read('{a}')).code).toBe(0)
  }, 60_000)
})

describe('a primary that hears of no other node', () => {
  it('acknowledges for less than its node timeout of a second and a second more', async () => {
    const cluster = await RedisCluster.start({ replicas: 1 })
    try {
      const primary = await cluster.primaryOf('{a}')
      // Nodes take a cluster for healthy for some time after it was joined.
      await lasting(2000)
      for (const node of cluster.nodes) if (node !== primary) node.signal('SIGSTOP')
      const cutOffMs = performance.now()
      await until(() =>
        primary.client.incr('{a}x').then(
          () => false,
          (error: Error) => error.message.startsWith('CLUSTERDOWN'),
        ),
      )
      expect(performance.now() - cutOffMs).toBeLessThan(2000)
    } finally {
      await cluster.close()
    }
  }, 40_000)
})

/** Whether a second ends within half a second of its boundary, by what the store says twice. */
async function turnsOver(cluster: RedisCluster, name: string): Promise<boolean> {
  const start = async () => Number(await cluster.get(`${name}:1s:cur:@ts`))
  const before = await start()
  await until(async () => (await start()) !== before, 5000)
  return Date.now() / 1000 - (await start()) < 0.5
}

async function failedOver(cluster: RedisCluster, from: PrivateRedis): Promise<void> {
  const [witness] = cluster.nodes.filter((node) => node !== from)
  await until(async () => {
    const slots = await witness?.client.call('CLUSTER', 'SLOTS')
    const primaries = Array.isArray(slots) ? slots.map((range) => range[2][1]) : [from.port]
    return !primaries.includes(from.port)
  }, 30_000)
}
