import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type GroupSpec, openStore, resolveGroups } from 'ecl-core'
import { type LedgerInterval, until } from 'ecl-core/testing'
import { expectEachInItsWindow, expectEachWindowOnce, expectNothingMissing } from './laws.ts'
import { ended, lasting, loggedSums, System, storedSums } from './system.ts'

let system: System

beforeEach(async () => {
  system = await System.start()
})
afterEach(() => system.close())

describe('three services and two masters', () => {
  it('have each event counted once, in its window, and each window turned over once', async () => {
    system.startMaster()
    system.startMaster()
    await system.startServices(3)
    await system.turns(4)
    const reports = await system.stopServices()
    const logged = loggedSums(reports)
    expect(logged['direct:1s:hit']).toBeGreaterThan(1000n)

    const ledger = await system.ledger()
    expectNothingMissing(reports)
    expect(storedSums(ledger)).toEqual(logged)
    expectEachWindowOnce(ledger)
    expectEachInItsWindow(ledger, reports)
    await expectReadAsWritten(ledger)
    expect(system.stderr).not.toMatch(/"level":[45]0|warning|error/)
  })

  it('lose and double nothing when masters are killed, stopped, and go on later', async () => {
    const killed = system.startMaster()
    const stopped = system.startMaster()
    await system.startServices(3)
    await system.turns(1)
    stopped.kill('SIGSTOP')
    await system.turns(2)
    stopped.kill('SIGCONT')
    // At a boundary, where it has something to do.
    await until(() => Date.now() % 1000 < 4)
    killed.kill('SIGKILL')
    await ended(killed)
    await system.turns(1)
    const reports = await system.stopServices()

    const ledger = await system.ledger()
    expectNothingMissing(reports)
    expect(storedSums(ledger)).toEqual(loggedSums(reports))
    expectEachWindowOnce(ledger)
    expectEachInItsWindow(ledger, reports)
  })

  it('have each event in its window though masters are late', async () => {
    const masters = [system.startMaster(), system.startMaster()]
    await system.startServices(3)
    for (let boundary = 0; boundary < 3; boundary++) {
      await until(() => Date.now() % 1000 > 900)
      for (const master of masters) master.kill('SIGSTOP')
      await until(() => Date.now() % 1000 < 900 && Date.now() % 1000 > 150)
      for (const master of masters) master.kill('SIGCONT')
      await system.turns(1)
    }
    const reports = await system.stopServices()

    const ledger = await system.ledger()
    expectNothingMissing(reports)
    // Waiting for the windows' turn is what it takes.
    for (const { stats } of reports) expect(stats).toMatchObject({ late: 0 })
    expect(reports.map(({ stats }) => stats.holds > 0)).toEqual([true, true, true])
    expectEachInItsWindow(ledger, reports)
    expect(storedSums(ledger)).toEqual(loggedSums(reports))
  })

  it("have each event in its window though their machines' clocks are wrong, and set all the time", async () => {
    system.startMaster()
    system.startMaster()
    await system.startServices(3, [-3_600_000, 7300, 86_400_000])
    await system.turns(4)
    const reports = await system.stopServices()

    const ledger = await system.ledger()
    expectNothingMissing(reports)
    expect(storedSums(ledger)).toEqual(loggedSums(reports))
    for (const { stats } of reports) expect(stats).toMatchObject({ late: 0 })
    expectEachInItsWindow(ledger, reports)
  })

  it('lose and double nothing while there is no master for some windows', async () => {
    const only = system.startMaster()
    await system.startServices(3)
    await system.turns(1)
    only.kill('SIGKILL')
    await lasting(2500)
    system.startMaster()
    await system.turns(1)
    const reports = await system.stopServices()

    const ledger = await system.ledger()
    expectNothingMissing(reports)
    expect(storedSums(ledger)).toEqual(loggedSums(reports))
    expectEachWindowOnce(ledger)
    expect(system.stderr).toMatch(/no master ran for [12] window/)
    expect(system.stderr).toMatch(/its windows are not turned over; is ecl-master running\?/)
  })
})

it('programs of the Python original count beside ours, in the same windows', async () => {
  system.startMaster()
  system.startMaster()
  await system.startServices(1)
  const { client } = system.redis
  const theirs: Record<string, bigint> = {}
  // One INCRBY for each interval, one after the other, as the original does it.
  const logAsPython = async (group: string, intervals: readonly string[], event: string) => {
    for (const interval of intervals) {
      const key = `${group}:${interval}:${event}`
      theirs[key] = (theirs[key] ?? 0n) + 3n
      await client.incrby(`${group}:${interval}:cur:${event}`, 3)
    }
  }
  const turned = system.turns(3)
  let over = false
  void turned.then(() => {
    over = true
  })
  for (let i = 0; !over; i++) {
    await logAsPython('direct', ['1s', '2s', '1h'], 'hit')
    await logAsPython('dynamic', ['1s', '1h'], `py ${i % 3}:ü`)
    await logAsPython('dynamic', ['1s', '1h'], 'path 1')
  }
  const reports = await system.stopServices()

  const ledger = await system.ledger()
  const expected = loggedSums(reports)
  for (const [key, count] of Object.entries(theirs)) expected[key] = (expected[key] ?? 0n) + count
  expect(storedSums(ledger)).toEqual(expected)
  expectEachWindowOnce(ledger)
  const windows = ledger.get('dynamic:1s')?.windows ?? []
  // Theirs are turned over, too, and not only left behind.
  expect(windows.slice(0, -2).filter(({ counts }) => counts.has('py 1:ü')).length).toBeGreaterThan(
    1,
  )
})

/** What the store reads is what the ledger says of the last two windows. */
async function expectReadAsWritten(ledger: ReadonlyMap<string, LedgerInterval>): Promise<void> {
  const store = openStore(system.redis.backend)
  try {
    const [group] = resolveGroups({
      direct: { events: ['hit', 'error'], intervals: ['1s'] },
    }) as [GroupSpec]
    for (const interval of group.intervals) {
      const { cur, last } = await store.read(group, interval, 'both')
      const [lastWindow, curWindow] = ledger.get('direct:1s')?.windows.slice(-2) ?? []
      expect([last?.start, last?.counts]).toEqual([lastWindow?.start, lastWindow?.counts])
      expect([cur?.start, cur?.counts]).toEqual([curWindow?.start, curWindow?.counts])
    }
  } finally {
    await store.close()
  }
}
