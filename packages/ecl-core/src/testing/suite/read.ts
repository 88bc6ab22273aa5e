import assert from 'node:assert/strict'
import { FIVE_SECONDS, HandClient, NOON, ONE_MINUTE } from '../hand-client.ts'
import type { Suite } from './suite.ts'

/** What `read` and `windows` promise. */
export function exerciseRead(suite: Suite): void {
  const { describe, it, counts, at, group, groupSpec } = suite
  describe('read', () => {
    it('finds nothing where nothing was counted', async () => {
      const reading = await suite.store.read(group, FIVE_SECONDS, 'both')
      assert.equal(reading.current, undefined)
      assert.equal(reading.last?.start, undefined)
      assert.deepEqual(await counts('last'), { a: 0n, b: 0n })
    })

    it('gives a static group its declared events and no other', async () => {
      const client = new HandClient(suite.store, groupSpec({ events: ['a', 'z'] }))
      await client.register()
      await client.send(NOON, { a: 1, z: 1 })
      assert.deepEqual(await counts('cur'), { a: 1n, b: 0n })
    })

    it('reads many events at once', async () => {
      const dynamic = groupSpec({ events: [], dynamic: true })
      const client = new HandClient(suite.store, dynamic)
      await client.register()
      const expected: Record<string, bigint> = {}
      for (let batch = 0; batch < 3; batch++) {
        const sent: Record<string, number> = {}
        for (let i = 0; i < 1000; i++) sent[`e${batch}-${i}`] = i + 1
        for (const [event, count] of Object.entries(sent)) expected[event] = BigInt(count)
        await client.send(NOON, sent)
      }
      assert.deepEqual(await counts('cur', dynamic), expected)
      await at(5)
      await suite.store.rotate(dynamic, FIVE_SECONDS)
      assert.deepEqual(await counts('last', dynamic), expected)
    })

    it('reads both windows as of one instant', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 1 })
      await at(5)
      await suite.store.rotate(group, FIVE_SECONDS)
      await client.send(NOON + 5, { b: 2 })
      const { cur, last, current } = await suite.store.read(group, FIVE_SECONDS, 'both')
      assert.equal(current, NOON + 5)
      assert.deepEqual([cur?.start, cur?.end], [NOON + 5, NOON + 10])
      assert.deepEqual([last?.start, last?.end], [NOON, NOON + 5])
      assert.deepEqual(Object.fromEntries(cur?.counts ?? []), { a: 0n, b: 2n })
      assert.deepEqual(Object.fromEntries(last?.counts ?? []), { a: 1n, b: 0n })
    })
  })

  it('tells which batch of a client the counts hold, where it is asked for', async () => {
    const dynamic = groupSpec({ name: 'dynamic', events: [], dynamic: true })
    for (const spec of [group, dynamic]) {
      const read = (client: string | undefined, completeness = false) =>
        suite.store.read(spec, FIVE_SECONDS, 'cur', { completeness, ...(client && { client }) })
      const one = new HandClient(suite.store, spec, 'host/1/a')
      const other = new HandClient(suite.store, spec, 'host/2/b')
      await one.register()
      await other.register()
      await other.send(NOON, { a: 1 })
      for (let n = 0; n < 3; n++) await one.send(NOON, { a: 1, b: n })
      const { lastApplied, cur } = await read('host/1/a')
      assert.equal(lastApplied, 4)
      assert.deepEqual(Object.fromEntries(cur?.counts ?? []), { a: 4n, b: 3n })
      assert.equal((await read('host/1/a', true)).lastApplied, 4)
      assert.equal((await read('host/2/b')).lastApplied, 2)
      assert.equal((await read('host/3/c')).lastApplied, 0)
      assert.ok(!('lastApplied' in (await read(undefined))))
    }
  })

  it('tells clock and current windows of many intervals in one look', async () => {
    const two = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
    await suite.store.rotate(two, ONE_MINUTE)
    await at(7.25)
    const look = await suite.store.windows([
      { group: two, interval: FIVE_SECONDS },
      { group: two, interval: ONE_MINUTE },
    ])
    assert.equal(look.storeTimeMs, (NOON + 7.25) * 1000)
    assert.deepEqual(look.states, [
      { current: undefined, foreign: false },
      { current: NOON, foreign: false },
    ])
  })
}
