import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

const group = groupSpec({ dynamic: true, layout: 'hash' })

/** What somebody else writes into our hashes, or in their place. */
describe('a foreign value, with layout hash,', () => {
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
    client = new HandClient(store, group)
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

  const texts = {
    'nothing but an empty text': '',
    'a text': 'x\r\n$1\r\n:5',
    'a fraction': '1.5',
    'a number of another form': '1e9',
    'minus one': '-1',
    'the largest number': '9223372036854775807',
    'a number that is larger': '99999999999999999999',
    'a million characters': 'x'.repeat(1_000_000),
  }

  describe.each(['cur', 'last'])("at an event's field of %s", (part) => {
    it.each(Object.entries(texts))('harms no other event: %s', async (_, text) => {
      await call('HSET', `group:5s:${part}`, 'a', text)
      const applied = await client.send(NOON, { a: 2, b: 2 })
      const failures = applied.status === 'applied' ? applied.failures : []
      expect(failures.map(({ event, retry }) => [event, retry])).toEqual(
        failures.map(() => ['a', false]),
      )
      expect(await sumOf('b')).toBe(3)
      const found = (await read())[part === 'cur' ? 'cur' : 'last']
      expect(found?.unreadable).toEqual(/^-?\d{1,19}$/.test(text) ? [] : ['a'])
      for (const boundary of [5, 10, 15]) {
        await at(boundary)
        expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
        if (boundary === 5) expect(await sumOf('b')).toBe(3)
      }
      // Then even that event is itself again.
      expect(await client.send(NOON + 15, { a: 5 })).toMatchObject({ failures: [] })
      expect((await read()).cur?.counts.get('a')).toBe(5n)
    })
  })

  const others: Record<string, (key: string) => readonly [string, ...string[]]> = {
    'a list': (key) => ['RPUSH', key, '1'],
    'a set': (key) => ['SADD', key, '1'],
    'a sorted set': (key) => ['ZADD', key, '1', 'x'],
    'a stream': (key) => ['XADD', key, '*', 'f', '1'],
    'a number': (key) => ['SET', key, '7'],
    'a text': (key) => ['SET', key, 'x'],
  }

  describe.each(['cur', 'last'])('in the place of the hash of %s', (part) => {
    it.each(Object.keys(others))('is replaced by what is counted: %s', async (kind) => {
      const key = `group:5s:${part}`
      await call('DEL', key)
      await call(...(others[kind]?.(key) ?? ['PING']))
      expect((await read())[part === 'cur' ? 'cur' : 'last']?.counts.get('a')).toBe(0n)
      const before = await sumOf('b')
      expect(await client.send(NOON, { a: 2, b: 2 })).toMatchObject({ failures: [] })
      expect(await sumOf('b')).toBe(before + 2)
      await at(5)
      expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
      expect((await read()).last?.counts.get('b')).toBe(BigInt(before + 2))
      expect((await read()).cur?.counts.get('b')).toBe(0n)
    })

    it.each(Object.keys(others))('keeps no window from being turned over: %s', async (kind) => {
      const key = `group:5s:${part}`
      await call('DEL', key)
      await call(...(others[kind]?.(key) ?? ['PING']))
      await at(5)
      expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
      expect(await client.send(NOON, { b: 4 })).toMatchObject({ placements: ['last'] })
      expect((await read()).last?.counts.get('b')).toBe(part === 'cur' ? 4n : 5n)
      expect(await client.send(NOON + 5, { b: 8 })).toMatchObject({ failures: [] })
      expect((await read()).cur?.counts.get('b')).toBe(8n)
    })
  })

  it('at a mark, a sum or an index costs no count', async () => {
    for (const mark of ['cur:@ts', 'cur:@by', 'last:@ts', 'cur:@ids', 'last:@ids', 'cur:@sum']) {
      await call('DEL', `group:5s:${mark}`)
      await call('RPUSH', `group:5s:${mark}`, 'x')
    }
    expect(await client.send(NOON, { b: 2 })).toMatchObject({ failures: [] })
    expect(await sumOf('b')).toBe(3)
    await at(5)
    expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })
    expect((await read()).last?.counts.get('b')).toBe(3n)
  })
})
