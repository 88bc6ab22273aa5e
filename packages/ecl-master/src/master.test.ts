import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  type Adopted,
  EventCountLogger,
  type GroupsConfig,
  type Rotated,
  StoreError,
  type WindowRef,
} from 'ecl-core'
import { ManualClock, MemoryStore, settle } from 'ecl-core/testing'
import { RecordingLogger } from '../test/recording-logger.ts'
import { Master } from './master.ts'
import type { RotatedWindow, SettledWindow } from './master-events.ts'

/** A boundary of 2 s, of 5 s and of 1 h. */
const NOON = 1_700_000_000 - (1_700_000_000 % 3600)

const GROUPS = { g: { events: ['a', 'b'], intervals: ['5s'] } } as const
const TWO_INTERVALS = { g: { events: ['a'], intervals: ['2s', '5s'] } } as const
const DYNAMIC = { d: { events: [], intervals: ['5s'], auto_declare_events: true } } as const

/** A store that can be told to fail, or not to answer. */
class TroubledStore extends MemoryStore {
  readonly calls: string[] = []
  /** What happens before an operation; undefined: nothing. */
  trouble: (operation: string) => Promise<void> | undefined = () => undefined
  foreign = false
  events: number | undefined

  override async windows(windows: readonly WindowRef[]) {
    await this.#operation('windows')
    const look = await super.windows(windows)
    const states = look.states.map((state) => ({ ...state, foreign: this.foreign }))
    return { ...look, states }
  }

  override async rotate(...args: Parameters<MemoryStore['rotate']>): Promise<Rotated> {
    await this.#operation(`rotate ${args[0].name}`)
    const rotated = await super.rotate(...args)
    return rotated.status === 'rotated' && this.events !== undefined
      ? { ...rotated, events: this.events }
      : rotated
  }

  override async read(...args: Parameters<MemoryStore['read']>) {
    await this.#operation('read')
    return super.read(...args)
  }

  override async adoptForeignEvents(_windows?: readonly WindowRef[], due?: readonly WindowRef[]) {
    await this.#operation(`adopt ${due?.map(({ group }) => group.name).join(',')}`)
    return this.adopted
  }

  /** What a search comes to. */
  adopted: Adopted = { groups: [], isPartial: false }

  async #operation(name: string): Promise<void> {
    this.calls.push(name)
    await this.trouble(name)
  }
}

const unavailable = () =>
  Promise.reject(new StoreError('STORE_UNAVAILABLE', 'the connection was lost'))
const never = () => new Promise<void>(() => undefined)

let clock: ManualClock
let store: TroubledStore
let logger: RecordingLogger
let masters: Master[]
let rotated: RotatedWindow[]
let settled: (SettledWindow & { readonly atMs: number })[]

beforeEach(() => {
  clock = new ManualClock(NOON * 1000 + 300)
  store = new TroubledStore(clock)
  logger = new RecordingLogger()
  masters = []
  rotated = []
  settled = []
})
afterEach(async () => {
  for (const master of masters) await master.stop()
  expect(clock.pendingTimers).toBe(0)
})

function newMaster(groups: GroupsConfig = GROUPS): Master {
  const master = new Master(groups, store, { clock, logger })
  masters.push(master)
  return master
}

function startMaster(groups?: GroupsConfig): Master {
  const master = newMaster(groups)
  master.on('rotated', (window) => rotated.push(window))
  master.on('settled', (window) => settled.push({ ...window, atMs: sinceNoonMs() }))
  master.start()
  return master
}

/** Counts as a logger does, at this moment. */
async function count(events: Readonly<Record<string, number>>): Promise<void> {
  const ecl = new EventCountLogger(GROUPS, store, { clock, logger })
  for (const [event, n] of Object.entries(events)) ecl.getGroup('g').log(event as 'a' | 'b', n)
  await ecl.close()
}

function sinceNoonMs(): number {
  return clock.wallMs() - NOON * 1000
}

function startsOf(windows: readonly { readonly interval: string; start: number }[], spec: string) {
  return windows.filter(({ interval }) => interval === spec).map(({ start }) => start - NOON)
}

