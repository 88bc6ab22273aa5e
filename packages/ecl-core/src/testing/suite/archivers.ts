import assert from 'node:assert/strict'
import type { QueuedWindow } from '../../store/window-queue.ts'
import { FIVE_SECONDS, NOON } from '../hand-client.ts'
import { FINAL, type QueueSuite, queueOf } from './queue-suite.ts'

/** What a queue promises those who take from it. */
export function exerciseArchivers(suite: QueueSuite): void {
  const { describe, it, at, group, ref } = suite
  /** Publishes so many windows, each with a count of its own. */
  const fill = async (windows: number) => {
    for (let n = 0; n < windows; n++) {
      await suite.client.send(NOON + 5 * n, { a: n + 1 })
      await at(5 * n + 5)
      await suite.store.rotate(group, FIVE_SECONDS)
      await suite.queue.publish(ref, FINAL)
    }
  }
  const totals = (taken: readonly QueuedWindow[]) => taken.map(({ window }) => window?.total)
  const state = async () => {
    const [one] = await suite.queue.state([ref])
    assert(one !== undefined)
    return one
  }
  const first = (taken: readonly QueuedWindow[]): QueuedWindow => {
    const [one] = taken
    assert(one !== undefined)
    return one
  }

  describe('an archiver', () => {
    it('finds an empty queue where nothing was published yet', async () => {
      assert.deepEqual(await suite.queue.take([ref], 'x', 10), [])
      assert.deepEqual(await suite.queue.reclaim([ref], 'x', 10, 0), [])
      const { length, pending, lagMs, dead } = await state()
      assert.deepEqual([length, pending, lagMs, dead], [0, 0, 0, 0])
    })

    it('takes the oldest first, and what no other one has', async () => {
      await fill(5)
      assert.deepEqual(totals(await suite.queue.take([ref], 'x', 2)), [1n, 2n])
      assert.deepEqual(totals(await queueOf(suite.open()).take([ref], 'y', 2)), [3n, 4n])
      assert.deepEqual(totals(await suite.queue.take([ref], 'x', 2)), [5n])
      assert.deepEqual(totals(await suite.queue.take([ref], 'x', 2)), [])
    })

    it('clears what it acknowledges out of the queue, once', async () => {
      await fill(3)
      const taken = await suite.queue.take([ref], 'x', 2)
      await suite.queue.acknowledge(taken)
      await suite.queue.acknowledge(taken)
      const { length, pending, archived } = await state()
      assert.deepEqual([length, pending, archived], [1, 0, 2])
      assert.deepEqual(totals(await suite.queue.reclaim([ref], 'x', 10, 0)), [])
    })

    it('is relieved of its entries when it has been silent for long, and not before', async () => {
      await fill(2)
      await suite.queue.take([ref], 'killed', 10)
      assert.deepEqual(totals(await suite.queue.reclaim([ref], 'y', 10, 60_000)), [])
      const reclaimed = await suite.queue.reclaim([ref], 'y', 10, 0)
      assert.deepEqual(totals(reclaimed), [1n, 2n])
      const { archivers } = await state()
      assert.equal(archivers.find(({ name }) => name === 'y')?.pending, 2)
      await suite.queue.acknowledge(reclaimed)
      assert.equal((await state()).length, 0)
    })

    it('gives back what it will not come to, and is forgotten', async () => {
      await fill(3)
      const taken = await suite.queue.take([ref], 'x', 3)
      await suite.queue.acknowledge([first(taken)])
      await suite.queue.leave([ref], 'x', taken.slice(1))
      assert.deepEqual(totals(await suite.queue.reclaim([ref], 'y', 10, 60_000)), [2n, 3n])
      await suite.queue.leave([ref], 'x', [])
      assert.deepEqual(
        (await state()).archivers.map(({ name }) => name),
        ['y'],
      )
    })

    it('keeps what it renews', async () => {
      await fill(1)
      const taken = await suite.queue.take([ref], 'x', 3)
      await suite.queue.leave([ref], 'x', taken)
      await suite.queue.renew(taken, 'x')
      assert.deepEqual(totals(await suite.queue.reclaim([ref], 'y', 10, 60_000)), [])
    })

    it('rejects an entry into the dead letters, from where it can be replayed', async () => {
      await fill(3)
      const taken = await suite.queue.take([ref], 'x', 2)
      const rejected = first(taken)
      await suite.queue.reject(rejected, 'it does not fit')
      await suite.queue.reject(rejected, 'it does not fit')
      await suite.queue.acknowledge(taken.slice(1))
      const { length, rejected: count, dead } = await state()
      assert.deepEqual([length, count, dead], [1, 1, 1])
      const letters = await suite.queue.deadLetters([ref], 10)
      const [letter] = letters
      assert(letter !== undefined)
      assert.deepEqual([letter.error, letter.window], ['it does not fit', rejected.window])
      assert.equal(await suite.queue.replay(letter), true)
      assert.equal(await suite.queue.replay(letter), false)
      assert.deepEqual(totals(await suite.queue.take([ref], 'y', 10)), [3n, 1n])
      assert.deepEqual(await suite.queue.deadLetters([ref], 10), [])
      // What is published after that goes behind it.
      await at(20)
      await suite.store.rotate(group, FIVE_SECONDS)
      await suite.queue.publish(ref, FINAL)
      assert.deepEqual(totals(await suite.queue.take([ref], 'y', 10)), [0n])
    })

    it('is told how many wait, and for how long', async () => {
      await fill(2)
      await at(40)
      await suite.queue.take([ref], 'x', 1)
      const { length, pending, lagMs, archivers } = await state()
      assert.deepEqual([length, pending, lagMs], [2, 1, 35_000])
      assert.deepEqual(
        archivers.map(({ name, pending: held }) => [name, held]),
        [['x', 1]],
      )
    })

    it('leaves nothing waiting that is archived, in whichever order', async () => {
      await fill(5)
      await at(40)
      const slow = await suite.queue.take([ref], 'slow', 1)
      const taken = await suite.queue.take([ref], 'quick', 3)
      await suite.queue.acknowledge(taken.slice(0, 2))
      await suite.queue.reject(taken.at(2) ?? first(taken), 'it does not fit')
      const behind = await state()
      assert.deepEqual([behind.length, behind.pending, behind.lagMs], [2, 1, 35_000])
      await suite.queue.acknowledge(slow)
      const later = await state()
      assert.deepEqual([later.length, later.pending, later.lagMs], [1, 0, 15_000])
      await suite.queue.acknowledge(await suite.queue.take([ref], 'slow', 9))
      const { length, pending, lagMs, archived, rejected, dropped } = await state()
      assert.deepEqual([length, pending, lagMs, archived, rejected, dropped], [0, 0, 0, 4, 1, 0])
    })

    it('takes from many queues at once, and from none', async () => {
      await fill(1)
      const other = { group: { ...group, name: `${group.name}2` }, interval: FIVE_SECONDS }
      assert.deepEqual(totals(await suite.queue.take([other, ref], 'x', 2)), [1n])
      assert.deepEqual(await suite.queue.take([], 'x', 2), [])
      assert.deepEqual(
        (await suite.queue.state([other, ref])).map(({ length }) => length),
        [0, 1],
      )
    })
  })
}
