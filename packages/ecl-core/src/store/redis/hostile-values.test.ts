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

    const fill = async (count: number, entry: (n: number) => string) => {
      for (let first = 0; first < count; first += 10_000) {
        const fields = Array.from({ length: Math.min(10_000, count - first) }, (_, n) => [
          `evil/${first + n}`,
          entry(first + n),
        ])
        await call('HSET', 'group:@clients', ...fields.flat())
      }
    }
    const ownEntry = (used: number) => `9 ${used} 0 ${used} 0 0 0 0 0 0 0 abcd`
    const complete = async (from: number) => {
      for (const seconds of [from, from + 5, from + 10, from + 15]) {
        await at(seconds)
        await store.rotate(group, FIVE_SECONDS)
        // As the signs of life of a few loggers are.
        for (let batch = 0; batch < 64; batch++) {
          await client.sign({ through: (NOON + seconds) as never })
        }
      }
      await at(from + 17.5)
      return (await read()).last?.completeness
    }

    it.each([
      ['of another form', () => 'x'],
      ['of numbers without end', () => ownEntry(0).replace(' 0 ', ` ${'9'.repeat(400)} `)],
      ['of a time to come', () => '9 99999999999 0 0 99999999999 0 0 0 0 0 0 abcd'],
      ['of long ago', () => ownEntry(5)],
    ])('%s keep no window from being complete for longer than a lease', async (_, entry) => {
      await fill(3000, entry)
      expect(await complete(10)).toEqual({ status: 'complete' })
    })

    it('of a time to come are remembered for five minutes more, as their clients may be there', async () => {
      await at(100)
      await client.send(NOON + 95, { b: 2 })
      await at(1)
      const other = new HandClient(store, group, 'host/2/b')
      await other.register()
      const lastUse = (await store.accounts(group)).clients[0]?.lastUse
      expect(lastUse).toBe(NOON + 1 - 24 * 3600 + 300)
      expect(await client.send(NOON, { b: 2 })).toMatchObject({ status: 'applied' })
      expect((await store.accounts(group)).clients[0]).toMatchObject({ lastUse: NOON + 1 })
      expect(await sumOf('b')).toBe(5)
    })

    it('that are no clients are removed by those that count, and clients are not', async () => {
      await fill(1000, () => 'x')
      const other = new HandClient(store, group, 'host/2/b')
      await other.register()
      // Of a later version, which says more.
      await call('HSET', 'group:@clients', 'host/3/c', `${ownEntry(NOON)} 17 4`)
      await complete(5)
      expect((await redis.server.client.hkeys('group:@clients')).sort()).toEqual([
        CLIENT,
        'host/2/b',
        'host/3/c',
      ])
    })

    it('are read some at a time, and none is overlooked', async () => {
      await fill(10_000, () => ownEntry(NOON + 1))
      await at(5)
      await store.rotate(group, FIVE_SECONDS)
      const calls = async (name: string) =>
        Number(
          new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(
            await redis.server.client.info('commandstats'),
          )?.[1] ?? 0,
        )
      await redis.server.client.config('RESETSTAT')
      const { clients } = await store.accounts(group)
      expect(clients.length).toBe(10_001)
      expect(await calls('hgetall')).toBe(0)
      expect(await calls('hscan')).toBeGreaterThanOrEqual(4)
      const { last } = await read()
      expect(last?.completeness).toMatchObject({ status: 'pending' })
      const missing = last?.completeness?.status === 'pending' ? last.completeness.missing : []
      expect(missing.length).toBe(10_001)
      expect(last?.counts.get('x')).toBe(1n)
    })

    it('in great numbers cost neither memory nor time, and say why nothing is complete', async () => {
      await fill(150_000, () => ownEntry(NOON + 1))
      await redis.server.client.config('RESETSTAT')
      const { cur } = await read()
      expect(cur?.completeness).toEqual({ status: 'unknown', reason: 'too many clients' })
      expect(cur?.counts.get('x')).toBe(1n)
      await expect(store.accounts(group)).rejects.toThrow('more entries than a group has clients')
      await at(5)
      await store.rotate(group, FIVE_SECONDS)
      const ref = { group, interval: FIVE_SECONDS }
      const bounds = { seconds: 3600, entries: 100 }
      expect(await store.history?.publish(ref, { final: true, bounds })).toMatchObject({
        ...{ status: 'published', completeness: 'unknown' },
      })
      // Of the hash of the window, see publish.lua.
      const stats = await redis.server.client.info('commandstats')
      expect(stats).toContain('cmdstat_hgetall:calls=1,')
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