describe('a master', () => {
  it('says when to look again as it is after what it did, which may take long', async () => {
    const master = newMaster()
    await master.runOnce()
    await clock.advance(5000)
    store.trouble = (operation) =>
      operation.startsWith('rotate') ? clock.advance(400).then(() => undefined) : undefined
    expect(await master.runOnce()).toBe(100)
  })

  it('says once of what it does not understand, and again when it had been over', async () => {
    const odd = () => Promise.reject(new Error('odd'))
    startMaster()
    await clock.advance(100)
    for (let n = 0; n < 2; n++) {
      store.trouble = (operation) => (operation.startsWith('rotate') ? odd() : undefined)
      await clock.advance(6000)
      store.trouble = () => undefined
      await clock.advance(4000)
    }
    expect(logger.complaints.filter((line) => line.includes('odd'))).toHaveLength(2)
    expect(logger.complaints[0]).toMatch(/rotation failed, and is tried again: odd/)
  })

  it('turns every window of every interval over, a millisecond after its boundary', async () => {
    startMaster(TWO_INTERVALS)
    await clock.advance(20_000)
    expect(startsOf(rotated, '2s')).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    expect(startsOf(rotated, '5s')).toEqual([0, 5, 10, 15])
    for (const { start, end, interval, lagMs } of rotated) {
      expect(end - start).toBe(interval === '2s' ? 2 : 5)
      expect(lagMs).toBe(1)
    }
    expect(logger.complaints).toEqual([])
  })

  it('tells each window once, when it is turned over and when it has settled, with its counts', async () => {
    startMaster()
    await clock.advance(100)
    await count({ a: 3, b: 4 })
    await clock.advance(5000)
    await count({ a: 1 })
    await clock.advance(5000)
    expect(rotated).toEqual([
      { group: 'g', interval: '5s', start: NOON, end: NOON + 5, events: 2, lagMs: 1 },
      { group: 'g', interval: '5s', start: NOON + 5, end: NOON + 10, events: 2, lagMs: 1 },
    ])
    const [first, ...others] = settled
    expect(first).toEqual({
      group: 'g',
      interval: '5s',
      start: NOON,
      end: NOON + 5,
      counts: new Map([
        ['a', 3n],
        ['b', 4n],
      ]),
      completeness: 'complete',
      missing: [],
      atMs: 7000,
    })
    expect(others).toEqual([])
  })

  it('tells of counts that came after the rotation, since a window settles one grace later', async () => {
    const cached = { g: { ...GROUPS.g, sync_interval: 60 } }
    const ecl = new EventCountLogger(cached, store, { clock, logger, random: () => 0.99 })
    const group = ecl.getGroup('g')
    startMaster()
    await clock.advance(100)
    group.log('a')
    await clock.advance(100)
    group.log('a', 10)
    await clock.advance(4600)
    expect(rotated).toHaveLength(1)
    expect(await group.getLastCount('a', '5s')).toBe(1)
    await clock.advance(2000)
    await ecl.close()
    expect(settled.map(({ counts }) => counts.get('a'))).toEqual([11n])
  })

  it('tells whose counts are missing, and once whether they may still come', async () => {
    // A process that is stopped: its clock stands still, and the store hears no more of it.
    const stopped = new EventCountLogger(GROUPS, store, { clock: new ManualClock(NOON * 1000) })
    startMaster()
    await clock.advance(100)
    stopped.getGroup('g').log('a')
    await stopped.getGroup('g').flush()
    await clock.advance(18_000)
    const missing = [expect.stringMatching(/^.+\/\d+\/.+$/)]
    expect(settled).toMatchObject([
      { start: NOON, completeness: 'pending', missing },
      { start: NOON + 5, completeness: 'partial', missing },
      { start: NOON + 10, completeness: 'complete', missing: [] },
    ])
    expect(logger.complaints).toEqual([])
    await stopped.close()
  })

  it('leaves a window to one of two masters, which tells it when it has settled, too', async () => {
    const told: string[] = []
    for (const name of ['one', 'two']) {
      const master = newMaster()
      master.on('rotated', ({ start }) => told.push(`${name} rotated ${start - NOON}`))
      master.on('settled', ({ start }) => told.push(`${name} settled ${start - NOON}`))
      master.start()
    }
    await clock.advance(12_000)
    expect(told).toHaveLength(4)
    expect(told.filter((line) => line.includes('rotated'))).toHaveLength(2)
    for (const line of told.filter((one) => one.includes('settled'))) {
      expect(told).toContain(line.replace('settled', 'rotated'))
    }
  })

  it('catches up after it was stalled, says how many windows were missed, and goes on', async () => {
    startMaster()
    await clock.advance(100)
    await count({ a: 7 })
    clock.block(23_000)
    await clock.advance(2000)
    expect(startsOf(rotated, '5s')).toEqual([0, 20])
    expect(rotated[0]?.lagMs).toBeGreaterThan(18_000)
    expect(logger.complaints).toEqual([
      expect.stringMatching(/^warn: group "g", 5s: no master ran for 3 windows; .* window of 20/),
    ])
    expect(settled[0]?.counts.get('a')).toBe(7n)
  })

  it('looks twice a second though no boundary is near', async () => {
    startMaster({ g: { events: ['a'], intervals: ['1h'] } })
    await clock.advance(10_000)
    expect(store.calls.filter((call) => call === 'windows')).toHaveLength(21)
    expect(store.calls.filter((call) => call === 'rotate g')).toHaveLength(1)
  })

  it('says that a first window has begun, and tells of none that was turned over', async () => {
    startMaster()
    await clock.advance(1000)
    expect(logger.lines).toEqual(['info: group "g", 5s: the first window has begun'])
    expect(rotated).toEqual([])
  })

  it('sets a window of the far future back, loudly', async () => {
    startMaster()
    await clock.advance(0)
    clock.setWall((NOON - 3600) * 1000)
    await clock.advance(1000)
    expect(logger.complaints).toEqual([
      expect.stringMatching(/^error: .* in the future; a clock was wrong\. .* set back to/),
    ])
    await clock.advance(5000)
    expect(startsOf(rotated, '5s')).toEqual([-3600])
  })

  it('says once that there are too many events to move them quickly', async () => {
    store.events = 20_000
    startMaster()
    await clock.advance(5000)
    expect(logger.complaints).toEqual([])
    store.events = 20_001
    await clock.advance(10_000)
    expect(rotated).toHaveLength(3)
    expect(logger.complaints).toEqual([
      expect.stringMatching(
        /^warn: group "g", 5s: 20001 events .*"layout: hash" .* max_events, or split/,
      ),
    ])
  })

  it('does not say so where they are moved at once', async () => {
    store.events = 1_000_000
    startMaster({ ...GROUPS, g: { ...GROUPS.g, layout: 'hash' } })
    await clock.advance(10_000)
    expect(rotated.length).toBeGreaterThan(1)
    expect(logger.complaints).toEqual([])
  })

  it('lets a foreign master go first, and warns once', async () => {
    startMaster()
    await clock.advance(0)
    store.foreign = true
    await clock.advance(12_000)
    expect(rotated.map(({ start, lagMs }) => [start - NOON, lagMs])).toEqual([
      [0, 1000],
      [5, 1000],
    ])
    expect(logger.complaints).toEqual([
      expect.stringMatching(
        /^warn: group "g", 5s: another program .* Python ecl_master; .*stop it/,
      ),
    ])
  })
})

