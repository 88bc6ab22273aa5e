import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SentinelSet, until } from 'ecl-core/testing'
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
