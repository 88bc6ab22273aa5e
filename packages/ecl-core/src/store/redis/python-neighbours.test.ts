import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { GroupSpec } from '../../group-spec.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

/** The Python original counts with INCR and rotates with RENAME, and knows of no index. */
describe('beside programs in Python', () => {
  let redis: ManualTimeRedis
  let store: CounterStore
  const dynamic = groupSpec({ events: ['a'], dynamic: true, pythonWriters: 'auto' })

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
    store = redis.open()
  })
  beforeEach(async () => {
    await redis.clear()
    await at(1)
  })
  afterAll(() => redis.close())

  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)
  const incr = (event: string, n = 1) => redis.server.client.incrby(`group:5s:cur:${event}`, n)
  const counts = async (which: 'cur' | 'last', group: GroupSpec = dynamic) => {
    const reading = await store.read(group, FIVE_SECONDS, which)
    return Object.fromEntries(Array.from(reading[which]?.counts ?? [], ([e, n]) => [e, Number(n)]))
  }
  const turn = async (group: GroupSpec = dynamic) => {
    await store.adoptForeignEvents([{ group, interval: FIVE_SECONDS }])
    return store.rotate(group, FIVE_SECONDS)
  }
  /** What its master does at a boundary with the given events. */
  const pythonTurn = async (seconds: number, events: readonly string[]) => {
    const multi = redis.server.client.multi()
    for (const event of events) multi.rename(`group:5s:cur:${event}`, `group:5s:last:${event}`)
    await multi.set('group:5s:cur:@ts', NOON + seconds).exec()
  }

  it('reads their dynamic events, which are in no index', async () => {
    await incr('x:y', 3)
    await incr('z')
    expect(await counts('cur')).toEqual({ a: 0, 'x:y': 3, z: 1 })
  })

  it('moves their dynamic events to last, and lets go of them a window later', async () => {
    await turn()
    await incr('x', 3)
    await at(5)
    await turn()
    expect([await counts('last'), await counts('cur')]).toEqual([{ a: 0, x: 3 }, { a: 0 }])
    await at(10)
    await turn()
    expect(await counts('last')).toEqual({ a: 0 })
  })

  it('adds up what both count', async () => {
    const client = new HandClient(store, dynamic)
    await client.register()
    await client.send(NOON, { a: 1, x: 2 })
    await incr('a', 10)
    await incr('x', 20)
    await at(5)
    await turn()
    expect(await counts('last')).toEqual({ a: 11, x: 22 })
  })

  it('does not look for them where there are none, and does however many keys there are', async () => {
    await incr('x')
    const never = { ...dynamic, pythonWriters: false }
    expect(await counts('cur', never)).toEqual({ a: 0 })
    await at(5)
    await turn(never)
    expect(await counts('last', never)).toEqual({ a: 0 })

    const filler = Array.from({ length: 100_001 }, (_, index) => [`filler:${index}`, ''])
    await redis.server.client.mset(Object.fromEntries(filler))
    await incr('y')
    for (const group of [dynamic, { ...dynamic, pythonWriters: true }]) {
      expect(await counts('cur', group)).toEqual({ a: 0, x: 1, y: 1 })
    }
    await at(10)
    await turn()
    expect([await counts('last'), await counts('cur')]).toEqual([{ a: 0, x: 1, y: 1 }, { a: 0 }])
  })

  it("takes counts for those of last after the Python master's rotation, too", async () => {
    const client = new HandClient(store, dynamic)
    await store.rotate(dynamic, FIVE_SECONDS)
    await client.register()
    await incr('a')
    await at(6)
    await pythonTurn(6, ['a'])
    const [state] = (await store.windows([{ group: dynamic, interval: FIVE_SECONDS }])).states
    expect(state).toEqual({ current: NOON + 5, foreign: true })
    const applied = await client.send(NOON + 3, { a: 10 })
    expect(applied).toMatchObject({ placements: ['last'] })
    expect(await counts('last')).toEqual({ a: 11 })
    expect((await turn()).status).toBe('already')
    await at(10)
    expect(await turn()).toMatchObject({ status: 'rotated', start: NOON + 5 })
  })

  it('does not believe what ours wrote of last before the Python master rotated', async () => {
    const client = new HandClient(store, dynamic)
    await store.rotate(dynamic, FIVE_SECONDS)
    await client.register()
    await at(5)
    await store.rotate(dynamic, FIVE_SECONDS)
    // `last:@ts` says NOON, and stays as it is.
    await at(10)
    await pythonTurn(10, ['a'])
    expect(await redis.server.client.get('group:5s:last:@ts')).toBe(String(NOON))
    expect(await client.send(NOON, { a: 100 })).toMatchObject({ placements: ['late'] })
    expect(await client.send(NOON + 5, { a: 10 })).toMatchObject({ placements: ['last'] })
    expect([await counts('last'), await counts('cur')]).toEqual([{ a: 10 }, { a: 100 }])
  })

  it('begins where a Python master left off, with a start that is not aligned', async () => {
    await redis.server.client.mset('group:5s:cur:@ts', NOON + 2, 'group:5s:cur:a', 4)
    await at(5)
    expect(await turn()).toMatchObject({ status: 'rotated', start: NOON, events: 1 })
    expect(await counts('last')).toEqual({ a: 4 })
  })

  it('never takes a reserved name for an event of theirs', async () => {
    await redis.server.client.set('group:5s:cur:@x:y', 1)
    const client = new HandClient(store, dynamic)
    await client.register()
    expect(await counts('cur')).toEqual({ a: 0 })
  })
})

describe('a read', () => {
  it('is done in one step where new events keep coming between two', async () => {
    const redis = await ManualTimeRedis.start()
    try {
      await redis.setTime((NOON + 1) * 1000)
      const group = groupSpec({ events: ['a'], dynamic: true })
      const store = redis.open()
      const client = new HandClient(redis.open(), group)
      await client.register()
      await client.send(NOON, { x: 1 })
      let reading = true
      let sent = 1
      const writing = (async () => {
        while (reading) {
          const counts: Record<string, number> = {}
          for (let i = 0; i < 50; i++) counts[`e${sent++}`] = 1
          await client.send(NOON, counts)
        }
      })()
      for (let i = 0; i < 30; i++) {
        const { cur } = await store.read(group, FIVE_SECONDS, 'cur')
        // Each batch has 50 events: a read that saw half of one would not divide.
        const events = [...(cur?.counts.keys() ?? [])].filter((event) => event.startsWith('e'))
        expect(events.length % 50).toBe(0)
      }
      reading = false
      await writing
    } finally {
      await redis.close()
    }
  })
})