describe('foreign events', () => {
  const MIXED = {
    ...GROUPS,
    ...DYNAMIC,
    ours: { ...DYNAMIC.d, python_writers: false },
  } as const satisfies GroupsConfig

  it('are looked for in dynamic groups that may have them, once for all, before the rotation', async () => {
    startMaster(MIXED)
    await clock.advance(0)
    store.calls.length = 0
    await clock.advance(4750)
    expect(store.calls.filter((call) => call !== 'windows')).toEqual([
      'adopt d',
      'rotate g',
      'rotate ours',
      'rotate d',
    ])
  })

  it('are told of once, and so is a search that takes too long', async () => {
    startMaster(MIXED)
    await clock.advance(0)
    store.adopted = { groups: ['d'], isPartial: true }
    await clock.advance(15_000)
    expect(
      startsOf(
        rotated.filter(({ group }) => group === 'd'),
        '5s',
      ),
    ).toEqual([0, 5, 10])
    const said = logger.complaints.filter((message) => message.includes('"d"'))
    expect(said.filter((message) => message.includes('programs that leave no index'))).toHaveLength(
      1,
    )
    expect(said.filter((message) => message.includes('may come a window late'))).toHaveLength(1)
  })

  it('do not keep other windows waiting while they are looked for', async () => {
    startMaster(MIXED)
    await clock.advance(0)
    store.trouble = (operation) => (operation.startsWith('adopt') ? never() : undefined)
    await clock.advance(5000)
    expect(rotated.map(({ group }) => group)).toEqual(['g', 'ours'])
  })

  it('are passed over where the store refuses to look', async () => {
    startMaster(MIXED)
    await clock.advance(0)
    store.trouble = (operation) =>
      operation.startsWith('adopt')
        ? Promise.reject(new StoreError('STORE_REFUSED', 'no permission'))
        : undefined
    await clock.advance(5000)
    expect(rotated.map(({ group }) => group).sort()).toEqual(['d', 'g', 'ours'])
  })

  it('are not forgotten because a connection was lost: that window waits', async () => {
    startMaster(DYNAMIC)
    await clock.advance(0)
    store.trouble = (operation) => (operation.startsWith('adopt') ? unavailable() : undefined)
    await clock.advance(5000)
    expect(rotated).toEqual([])
    store.trouble = () => undefined
    await clock.advance(500)
    expect(startsOf(rotated, '5s')).toEqual([0])
  })
})

