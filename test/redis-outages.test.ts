import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { lasting, loggedSums, type ServiceReport, System, storedSums } from './system.ts'

let system: System

beforeEach(async () => {
  system = await System.start()
  system.startMaster()
  system.startMaster()
  await system.startServices(3)
})
afterEach(() => system.close())

async function expectExact(reports: readonly ServiceReport[]): Promise<void> {
  const ledger = await system.ledger()
  for (const { unsentEvents, stats } of reports) {
    expect(unsentEvents).toBe(0)
    expect(stats).toMatchObject({ rejected: 0, unknown: 0 })
  }
  expect(storedSums(ledger)).toEqual(loggedSums(reports))
  for (const { rotated } of ledger.values()) expect(rotated).toEqual([...new Set(rotated)])
}

describe('all that is counted is stored, once, though Redis', () => {
  it('does not answer for so long that all is sent again, and then runs what it was sent twice', async () => {
    system.redis.signal('SIGSTOP')
    // A reply is waited for for five seconds.
    await lasting(5500)
    system.redis.signal('SIGCONT')
    await system.turns(2)
    await expectExact(await system.stopServices())
  })

  it('is killed in the middle of it all, twice, and comes back with its data', async () => {
    await system.redis.kill('SIGKILL')
    await lasting(1200)
    await system.redis.start()
    await system.turns(2)
    await system.redis.kill('SIGKILL')
    await system.redis.start()
    await system.turns(1)
    await expectExact(await system.stopServices())
    // Each of five processes says it in one line for each outage, and no trace.
    expect(system.stderr.match(/redis-server running/g)?.length).toBeLessThanOrEqual(10)
    expect(system.stderr).not.toContain('    at ')
  })

  it('ends in an orderly way and is started again', async () => {
    await system.redis.kill('SIGTERM')
    await system.redis.start()
    await system.turns(1)
    await expectExact(await system.stopServices())
  })
})
