import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

const group = groupSpec({ dynamic: true })
const CLIENT = 'host/1/a'

/** What somebody else writes to our keys, who may do so. */
describe('a foreign value', () => {
  let redis: ManualTimeRedis
  let store: CounterStore
  let client: HandClient

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
    store = redis.open()
  })
  beforeEach(async () => {
    await redis.clear()
    await at(1)
    await store.rotate(group, FIVE_SECONDS)
    client = new HandClient(store, group, CLIENT)
    await client.register()
    await client.send(NOON, { a: 1, b: 1, x: 1 })
  })
  afterAll(() => redis.close())

  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)
  const call = (...command: readonly [string, ...string[]]) => redis.server.client.call(...command)
  const read = () => store.read(group, FIVE_SECONDS, 'both', { completeness: true })
  const sumOf = async (event: string) => {
    const { cur, last } = await read()
    return Number(cur?.counts.get(event) ?? 0n) + Number(last?.counts.get(event) ?? 0n)
  }

  const values: Record<string, (key: string) => readonly [string, ...string[]]> = {
    'a list': (key) => ['RPUSH', key, '1'],
    'a hash': (key) => ['HSET', key, 'f', '1'],
    'a set': (key) => ['SADD', key, '1'],
    'a sorted set': (key) => ['ZADD', key, '1', 'x'],
    'a stream': (key) => ['XADD', key, '*', 'f', '1'],
    'nothing but an empty text': (key) => ['SET', key, ''],
    'a text': (key) => ['SET', key, 'x\r\n$1\r\n:5'],
    'a fraction': (key) => ['SET', key, '1.5'],
    'a number of another form': (key) => ['SET', key, '1e9'],
    'minus one': (key) => ['SET', key, '-1'],
    'the largest number': (key) => ['SET', key, '9223372036854775807'],
    'a number that is larger': (key) => ['SET', key, '99999999999999999999'],
    'an instant of the far future': (key) => ['SET', key, '99999999999'],
    'a million characters': (key) => ['SETRANGE', key, '999999', 'x'],
  }
  const keys = [
    'cur:a',
    'last:a',
    'cur:@ts',
    'cur:@by',
    'last:@ts',
    'cur:@ids',
    'last:@ids',
  ].concat(['cur:@sum', 'last:@sum', 'cur:foreign', 'cur:@reserved'])

  describe.each(keys)('at %s', (part) => {
    it.each(Object.keys(values))('harms no other event: %s', async (kind) => {
      const key = `group:5s:${part}`
      await call('DEL', key)
      const command = values[kind]?.(key)
      if (command === undefined) throw new Error('no such value')
      await call(...command)
      const applied = await client.send(NOON, { a: 2, b: 2 })
      expect(applied.status).toBe('applied')
      const failures = applied.status === 'applied' ? applied.failures : []
      expect(failures.map(({ event }) => event)).toEqual(failures.map(() => 'a'))
      // All else is there, before the next boundary and after it.
      expect(await sumOf('b')).toBe(3)
      await at(5)
      await store.rotate(group, FIVE_SECONDS)
      expect(await sumOf('b')).toBe(3)
      expect(await client.send(NOON + 5, { b: 4 })).toMatchObject({ status: 'applied' })
      expect(await sumOf('b')).toBe(7)
      await at(10)
      await store.rotate(group, FIVE_SECONDS)
      // Then even that event is itself again.
      await at(15)
      await store.rotate(group, FIVE_SECONDS)
      expect(await client.send(NOON + 15, { a: 5 })).toMatchObject({
        placements: ['cur'],
        failures: [],
      })
      expect((await read()).cur?.counts.get('a')).toBe(5n)
    })
  })

  it('of a hundred megabytes is reported like a small one', async () => {
    await call('SETRANGE', 'group:5s:cur:a', '104857599', 'x')
    const applied = await client.send(NOON, { a: 2, b: 2 })
    expect(applied).toMatchObject({ failures: [{ event: 'a', retry: false }] })
    expect((await read()).cur?.unreadable).toEqual(['a'])
    await at(5)
    expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
    expect((await read()).last?.counts.get('b')).toBe(3n)
  })

  describe.each(['keys', 'hash'] as const)('with layout %s', (layout) => {
    const names = ['@ids', '@ts', '@by', '@sum', '@ahead', '@published', '@run', '@next', '@x', '@']
    const place = layout === 'hash' ? '' : ':@ids'
    const enter = async (part: 'cur' | 'last') => {
      const fields = names.flatMap((name) => [name, '7'])
      if (layout === 'hash') await call('HSET', `group:5s:${part}`, ...fields)
      else await call('SADD', `group:5s:${part}${place}`, ...names)
    }

    it('reserved names among the events of a window cost it nothing', async () => {
      const of = groupSpec({ dynamic: true, layout, maxEvents: 100 })
      await redis.clear()
      await at(1)
      await store.rotate(of, FIVE_SECONDS)
      const logger = new HandClient(store, of, CLIENT)
      await logger.register()
      const { history } = store
      for (let window = 0; window < 4; window++) {
        const start = NOON + window * 5
        await enter('cur')
        await enter('last')
        await logger.send(start, { a: 1, x: 2 }, { through: (start + 1) as never })
        const windowOf = async (part: 'cur' | 'last') => {
          const reading = await store.read(of, FIVE_SECONDS, part, { completeness: true })
          const { counts, ...rest } = reading[part] ?? {}
          return { ...rest, counts: Object.fromEntries(counts ?? []) }
        }
        const counts = { a: 1n, b: 0n, x: 2n }
        expect(await windowOf('cur')).toMatchObject({ start, counts, unreadable: [] })
        await at((window + 1) * 5)
        expect(await store.rotate(of, FIVE_SECONDS)).toMatchObject({ status: 'rotated', start })
        await enter('last')
        await logger.sign({ through: (start + 5) as never })
        await at((window + 1) * 5 + 2.5)
        expect(await windowOf('last')).toEqual({
          ...{ start, end: start + 5, counts, unreadable: [] },
          completeness: { status: 'complete' },
        })
        const ref = { group: of, interval: FIVE_SECONDS }
        const bounds = { seconds: 3600, entries: 100 }
        const published = await history?.publish(ref, { final: true, bounds })
        expect(published).toMatchObject({ status: 'published', start, completeness: 'complete' })
        const [queued] = (await history?.take([ref], 'x', 10)) ?? []
        expect(Object.fromEntries(queued?.window?.counts ?? [])).toEqual({ a: 1n, x: 2n })
        await at((window + 1) * 5 + 1)
      }
    })
  })

  describe('among the clients', () => {
    const entries = ['', 'x', '1', '2 x', '-5 0 0', '1e9 0 0', `2 ${'9'.repeat(400)} 0`, '\r\n']

    it.each(entries)('of another one harms nobody: %j', async (entry) => {
      await call('HSET', 'group:@clients', 'other/1/b', entry, '', entry, '@x:\u001b[2J', entry)
      await new HandClient(store, group, 'host/2/c').register()
      expect(await client.send(NOON, { b: 2 })).toMatchObject({ status: 'applied', failures: [] })
      expect(await sumOf('b')).toBe(3)
      expect((await store.accounts(group)).clients.map(({ clientId }) => clientId)).toEqual([
        CLIENT,
        'host/2/c',
      ])
    })

    it('in the place of all of them is replaced, and no client counts twice or is taken for complete', async () => {
      const other = new HandClient(store, group, 'host/2/b')
      await other.register()
      await other.send(NOON, { b: 4 })
      for (const [command, ...args] of [
        ['SET', 'x'],
        ['RPUSH', 'x'],
      ] as const) {
        await call('DEL', 'group:@clients')
        await call(command, 'group:@clients', ...args)
        expect(await client.send(NOON, { b: 2 })).toMatchObject({ status: 'applied' })
        expect(await other.send(NOON, { b: 1 })).toMatchObject({ status: 'applied' })
      }
      expect(await sumOf('b')).toBe(11)
      const { clients } = await store.accounts(group)
      expect(clients.map(({ clientId }) => clientId)).toEqual(['@overwritten', CLIENT, 'host/2/b'])
      await at(7)
      await store.rotate(group, FIVE_SECONDS)
      expect((await read()).last?.completeness).toMatchObject({
        status: expect.stringMatching(/partial|pending/),
        missing: expect.arrayContaining(['@overwritten']),
      })
    })

    it('in the place of all of them is no reason to believe a client that the store has forgotten for another', async () => {
      await call('HDEL', 'group:@clients', CLIENT)
      expect(await client.send(NOON, { b: 2 })).toMatchObject({ status: 'gap', lastApplied: 0 })
    })
  })
})