describe('a listener', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    [
      'rejects',
      async () => {
        await settle()
        throw new Error('mine')
      },
    ],
  ])('that %s is reported, and rotation goes on', async (_how, listener) => {
    const master = newMaster()
    master.on('rotated', () => listener())
    master.on('settled', () => listener())
    master.start()
    await clock.advance(15_000)
    await settle()
    expect(store.calls.filter((call) => call === 'rotate g')).toHaveLength(4)
    // Three windows turned over, and two settled.
    expect(logger.complaints).toEqual(Array(5).fill('error: a listener failed: mine'))
  })

  it('may come as late as the window settles', async () => {
    const master = newMaster()
    master.start()
    await clock.advance(6000)
    master.on('settled', (window) => settled.push({ ...window, atMs: sinceNoonMs() }))
    await clock.advance(1000)
    expect(startsOf(settled, '5s')).toEqual([0])
  })

  it('who is not there costs the store no reading', async () => {
    newMaster().start()
    await clock.advance(20_000)
    expect(store.calls).not.toContain('read')
    expect(logger.complaints).toEqual([])
  })
})

describe('when the store fails,', () => {
  it('a master keeps trying, in silence, as the store itself reports', async () => {
    store.trouble = unavailable
    startMaster()
    await clock.advance(30_000)
    expect(store.calls).toHaveLength(61)
    store.trouble = () => undefined
    await clock.advance(10_000)
    expect(startsOf(rotated, '5s')).toEqual([30, 35])
    expect(logger.complaints).toEqual([])
  })

  it('an error that nobody foresaw is reported once, until all is well again', async () => {
    const fail = () => Promise.reject(new Error('strange'))
    startMaster()
    for (let outage = 0; outage < 2; outage++) {
      store.trouble = fail
      await clock.advance(3000)
      store.trouble = () => undefined
      await clock.advance(1000)
    }
    expect(logger.complaints).toEqual(
      Array(2).fill('error: rotation failed, and is tried again: strange'),
    )
  })

  it("one group's trouble delays no other, now or later", async () => {
    startMaster({ bad: GROUPS.g, good: GROUPS.g })
    await clock.advance(0)
    store.trouble = (operation) => (operation === 'rotate bad' ? unavailable() : undefined)
    await clock.advance(15_000)
    expect(rotated.map(({ group, lagMs }) => [group, lagMs])).toEqual([
      ['good', 1],
      ['good', 1],
      ['good', 1],
    ])
  })

  it('a settled window is told as soon as it can be read', async () => {
    startMaster()
    store.trouble = (operation) => (operation === 'read' ? unavailable() : undefined)
    await clock.advance(7300)
    expect(settled).toEqual([])
    store.trouble = () => undefined
    await clock.advance(500)
    expect(startsOf(settled, '5s')).toEqual([0])
    expect(logger.complaints).toEqual([])
  })

  it('says so where a window was gone before it could be read', async () => {
    startMaster()
    store.trouble = (operation) => (operation === 'read' ? unavailable() : undefined)
    await clock.advance(10_000)
    store.trouble = () => undefined
    await clock.advance(2000)
    expect(startsOf(settled, '5s')).toEqual([5])
    expect(logger.complaints).toEqual([
      expect.stringMatching(/^warn: group "g", 5s: the window of 20\S+ is gone before/),
    ])
  })

  it('nothing is asked for ever that is long gone', async () => {
    startMaster()
    await clock.advance(6000)
    store.trouble = (operation) => (operation === 'windows' ? undefined : unavailable())
    await clock.advance(60_000)
    expect(store.calls.filter((call) => call === 'read').length).toBeLessThan(15)
    expect(logger.complaints).toEqual([expect.stringContaining('is gone before')])
  })
})

