import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { resolveGroups } from '../../config/resolve-groups.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { EpochSeconds } from '../../interval.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

const inKeys = groupSpec({ dynamic: true, layout: 'keys' })
const inHash = groupSpec({ dynamic: true, layout: 'hash' })

let redis: ManualTimeRedis
let store: CounterStore

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
const read = async (which: 'cur' | 'last', group: GroupSpec) => {
  const reading = await store.read(group, FIVE_SECONDS, which, { completeness: true })
  return reading[which]
}
const counts = async (which: 'cur' | 'last', group: GroupSpec) =>
  Object.fromEntries(
    Array.from((await read(which, group))?.counts ?? [], ([event, n]) => [event, Number(n)]),
  )
const through = (seconds: number) => ({ through: (NOON + seconds) as EpochSeconds })

describe('programs of one group with different layouts', () => {
  const loggers = async () => {
    const clients = [
      new HandClient(store, inKeys, 'host/1/keys'),
      new HandClient(store, inHash, 'host/2/hash'),
    ] as const
    for (const client of clients) await client.register()
    return clients
  }

  it.each([
    ['keys', 'hash'],
    ['hash', 'keys'],
  ] as const)('have all counted and turned over once, from %s to %s', async (from, to) => {
    const groups = { keys: inKeys, hash: inHash }
    const [keys, hash] = await loggers()
    const windows: [boundary: number, master: GroupSpec][] = [
      [5, groups[from]],
      [10, groups[from]],
      [15, groups[to]],
      [20, groups[to]],
    ]
    for (const [boundary, master] of windows) {
      const start = NOON + boundary - 5
      await keys.send(start, { a: 1, x: 10, k: 1 }, through(boundary - 4))
      await hash.send(start, { a: 2, x: 20, h: 2 }, through(boundary - 4))
      await at(boundary)
      expect(await store.rotate(master, FIVE_SECONDS)).toMatchObject({ status: 'rotated', start })
      // One of them is late.
      await hash.send(start, { a: 100, x: 100 }, through(boundary))
      await keys.sign(through(boundary))
      await at(boundary + 2.5)
      for (const reader of [inKeys, inHash]) {
        expect(await counts('last', reader)).toEqual({ a: 103, b: 0, x: 130, k: 1, h: 2 })
        expect((await read('last', reader))?.completeness).toEqual({ status: 'complete' })
        expect(await counts('cur', reader)).toEqual({ a: 0, b: 0 })
      }
    }
  })

  it('read what both have in a static group, and nothing else', async () => {
    const clients = await loggers()
    for (const client of clients) await client.send(NOON, { a: 1, x: 1 })
    for (const group of [inKeys, inHash]) {
      expect(await counts('cur', { ...group, dynamic: false })).toEqual({ a: 2, b: 0 })
    }
  })

  it('leave nothing of the other layout behind once all have changed', async () => {
    const [keys] = await loggers()
    await keys.send(NOON, { a: 1, x: 1 })
    for (const boundary of [5, 10, 15]) {
      await at(boundary)
      await store.rotate(inHash, FIVE_SECONDS)
    }
    const hash = new HandClient(store, inHash, 'host/3/hash')
    await hash.register()
    await hash.send(NOON + 15, { a: 1 })
    const left = (await redis.server.client.keys('group:*')).filter((key) => !key.includes('@'))
    expect(left).toEqual(['group:5s:cur'])
    for (const boundary of [20, 25, 30]) {
      await at(boundary)
      await store.rotate(inKeys, FIVE_SECONDS)
    }
    expect(await redis.server.client.exists('group:5s:cur', 'group:5s:last')).toBe(0)
  })

  it('are read in one step where new events of one of them keep coming', async () => {
    const [keys, hash] = await loggers()
    await hash.send(NOON, { a: 5, x: 7 })
    let reading = true
    const writing = (async () => {
      for (let sent = 1; reading; sent += 50) {
        const names = Array.from({ length: 50 }, (_, index) => [`e${sent + index}`, 1])
        await keys.send(NOON, Object.fromEntries(names))
      }
    })()
    const reader = redis.open()
    for (let i = 0; i < 20; i++) {
      const { cur } = await reader.read(inHash, FIVE_SECONDS, 'both')
      expect([cur?.counts.get('a'), cur?.counts.get('x')]).toEqual([5n, 7n])
      const events = [...(cur?.counts.keys() ?? [])].filter((event) => event.startsWith('e'))
      expect(events.length % 50).toBe(0)
    }
    reading = false
    await writing
  })

  it('add up beyond what one of the two places can hold', async () => {
    const [keys, hash] = await loggers()
    const largest = 2n ** 63n - 1n
    await keys.send(NOON, { x: largest })
    await hash.send(NOON, { x: largest })
    expect((await read('cur', inHash))?.counts.get('x')).toBe(2n * largest)
  })
})

