import assert from 'node:assert/strict'
import type { EpochSeconds } from '../../interval.ts'
import { FIVE_SECONDS, HandClient, NOON, ONE_MINUTE } from '../hand-client.ts'
import type { Suite } from './suite.ts'

/** What readers are told of a window being complete, and what the books say. */
export function exerciseCompleteness(suite: Suite): void {
  const { describe, it, counts, at, group, groupSpec } = suite
  describe('completeness', () => {
    const completeness = async (which: 'cur' | 'last' = 'last', of = group) => {
      const reading = await suite.store.read(of, FIVE_SECONDS, which, { completeness: true })
      return reading[which]?.completeness
    }
    const through = (seconds: number) => ({ through: (NOON + seconds) as EpochSeconds })
    const turnOver = async (seconds: number) => {
      await at(seconds)
      await suite.store.rotate(group, FIVE_SECONDS)
    }

    it('is told where it is asked for only', async () => {
      await turnOver(1)
      const { last } = await suite.store.read(group, FIVE_SECONDS, 'last')
      assert.equal(last?.completeness, undefined)
    })

    it('is reached when all clients are flushed through the end of the window', async () => {
      const clients = [
        new HandClient(suite.store, group, 'x'),
        new HandClient(suite.store, group, 'y'),
      ]
      for (const client of clients) await client.register()
      for (const client of clients) await client.send(NOON, { a: 2 }, through(1))
      assert.deepEqual(await completeness('cur'), { status: 'pending', missing: ['x', 'y'] })
      await turnOver(5.1)
      await clients[0]?.sign(through(5))
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'pending', missing: ['y'] })
      await clients[1]?.send(NOON, { a: 1 }, through(7))
      assert.deepEqual(await completeness(), { status: 'complete' })
      assert.deepEqual(await counts('last'), { a: 5n, b: 0n })
    })

    it('does not believe a client that claims to know the future', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await at(4)
      await client.send(NOON, { a: 1 }, through(3600))
      await turnOver(5)
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'pending', missing: ['x'] })
    })

    it('names who fell silent, until its lease had ended before the window began', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 1 }, through(1))
      for (const seconds of [5, 10, 15]) await turnOver(seconds)
      await at(17.5)
      assert.deepEqual(await completeness(), { status: 'partial', missing: ['x'] })
      await turnOver(20)
      await at(22.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })

    it('waits for nobody who was heard before the clock went back, and not since', async () => {
      await at(7200)
      const gone = new HandClient(suite.store, group, 'gone')
      await gone.register()
      await gone.sign({ lossUntil: (NOON + 7200) as EpochSeconds })
      await turnOver(1)
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      for (const seconds of [5, 10, 15, 20]) await turnOver(seconds)
      await client.send(NOON + 15, { a: 1 }, through(20))
      await at(22.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })

    it('misses nobody who has said farewell', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 1 }, { ...through(1), closes: true })
      await turnOver(5)
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })

    it('is in doubt where counts are late', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await turnOver(5)
      await turnOver(10)
      await client.send(NOON, { a: 1 }, through(10))
      await turnOver(15)
      await client.sign(through(15))
      await at(17.5)
      assert.deepEqual(await completeness(), { status: 'unknown', reason: 'other counts' })
    })

    it('is not reached with a batch of which something could not be taken', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 2n ** 63n - 1n }, through(1))
      await turnOver(5)
      await at(7.5)
      await client.send(NOON, { a: 1, b: 1 }, through(7))
      assert.deepEqual(await completeness(), { status: 'pending', missing: ['x'] })
    })

    it('is not reached with the last batch of a client of which something could not be taken', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 2n ** 63n - 1n }, through(1))
      await client.send(NOON, { a: 1, b: 1 }, { ...through(1), closes: true })
      await turnOver(5)
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'partial', missing: ['x'] })
    })

    it('is in doubt where counts were put into the window before, which nobody turned over', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await at(6)
      await client.send(NOON + 5, { a: 1 }, through(6))
      await turnOver(7)
      await client.send(NOON + 5, { a: 1 }, through(7))
      await turnOver(10)
      await client.sign(through(10))
      await at(12.5)
      assert.deepEqual(await completeness(), { status: 'unknown', reason: 'other counts' })
      await turnOver(15)
      await client.sign(through(15))
      await at(17.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })

    it('is in doubt where windows were merged, and not in a longer one that held them all', async () => {
      const both = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
      const client = new HandClient(suite.store, both, 'x')
      await client.register()
      await turnOver(21)
      const merged = { ...through(21), mixedWith: (NOON + 10) as EpochSeconds }
      await client.send(NOON + 5, { a: 2 }, merged)
      await at(22.5)
      // It is from before the latest that was merged.
      assert.deepEqual(await completeness('last', both), {
        ...{ status: 'unknown', reason: 'other counts' },
      })
      await turnOver(25)
      await turnOver(30)
      await client.sign(through(30))
      await at(32.5)
      assert.deepEqual(await completeness('last', both), { status: 'complete' })
      await at(60)
      await suite.store.rotate(both, ONE_MINUTE)
      await client.sign(through(60))
      await at(62.5)
      const { last } = await suite.store.read(both, ONE_MINUTE, 'last', { completeness: true })
      assert.deepEqual(last?.completeness, { status: 'complete' })
      assert.equal(last?.counts.get('a'), 2n)
    })

    it('counts what a static group does not show', async () => {
      const client = new HandClient(suite.store, groupSpec({ events: ['a', 'z'] }), 'x')
      await client.register()
      await client.send(NOON, { a: 1, z: 1 }, through(1))
      await turnOver(5)
      await client.sign(through(5))
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })

    it('takes corrections and counts of many batches for what they are', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      for (const n of [5, -8, 3]) await client.send(NOON, { a: n, b: 1 }, through(1))
      await turnOver(5)
      await client.sign(through(5))
      await at(7.5)
      assert.deepEqual(await completeness(), { status: 'complete' })
    })
  })

  describe('accounts', () => {
    const through = (seconds: number) => ({ through: (NOON + seconds) as EpochSeconds })
    const books = (logged: number) => ({ logged, unsent: 0, replayed: 0 })
    const account = async () => (await suite.store.accounts(group)).clients[0]

    it('holds what was applied against what was logged', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(
        NOON,
        { a: 2, b: 3 },
        { books: { logged: 12, unsent: 7, replayed: 1 }, through: NOON as EpochSeconds },
      )
      assert.deepEqual(await account(), {
        ...{ clientId: 'x', number: 2, lastUse: NOON + 1, closed: false, acknowledged: false },
        ...{ through: NOON, lossUntil: 0 },
        ...{ logged: 12, applied: 5, unsent: 7, refused: 0, late: 0, replayed: 1 },
      })
    })

    it('counts an event once, whatever the number of intervals, and a repeat not at all', async () => {
      const two = groupSpec({ intervals: [FIVE_SECONDS, ONE_MINUTE] })
      const client = new HandClient(suite.store, two, 'x')
      await client.register()
      const batch = client.batch({ at: NOON as EpochSeconds, counts: [['a', 3]] })
      await suite.store.apply(batch)
      await suite.store.apply(batch)
      assert.equal((await account())?.applied, 3)
    })

    it('tells what was late', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      for (const seconds of [5, 10]) {
        await at(seconds)
        await suite.store.rotate(group, FIVE_SECONDS)
      }
      await client.send(NOON, { a: 4 })
      await client.send(NOON + 10, { a: 1 })
      const { applied, late } = (await account()) ?? {}
      assert.deepEqual({ applied, late }, { applied: 5, late: 4 })
    })

    it('tells what was refused, and settles what was taken in the end', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 2n ** 63n - 1n })
      await client.send(NOON, { a: 6, b: 1 })
      assert.equal((await account())?.refused, 6)
      await client.send(NOON, { b: 6 }, { isRest: true })
      assert.equal((await account())?.refused, 0)
    })

    it('says that the silence of a client was acknowledged, until it speaks again', async () => {
      const client = new HandClient(suite.store, group, 'x')
      const acknowledge = (clientId = 'x') => suite.store.acknowledgeClient(group, clientId)
      await client.register()
      await client.send(NOON, { a: 1 }, { ...through(1), books: books(1) })
      const before = await account()
      await at(10)
      assert.equal(await acknowledge(), 'alive')
      assert.deepEqual(await account(), before)
      await at(11)
      // As often as somebody likes.
      for (let time = 0; time < 2; time++) assert.equal(await acknowledge(), 'acknowledged')
      assert.deepEqual(await account(), { ...before, acknowledged: true })
      await client.send(NOON, { a: 2 }, { ...through(11), books: books(3) })
      assert.deepEqual(await account(), {
        ...before,
        ...{ number: 3, lastUse: NOON + 11, through: NOON + 11, logged: 3, applied: 3, late: 0 },
      })
      await client.sign({ closes: true })
      await at(60)
      assert.equal(await acknowledge(), 'closed')
      assert.equal((await account())?.acknowledged, false)
      assert.equal(await acknowledge('nobody'), 'unknown')
      assert.equal((await suite.store.accounts(group)).clients.length, 1)
    })

    it('acknowledges the silence of who was heard before the clock went back', async () => {
      await at(7200)
      await new HandClient(suite.store, group, 'x').register()
      await at(1)
      assert.equal(await suite.store.acknowledgeClient(group, 'x'), 'acknowledged')
      assert.equal((await account())?.acknowledged, true)
    })

    it('says nothing of windows by an acknowledgement: what is missing in them stays so', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.send(NOON, { a: 1 }, through(1))
      await at(5)
      await suite.store.rotate(group, FIVE_SECONDS)
      await at(15)
      assert.equal(await suite.store.acknowledgeClient(group, 'x'), 'acknowledged')
      const { last } = await suite.store.read(group, FIVE_SECONDS, 'last', { completeness: true })
      assert.deepEqual(last?.completeness, { status: 'partial', missing: ['x'] })
    })

    it('keeps the word of a client that leaves, and of one in doubt', async () => {
      const client = new HandClient(suite.store, group, 'x')
      await client.register()
      await client.sign({ closes: true, lossUntil: (NOON - 5) as EpochSeconds })
      const { closed, lossUntil } = (await account()) ?? {}
      assert.deepEqual({ closed, lossUntil }, { closed: true, lossUntil: NOON - 5 })
    })
  })
}
