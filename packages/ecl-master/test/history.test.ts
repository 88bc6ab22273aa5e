import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type CounterStore, type QueuedWindow, resolveGroups } from 'ecl-core'
import {
  FIVE_SECONDS,
  HandClient,
  ManualTimeRedis,
  MemoryStore,
  NOON,
  until,
} from 'ecl-core/testing'
import { Master } from 'ecl-master'
import { RecordingLogger } from './recording-logger.ts'

const GROUPS = { g: { events: ['a'], intervals: ['5s'] } } as const
const HISTORY = { store: 'sqlite:history.db' }

describe('a master with history', () => {
  let redis: ManualTimeRedis
  let store: CounterStore
  let client: HandClient
  let logger: RecordingLogger
  let masters: Master[]
  const [group] = resolveGroups(GROUPS)
  if (group === undefined) throw new Error('bug: no group')
  const ref = { group, interval: FIVE_SECONDS }
  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
  })
  afterAll(() => redis.close())
  beforeEach(async () => {
    await redis.clear()
    await at(1)
    logger = new RecordingLogger()
    masters = []
    store = redis.open()
    client = new HandClient(store, group)
    await client.register()
  })
  afterEach(async () => {
    for (const master of masters) await master.stop()
  })

  function newMaster(): Master {
    const master = new Master(GROUPS, redis.open(), { logger, history: HISTORY })
    masters.push(master)
    return master
  }

  async function taken(): Promise<readonly QueuedWindow[]> {
    return (await store.history?.take([ref], 'test', 100)) ?? []
  }

  const sums = (entries: readonly QueuedWindow[]) =>
    entries.map(({ window }) => [(window?.start ?? 0) - NOON, window?.total])

  it('publishes each window when it has settled, and not before', async () => {
    const master = newMaster()
    await master.runOnce()
    await client.send(NOON, { a: 3 })
    await at(5)
    await master.runOnce()
    await at(6.9)
    expect(await master.runOnce()).toBeLessThan(102)
    expect(await taken()).toEqual([])
    await at(7)
    await master.runOnce()
    await master.runOnce()
    expect(sums(await taken())).toEqual([[0, 3n]])
  })

  it('publishes what nobody has published, before it is overwritten', async () => {
    await store.rotate(group, FIVE_SECONDS)
    await client.send(NOON, { a: 3 })
    await at(5)
    // By masters that know of no history, or were killed in between.
    await store.rotate(group, FIVE_SECONDS)
    await client.send(NOON + 5, { a: 4 })
    await at(3600)
    await newMaster().runOnce()
    await at(3603)
    await newMaster().runOnce()
    expect(sums(await taken())).toEqual([
      [0, 3n],
      [5, 4n],
    ])
  })

  it('publishes once more what has come late, and what other masters do once between them', async () => {
    const two = [newMaster(), newMaster()]
    const look = () => Promise.all(two.map((master) => master.runOnce()))
    await look()
    await client.send(NOON, { a: 3 })
    for (const seconds of [5, 7.5]) {
      await at(seconds)
      await look()
    }
    await client.send(NOON, { a: 2 })
    await at(10)
    await look()
    expect(sums(await taken())).toEqual([
      [0, 3n],
      [0, 5n],
    ])
  })

  it('looks again by itself when a window settles', async () => {
    const master = newMaster()
    master.start()
    await until(async () => (await redis.server.client.exists('g:5s:cur:@ts')) === 1)
    await client.send(NOON, { a: 3 })
    await at(5)
    await until(async () => (await redis.server.client.get('g:5s:last:a')) === '3')
    await at(7)
    await until(async () => (await redis.server.client.xlen('@history:g:5s:closed')) > 0)
    expect(sums(await taken())).toEqual([[0, 3n]])
  })

  it('turns windows over in time while the publication of another one takes long', async () => {
    const groups = { ...GROUPS, slow: { events: ['a'], intervals: ['5s'] } } as const
    const stuck = redis.open()
    const queue = stuck.history
    if (queue === undefined) throw new Error('bug: no queue')
    let isStuck = false
    let publications = 0
    let goOn: (() => void) | undefined
    const publish = queue.publish.bind(queue)
    queue.publish = async (window, options) => {
      if (isStuck && window.group.name === 'slow') {
        publications++
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
      }
      return publish(window, options)
    }
    const master = new Master(groups, stuck, { logger, history: HISTORY })
    masters.push(master)
    const current = async (name: string) =>
      Number(await redis.server.client.get(`${name}:5s:cur:@ts`)) - NOON
    master.start()
    await until(async () => (await current('slow')) === 0)
    await at(5)
    await until(async () => (await current('slow')) === 5)
    isStuck = true
    await at(7)
    await until(() => publications > 0)
    await at(10)
    await until(async () => (await current('g')) === 10)
    expect([await current('slow'), publications]).toEqual([5, 1])
    goOn?.()
    await until(async () => (await current('slow')) === 10)
    expect(publications).toBe(1)
  })

  it('says what was dropped that nobody had archived', async () => {
    const history = { ...HISTORY, keep_unarchived: { entries: 1 } }
    const master = new Master(GROUPS, redis.open(), { logger, history })
    masters.push(master)
    for (const seconds of [1, 5, 10, 15]) {
      await at(seconds)
      await master.runOnce()
    }
    expect(logger.complaints.filter((line) => line.includes('dropped'))).toEqual([
      'error: group "g", 5s: 1 entry has been dropped that nobody had archived; start ecl-history, or raise history.keep_unarchived',
    ])
  })

  it('turns windows over where it may not publish them, and says so once', async () => {
    await redis.server.client.call(
      ...['ACL', 'SETUSER', 'old', 'on', '>x', '~*', '+@all', '-xadd', '-xinfo'],
    )
    const backend = { ...redis.server.backend, username: 'old', password: 'x' }
    const master = new Master({ s: { events: ['a'], intervals: ['1s'] } }, backend, {
      logger,
      history: HISTORY,
    })
    masters.push(master)
    const rotated: number[] = []
    master.on('rotated', ({ start }) => rotated.push(start))
    master.start()
    await until(() => rotated.length > 2)
    const said = logger.complaints.filter((line) => line.includes('is not in the history'))
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(/group "s", 1s: its last window could not be published .*check its ACL/)
  })

  it('needs a store that can keep windows', () => {
    expect(() => new Master(GROUPS, new MemoryStore(), { history: HISTORY })).toThrow(
      'history: this store cannot keep windows until they are archived',
    )
  })
})
