import assert from 'node:assert/strict'
import type { EpochSeconds } from '../../interval.ts'
import { FIVE_SECONDS, HandClient, NOON, ONE_MINUTE } from '../hand-client.ts'
import type { Suite } from './suite.ts'

/** What `apply` promises. */
export function exerciseApply(suite: Suite): void {
  const { describe, it, counts, at, group, groupSpec } = suite
  describe('apply', () => {
    it('counts a batch once when it is delivered twice', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      const batch = client.batch({ at: NOON as EpochSeconds, counts: [['a', 3]] })
      assert.equal((await suite.store.apply(batch)).status, 'applied')
      assert.equal((await suite.store.apply(batch)).status, 'duplicate')
      assert.deepEqual(await counts('cur'), { a: 3n, b: 0n })
    })

    it('refuses a batch that does not follow the last one, and says which that was', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      const gap = await client.send(NOON, { a: 1 }, { number: 9, follows: 8 })
      assert.equal(gap.status, 'gap')
      assert.equal(gap.status === 'gap' && gap.lastApplied, 1)
      assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
    })

    it('ignores a copy of a batch that comes after later ones', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      const first = client.batch({ at: NOON as EpochSeconds, counts: [['a', 1]] })
      await suite.store.apply(first)
      await client.send(NOON, { a: 10 })
      assert.equal((await suite.store.apply(first)).status, 'duplicate')
      assert.deepEqual(await counts('cur'), { a: 11n, b: 0n })
    })

    it('says with a duplicate which batch was applied last, and by its token whose that was', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      const batch = client.batch({ at: NOON as EpochSeconds, counts: [['a', 1]], token: 'mine' })
      await suite.store.apply(batch)
      for (const { number, token } of [
        batch,
        { ...batch, token: 'your' },
        { number: 1, token: '0001' },
      ]) {
        const reply = await suite.store.apply({ ...batch, number, token })
        assert.equal(reply.status, 'duplicate')
        assert.equal(reply.status === 'duplicate' && reply.lastApplied, 2)
        // A store may keep none.
        const tokens = reply.status === 'duplicate' ? reply.tokens : undefined
        if (tokens !== undefined) assert.equal(tokens, '0001mine')
      }
      const gap = await client.send(NOON, { a: 1 }, { number: 9, follows: 8 })
      if (gap.status === 'gap' && gap.tokens !== undefined) assert.equal(gap.tokens, '0001mine')
      for (let i = 0; i < 10; i++) await client.sign({ number: 3 + i, follows: 2 + i })
      const late = await suite.store.apply(batch)
      const kept = late.status === 'duplicate' ? late.tokens : undefined
      if (kept !== undefined) assert.equal(kept.length, 8 * 4)
      assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
    })

    it('tells clients apart, and clients of one id in two groups', async () => {
      const other = groupSpec({ name: 'other' })
      for (const client of [
        new HandClient(suite.store, group, 'x'),
        new HandClient(suite.store, group, 'y'),
        new HandClient(suite.store, other, 'x'),
      ]) {
        await client.register()
        assert.equal((await client.send(NOON, { a: 1 })).status, 'applied')
      }
      assert.deepEqual(await counts('cur'), { a: 2n, b: 0n })
      assert.deepEqual(await counts('cur', other), { a: 1n, b: 0n })
    })

    it('counts in every interval of the group', async () => {
      const two = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
      const client = new HandClient(suite.store, two)
      await client.register()
      await client.send(NOON, { a: 2 })
      assert.deepEqual(await counts('cur', two), { a: 2n, b: 0n })
      assert.deepEqual(await counts('cur', two, ONE_MINUTE), { a: 2n, b: 0n })
    })

    it('puts counts of the window before into last', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await at(5.01)
      await suite.store.rotate(group, FIVE_SECONDS)
      const applied = await client.send(NOON + 4, { a: 1 })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['last'])
      assert.deepEqual(await counts('last'), { a: 1n, b: 0n })
      assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
    })

    it('puts counts of the window in which the masters stopped into last, however long ago', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await at(301)
      await suite.store.rotate(group, FIVE_SECONDS)
      const applied = await client.send(NOON + 4, { a: 1 })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['last'])
      assert.deepEqual(await counts('last'), { a: 1n, b: 0n })
    })

    it('keeps counts of older windows in cur, and says that they are late', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      for (const seconds of [5, 10]) {
        await at(seconds)
        await suite.store.rotate(group, FIVE_SECONDS)
      }
      const applied = await client.send(NOON, { a: 1 }, { mayHold: true })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['late'])
      assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
    })

    it('holds counts whose window has not begun, and then applies the same batch', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await at(5.01)
      const batch = client.batch({
        at: (NOON + 5) as EpochSeconds,
        counts: [['a', 1]],
        mayHold: true,
      })
      assert.equal((await suite.store.apply(batch)).status, 'hold')
      assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
      await suite.store.rotate(group, FIVE_SECONDS)
      const applied = await suite.store.apply(batch)
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['cur'])
      assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
    })

    it('holds a batch whole when one of its windows has not begun', async () => {
      const two = groupSpec({ intervals: [ONE_MINUTE, FIVE_SECONDS] })
      const client = new HandClient(suite.store, two)
      await client.register()
      await at(5.01)
      assert.equal((await client.send(NOON + 5, { a: 1 }, { mayHold: true })).status, 'hold')
      assert.deepEqual(await counts('cur', two, ONE_MINUTE), { a: 0n, b: 0n })
    })

    it('counts ahead of its window where it may not hold, and says so', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await at(5.01)
      const applied = await client.send(NOON + 5, { a: 1 })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['ahead'])
      assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
    })

    it('takes a stamp in the future for now', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      const applied = await client.send(NOON + 3600, { a: 1 }, { mayHold: true })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['cur'])
    })

    it('begins the first window with the stamp of the first counts', async () => {
      await at(6)
      const client = new HandClient(suite.store, group)
      await client.send(NOON + 3, { a: 1 })
      assert.equal((await suite.store.read(group, FIVE_SECONDS, 'cur')).cur?.start, NOON)
    })

    it('does not begin a first window that is long gone', async () => {
      await at(60)
      const client = new HandClient(suite.store, group)
      const applied = await client.send(NOON + 3, { a: 1 })
      assert.deepEqual(applied.status === 'applied' && applied.placements, ['late'])
      assert.equal((await suite.store.read(group, FIVE_SECONDS, 'cur')).cur?.start, NOON + 55)
    })

    it('adds negative counts and counts beyond 2^53 exactly', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 2n ** 60n, b: -5 })
      await client.send(NOON, { a: 1, b: 2 })
      assert.deepEqual(await counts('cur'), { a: 2n ** 60n + 1n, b: -3n })
    })

    it('reports a sum beyond 64 bits, and counts the rest', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 2n ** 63n - 1n })
      const applied = await client.send(NOON, { a: 1, b: 1 })
      assert.equal(applied.status, 'applied')
      const failures = applied.status === 'applied' ? applied.failures : []
      assert.deepEqual(
        failures.map(({ event, retry }) => ({ event, retry })),
        [{ event: 'a', retry: false }],
      )
      assert.deepEqual(await counts('cur'), { a: 2n ** 63n - 1n, b: 1n })
    })

    it('takes any name that an event may have', async () => {
      const dynamic = groupSpec({ events: [], dynamic: true })
      const names = [
        'a b',
        'x:y',
        '/',
        'ěšč',
        '🦉',
        '*',
        '%s',
        '0',
        '-1',
        '__proto__',
        'last:@',
        '\'"\\',
      ]
      const client = new HandClient(suite.store, dynamic)
      await client.register()
      const entries = names.map((event) => [event, 1] as const)
      await suite.store.apply(client.batch({ at: NOON as EpochSeconds, counts: entries }))
      await at(5)
      await suite.store.rotate(dynamic, FIVE_SECONDS)
      const { last } = await suite.store.read(dynamic, FIVE_SECONDS, 'last')
      assert.deepEqual([...(last?.counts.keys() ?? [])].sort(), [...names].sort())
    })

    it('keeps a bounded group to its bound, over all clients, and loses nothing', async () => {
      const bounded = groupSpec({ events: ['a'], dynamic: true, maxEvents: 3 })
      for (const id of ['x', 'y']) {
        const client = new HandClient(suite.store, bounded, id)
        await client.register()
        await client.send(NOON, { [`1${id}`]: 1, [`2${id}`]: 1, [`3${id}`]: 1, a: 1 })
      }
      const found = await counts('cur', bounded)
      assert.equal(found['a'], 2n)
      assert.ok(Object.keys(found).length <= 5, Object.keys(found).join())
      assert.equal(
        Object.values(found).reduce((sum, count) => sum + count, 0n),
        8n,
      )
      assert.ok((found['other'] ?? 0n) >= 3n)
    })
  })
}
