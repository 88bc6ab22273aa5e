import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { TcpProxy, until } from 'ecl-core/testing'
import { expectEachInItsWindow, expectEachWindowOnce, expectNothingMissing } from '../laws.ts'
import { lasting, loggedSums, System, storedSums } from '../system.ts'

let system: System

beforeEach(async () => {
  system = await System.start()
})
afterEach(() => system.close())

/** Waits for the next boundary of a second, but for so many ms. */
function beforeBoundary(ms: number): Promise<void> {
  const atMs = Math.ceil((Date.now() + ms + 20) / 1000) * 1000 - ms
  return until(() => Date.now() >= atMs)
}

/** Ends the services and masters, and checks that each count is in one place, its own window. */
async function expectExact(): Promise<void> {
  const reports = await system.stopServices()
  const ledger = await system.ledger()
  expectNothingMissing(reports)
  expect(storedSums(ledger)).toEqual(loggedSums(reports))
  expectEachWindowOnce(ledger)
  expectEachInItsWindow(ledger, reports)
}

describe('masters that are killed', () => {
  // When, in ms from a boundary, and who.
  const kills = [
    [-3, 0],
    [1, 1],
    [2, 0],
    [4, 1],
    [0, 0],
  ] as const

  it('at any instant round a boundary leave each window turned over once, by another', async () => {
    system.startMaster()
    const mortal: ChildProcess[] = [system.startMaster(), system.startMaster()]
    await system.startServices(2)
    for (const [offsetMs, who] of kills) {
      await beforeBoundary(-offsetMs)
      mortal[who]?.kill('SIGKILL')
      mortal[who] = system.startMaster()
    }
    await system.turns(1)
    await expectExact()
  }, 40_000)
})

describe('a connection that is cut', () => {
  it('before or after the rotation ran keeps no window from being turned over, and none is twice', async () => {
    await using proxy = await TcpProxy.start({ path: system.redis.socket })
    // There is no other one to step in.
    system.startMaster({ port: proxy.port })
    await system.startServices(2)
    for (const when of ['cut before', 'cut after', 'cut after', 'cut before'] as const) {
      await beforeBoundary(100)
      proxy.trap(/evalsha/i, when)
      await until(() => !proxy.trapIsSet)
      await system.turns(1)
    }
    await expectExact()
  }, 40_000)

  it('brings rotations that come windows too late, which do no harm', async () => {
    await using proxy = await TcpProxy.start({ path: system.redis.socket })
    system.startMaster()
    system.startMaster({ port: proxy.port })
    await system.startServices(2)
    await until(() => proxy.connections > 0)
    // A rotation waits on its way, for one window and for several, and arrives just after a boundary, or before.
    for (const [windows, offsetMs] of [
      [1, 5],
      [3, -2],
    ] as const) {
      await beforeBoundary(100)
      proxy.trap(/evalsha/i, 'keep')
      await until(() => !proxy.trapIsSet)
      await system.turns(windows)
      await beforeBoundary(offsetMs)
      proxy.silence(false)
      await system.turns(1)
    }
    await expectExact()
  }, 40_000)
})

describe('masters that are stopped', () => {
  it('over one window and over several, and go on at any instant, harm none', async () => {
    system.startMaster()
    const stopped = system.startMaster()
    await system.startServices(2)
    for (const [windows, offsetMs] of [
      [1, 1],
      [3, -4],
    ] as const) {
      await beforeBoundary(offsetMs)
      stopped.kill('SIGSTOP')
      await system.turns(windows)
      await beforeBoundary(offsetMs)
      stopped.kill('SIGCONT')
      await system.turns(1)
    }
    await expectExact()
  }, 40_000)
})

describe('masters of different configs', () => {
  it('may differ in zeroes, and never in counts', async () => {
    // One knows less, the other calls static what is dynamic and dynamic what is static.
    const less = `
groups:
  direct: {events: [hit], intervals: [1s, 1h]}
  dynamic: {events: [], intervals: [1s, 1h], auto_declare_events: true, python_writers: false}
`
    const other = `
groups:
  direct: {events: [unheard], intervals: [1h, 2s, 1s], auto_declare_events: true}
  cached: {events: [job, idle], intervals: [1s, 1h], sync_limit: 5}
  dynamic: {events: ['path 1', never], intervals: [1s, 1h]}
`
    const masters = [system.startMaster({ groups: less }), system.startMaster({ groups: other })]
    await system.startServices(2)
    // Each has boundaries to itself, and some are for both.
    for (const who of [0, 1, 0]) {
      await beforeBoundary(200)
      masters[who]?.kill('SIGSTOP')
      await system.turns(1)
      await until(() => Date.now() % 1000 > 100 && Date.now() % 1000 < 400)
      masters[who]?.kill('SIGCONT')
      await system.turns(1)
    }
    const reports = await system.stopServices()
    const ledger = await system.ledger()
    expectNothingMissing(reports)
    expect(storedSums(ledger)).toEqual(loggedSums(reports))
    expectEachWindowOnce(ledger)
    // Only one of the two knows these: where it stood still, their windows were not turned over.
    const own = new Map(
      [...ledger].filter(([name]) => name !== 'direct:2s' && name !== 'cached:1s'),
    )
    for (const name of ['direct:1s', 'dynamic:1s']) {
      const rotated = own.get(name)?.rotated ?? []
      const [first = 0] = rotated
      expect(rotated).toEqual(rotated.map((_, index) => first + index))
    }
  }, 40_000)
})

describe('a machine that is suspended over several windows', () => {
  it.each([
    ['with its masters', 'masters', false],
    ['with masters and Redis', 'masters', true],
    ['with everything', 'masters and services', true],
  ] as const)(
    '%s, turns over once what was current, with its true start, and loses nothing',
    async (_, whom, withRedis) => {
      system.startMaster()
      system.startMaster()
      await system.startServices(2)
      await until(() => Date.now() % 1000 > 300 && Date.now() % 1000 < 600)
      const suspendedIn = Math.floor(Date.now() / 1000)
      system.signal('SIGSTOP', whom)
      if (withRedis) system.redis.signal('SIGSTOP')
      await lasting(2300)
      if (withRedis) system.redis.signal('SIGCONT')
      system.signal('SIGCONT', whom)
      await system.turns(3)
      const reports = await system.stopServices()
      const ledger = await system.ledger()
      expectNothingMissing(reports)
      expect(storedSums(ledger)).toEqual(loggedSums(reports))
      expectEachWindowOnce(ledger)
      const { rotated = [] } = ledger.get('direct:1s') ?? {}
      const at = rotated.indexOf(suspendedIn)
      expect(at).toBeGreaterThanOrEqual(0)
      // The windows in which nobody was there are not invented.
      expect((rotated[at + 1] ?? 0) - suspendedIn).toBeGreaterThanOrEqual(2)
    },
    40_000,
  )
})
