import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type PrivateRedis, SentinelSet, TcpProxy, until } from 'ecl-core/testing'
import { cutOffReplicas, Fleet } from '../fleet.ts'
import { lasting } from '../system.ts'

describe('a fleet behind sentinels', () => {
  let set: SentinelSet
  let fleet: Fleet

  beforeEach(async () => {
    set = await SentinelSet.start({ args: ['--appendonly', 'yes'] })
    fleet = new Fleet(set.backend)
    await fleet.start()
  }, 40_000)

  afterEach(async () => {
    await fleet?.close()
    await set?.close()
  })

  it('counts exactly through the death of a primary that had acknowledged what no replica has', async () => {
    const primary = await set.primary()
    await cutOffReplicas(primary)
    await lasting(1000)
    await primary.kill()
    await set.failedOver(primary)
    await fleet.isCounted()
    expect(await fleet.printed()).toEqual(fleet.logged)
    expect(fleet.sumOf('unknown')).toBe(0)
    expect(fleet.sumOf('replayed')).toBeGreaterThan(100)
  }, 60_000)

  it('counts exactly while a primary is stopped, deposed, and comes back', async () => {
    const primary = await set.primary()
    primary.signal('SIGSTOP')
    await set.failedOver(primary)
    await fleet.isCounted()
    primary.signal('SIGCONT')
    await lasting(2000)
    await until(async () => /role:slave/.test(await primary.client.info('replication')), 30_000)
    await fleet.isCounted()
    expect(await fleet.printed()).toEqual(fleet.logged)
    expect(fleet.sumOf('unknown')).toBe(0)
  }, 90_000)
})

describe('a watch of a primary that is deposed and goes on answering it', () => {
  const LOGIN = { username: 'ecl', password: 'secret' }

  it('goes on with the new primary, though the news of the failover were lost', async () => {
    await using set = await SentinelSet.start()
    for (const { client } of set.servers) {
      await client.call('ACL', 'SETUSER', LOGIN.username, 'on', `>${LOGIN.password}`, '~*', '+@all')
    }
    const fleet = new Fleet({ ...set.backend, ...LOGIN })
    const proxies = await Promise.all(set.sentinels.map(({ port }) => TcpProxy.start({ port })))
    const nodes = proxies.map(({ port }) => `127.0.0.1:${port}`)
    const sentinel = { ...set.backend.sentinel, nodes }
    const watch = fleet.watch('{a}', { sentinel, ...LOGIN })
    try {
      await fleet.start()
      await until(() => watch.starts().length >= 2, 20_000)
      const primary = await set.primary()
      for (const proxy of proxies) proxy.dropReplies(true)
      await isolate(primary)
      await set.failedOver(primary)
      for (const proxy of proxies) proxy.dropReplies(false)
      const from = Date.now() / 1000
      await until(() => watch.starts().some((start) => start > from), 15_000)
      expect(await primary.client.call('ROLE')).toContain('master')
      expect(watch.stderr()).not.toContain('is ecl-master running?')
    } finally {
      await watch.end()
      await fleet.close()
      for (const proxy of proxies) await proxy.close()
    }
  }, 90_000)
})

/** Cuts a server off from its replica and the sentinels, but not from those who log in by name. */
async function isolate({ client }: PrivateRedis): Promise<void> {
  await client.call('ACL', 'SETUSER', 'default', 'off')
  await client.call('CLIENT', 'KILL', 'USER', 'default', 'SKIPME', 'yes')
}