describe('a group with layout hash', () => {
  it('is never looked for by SCAN', async () => {
    const [group] = resolveGroups({
      group: { events: [], auto_declare_events: true, intervals: ['5s'], layout: 'hash' },
    })
    if (group === undefined) throw new Error('no group')
    const client = new HandClient(store, group)
    await client.register()
    await client.send(NOON, { x: 1 })
    await redis.server.client.config('RESETSTAT')
    await at(5)
    await store.adoptForeignEvents([{ group, interval: FIVE_SECONDS }])
    await store.rotate(group, FIVE_SECONDS)
    expect(await counts('last', group)).toEqual({ x: 1 })
    expect(await redis.server.client.info('commandstats')).not.toMatch(/cmdstat_scan\b/)
  })

  it('has one key for the counts of a window, and none where nothing was counted', async () => {
    const client = new HandClient(store, inHash)
    await client.register()
    await store.rotate(inHash, FIVE_SECONDS)
    await client.send(NOON, { a: 3, x: 4 })
    const fieldsOf = async (key: string) => {
      const { '@table': note, ...fields } = await redis.server.client.hgetall(key)
      expect(note === undefined).toBe(Object.keys(fields).length === 0)
      return fields
    }
    const stored = async () => [await fieldsOf('group:5s:cur'), await fieldsOf('group:5s:last')]
    expect(await stored()).toEqual([{ a: '3', x: '4' }, {}])
    await at(5)
    expect(await store.rotate(inHash, FIVE_SECONDS)).toMatchObject({ events: 2 })
    expect(await stored()).toEqual([{}, { a: '3', x: '4' }])
    await at(10)
    await store.rotate(inHash, FIVE_SECONDS)
    expect(await stored()).toEqual([{}, {}])
    expect(await counts('last', inHash)).toEqual({ a: 0, b: 0 })
    const keys = await redis.server.client.keys('group:5s:*')
    const marks = ['cur:@by', 'cur:@sum', 'cur:@ts', 'last:@sum', 'last:@ts']
    expect(keys.sort()).toEqual(marks.map((mark) => `group:5s:${mark}`))
  })

  it('is kept as a table by Redis, however few events there are', async () => {
    const client = new HandClient(store, inHash)
    await client.register()
    await client.send(NOON, { a: 3 })
    const encoding = () => redis.server.client.object('ENCODING', 'group:5s:cur')
    expect(await encoding()).toBe('hashtable')
    await client.send(NOON, { a: 3, x: 4 })
    expect(await encoding()).toBe('hashtable')
  })

  it.each(['mset', 'unlink', 'rename', 'hlen'])(
    'where the master may not %s, is left as it is, and turned over once it may',
    async (command) => {
      const client = new HandClient(store, inHash)
      await client.register()
      await client.send(NOON, { a: 1 })
      await at(5)
      await store.rotate(inHash, FIVE_SECONDS)
      await client.send(NOON + 5, { a: 2, x: 3 })
      await at(10)
      const may = (rule: string) => redis.server.client.call('ACL', 'SETUSER', 'default', rule)
      await may(`-${command}`)
      await expect(store.rotate(inHash, FIVE_SECONDS)).rejects.toMatchObject({
        code: 'STORE_REFUSED',
      })
      expect(await counts('cur', inHash)).toEqual({ a: 2, b: 0, x: 3 })
      expect(await counts('last', inHash)).toEqual({ a: 1, b: 0 })
      await may('+@all')
      expect(await store.rotate(inHash, FIVE_SECONDS)).toMatchObject({ start: NOON + 5 })
      expect(await counts('last', inHash)).toEqual({ a: 2, b: 0, x: 3 })
      expect(await counts('cur', inHash)).toEqual({ a: 0, b: 0 })
    },
  )
})
