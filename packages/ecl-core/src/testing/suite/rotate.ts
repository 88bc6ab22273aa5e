import assert from 'node:assert/strict'
import { FIVE_SECONDS, HandClient, NOON } from '../hand-client.ts'
import type { Suite } from './suite.ts'

/** What `rotate` promises. */
export function exerciseRotate(suite: Suite): void {
  const { describe, it, counts, at, group, groupSpec, layout, open } = suite
  describe('rotate', () => {
    it('begins a first window with declared zeroes, and moves nothing', async () => {
      assert.equal((await suite.store.rotate(group, FIVE_SECONDS)).status, 'begun')
      assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
      const reading = await suite.store.read(group, FIVE_SECONDS, 'both')
      assert.equal(reading.cur?.start, NOON)
      assert.equal(reading.last?.start, NOON - 5)
    })

    it('does nothing before the boundary', async () => {
      await suite.store.rotate(group, FIVE_SECONDS)
      await at(4.999)
      assert.equal((await suite.store.rotate(group, FIVE_SECONDS)).status, 'already')
    })

    it('moves cur to last at the boundary, and begins with declared zeroes', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 7 })
      await at(5)
      const rotated = await suite.store.rotate(group, FIVE_SECONDS)
      assert.equal(rotated.status, 'rotated')
      assert.deepEqual(rotated.status === 'rotated' && [rotated.start, rotated.end], [
        NOON,
        NOON + 5,
      ])
      // A store may keep no zero in a hash.
      const events = rotated.status === 'rotated' ? rotated.events : 0
      assert.ok(events === 2 || (layout === 'hash' && events === 1), `${events} events`)
      assert.deepEqual(await counts('last'), { a: 7n, b: 0n })
      assert.deepEqual(await counts('cur'), { a: 0n, b: 0n })
    })

    it('lets one of many masters through at a boundary', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 7 })
      await at(5)
      const masters = [suite.store, open(), open(), open()]
      const rotated = await Promise.all(
        [...masters, ...masters].map((master) => master.rotate(group, FIVE_SECONDS)),
      )
      const statuses = rotated.map(({ status }) => status).sort()
      assert.deepEqual(statuses, [...Array.from({ length: 7 }, () => 'already'), 'rotated'])
      assert.deepEqual(await counts('last'), { a: 7n, b: 0n })
    })

    it('drops a dynamic event from last when nothing was logged for a window', async () => {
      const dynamic = groupSpec({ events: ['a'], dynamic: true })
      const client = new HandClient(suite.store, dynamic)
      await client.register()
      await client.send(NOON, { d: 1, e: 1 })
      await at(5)
      await suite.store.rotate(dynamic, FIVE_SECONDS)
      assert.deepEqual(await counts('last', dynamic), { a: 0n, d: 1n, e: 1n })
      assert.deepEqual(await counts('cur', dynamic), { a: 0n })
      await client.send(NOON + 5, { e: 2 })
      await at(10)
      await suite.store.rotate(dynamic, FIVE_SECONDS)
      assert.deepEqual(await counts('last', dynamic), { a: 0n, e: 2n })
    })

    it('moves events that its own config does not know', async () => {
      const richer = groupSpec({ events: ['a', 'b', 'c'] })
      const client = new HandClient(suite.store, richer)
      await client.register()
      await client.send(NOON, { c: 4 })
      await at(5)
      await suite.store.rotate(group, FIVE_SECONDS)
      assert.deepEqual(await counts('last', richer), { a: 0n, b: 0n, c: 4n })
    })

    it('moves cur once after missed boundaries, with its true start', async () => {
      const client = new HandClient(suite.store, group)
      await client.register()
      await client.send(NOON, { a: 1 })
      await at(23)
      const rotated = await suite.store.rotate(group, FIVE_SECONDS)
      assert.deepEqual(rotated.status === 'rotated' && [rotated.start, rotated.current], [
        NOON,
        NOON + 20,
      ])
      assert.equal((await suite.store.read(group, FIVE_SECONDS, 'last')).last?.start, NOON)
      assert.equal((await suite.store.rotate(group, FIVE_SECONDS)).status, 'already')
    })

    it('waits when the clock is a little behind, and sets a window of the far future back', async () => {
      await at(10)
      await suite.store.rotate(group, FIVE_SECONDS)
      await at(2)
      assert.equal((await suite.store.rotate(group, FIVE_SECONDS)).status, 'already')
      await at(-3600)
      const reset = await suite.store.rotate(group, FIVE_SECONDS)
      assert.deepEqual(reset.status === 'reset' && [reset.current, reset.was], [
        NOON - 3600,
        NOON + 10,
      ])
      assert.equal((await suite.store.rotate(group, FIVE_SECONDS)).status, 'already')
    })
  })
}