describe('start and stop', () => {
  it('may be called twice, in any order', async () => {
    const master = newMaster()
    await master.stop()
    master.start()
    await clock.advance(6000)
    expect(store.calls).toEqual([])

    const other = startMaster()
    other.start()
    await clock.advance(5000)
    expect(rotated).toHaveLength(1)
    expect(store.calls.filter((call) => call === 'windows').length).toBeLessThan(15)
    await Promise.all([other.stop(), other.stop()])
    await other.stop()
    other.start()
    await clock.advance(10_000)
    expect(rotated).toHaveLength(1)
  })

  it('stop ends at once, leaving no timer, wherever the master is', async () => {
    for (const afterMs of [0, 100, 4700, 5000, 7500]) {
      const master = startMaster()
      await clock.advance(afterMs)
      await master.stop()
      expect(clock.pendingTimers).toBe(0)
    }
  })

  it.each(['windows', 'rotate g', 'read'])(
    'stop does not wait for a store that hangs in "%s", nor tell what it says later',
    async (hanging) => {
      let answer = () => {}
      const master = startMaster()
      await clock.advance(0)
      store.trouble = (operation) =>
        operation === hanging ? new Promise((resolve) => (answer = resolve)) : undefined
      await clock.advance(8000)
      const told = rotated.length + settled.length
      await master.stop()
      expect(clock.pendingTimers).toBe(0)
      const calls = [...store.calls]
      answer()
      await settle()
      expect(store.calls).toEqual(calls)
      expect(rotated.length + settled.length).toBe(told)
      expect(clock.pendingTimers).toBe(0)
    },
  )

  it('stop leaves a store that was handed in open for others', async () => {
    const closed: string[] = []
    store.close = async () => void closed.push('closed')
    await startMaster().stop()
    expect(closed).toEqual([])
  })
})

describe('runOnce', () => {
  it('rotates what is due and says when to look again', async () => {
    const master = newMaster()
    expect(await master.runOnce()).toBe(500)
    await clock.advance(4200)
    expect(await master.runOnce()).toBe(500)
    await clock.advance(300)
    expect(await master.runOnce()).toBe(201)
    await clock.advance(201)
    await master.runOnce()
    const calls = store.calls.filter((call) => call.startsWith('rotate'))
    expect(calls).toHaveLength(2)
  })

  it.each(['windows', 'rotate g'])('rejects where "%s" fails', async (failing) => {
    store.trouble = (operation) => (operation === failing ? unavailable() : undefined)
    await expect(newMaster().runOnce()).rejects.toThrow(StoreError)
  })

  it('rotates the rest though one fails', async () => {
    const master = newMaster({ bad: GROUPS.g, good: GROUPS.g })
    master.on('rotated', (window) => rotated.push(window))
    await master.runOnce()
    store.trouble = (operation) => (operation === 'rotate bad' ? unavailable() : undefined)
    await clock.advance(5000)
    await expect(master.runOnce()).rejects.toThrow('the connection was lost')
    expect(rotated.map(({ group }) => group)).toEqual(['good'])
  })
})
