import assert from 'node:assert/strict'
import type { EpochSeconds } from '../../interval.ts'
import type { ClosedWindow } from '../../store/window-queue.ts'
import { FIVE_SECONDS, HandClient, NOON } from '../hand-client.ts'
import { FINAL, type QueueSuite, queueOf, SETTLED } from './queue-suite.ts'

/** What publishing promises, and a rotation that waits for it. */
export function exercisePublish(suite: QueueSuite): void {
  const { describe, it, at, group, ref, turn } = suite
  const publish = async (options = SETTLED) => suite.queue.publish(ref, options)
  /** Everything that is in the queue and has not been taken. */
  const entries = async (): Promise<readonly ClosedWindow[]> => {
    const taken = await suite.queue.take([ref], 'reader', 1000)
    return taken.map(({ window, problem }) => {
      assert(window !== undefined, problem)
      return window
    })
  }
  const lookAt = async (seconds: number) => {
    await at(seconds)
    const { states } = await suite.store.windows([ref], { publications: true })
    return states[0]?.publishFromMs
  }

  describe('publish', () => {
    it('puts a window into the queue once, whatever the number of masters', async () => {
      await turn({ a: 7 })
      const masters = [suite.store, suite.open(), suite.open()]
      const outcomes = await Promise.all(
        [...masters, ...masters].map((store) => queueOf(store).publish(ref, SETTLED)),
      )
      const statuses = outcomes.map(({ status }) => status).sort()
      assert.deepEqual(statuses, [...Array.from({ length: 5 }, () => 'already'), 'published'])
      const windows = await entries()
      assert.deepEqual(windows, [
        {
          ...{ group: group.name, interval: '5s', start: NOON, end: NOON + 5, part: 1, parts: 1 },
          ...{ completeness: 'complete', late: 0n, total: 7n, revision: windows[0]?.revision },
          publishedMs: (NOON + 8) * 1000,
          counts: new Map([['a', 7n]]),
        },
      ])
    })

    it('has nothing to publish before the first window has been turned over', async () => {
      assert.deepEqual(await publish(FINAL), { status: 'nothing' })
      assert.deepEqual(await entries(), [])
    })

    it('publishes what was counted in the window before the first one', async () => {
      await suite.client.send(NOON - 1, { b: 2 })
      assert.equal((await publish(FINAL)).status, 'published')
      const [window] = await entries()
      assert.deepEqual([window?.start, window?.total], [NOON - 5, 2n])
    })

    it('publishes a window without events: zero is not unknown', async () => {
      await turn({})
      assert.equal((await publish()).status, 'published')
      const [window] = await entries()
      assert.deepEqual([window?.total, window?.counts], [0n, new Map()])
      assert.deepEqual([window?.parts, window?.completeness], [1, 'complete'])
    })

    it('publishes a newer version when counts have come late, and only then', async () => {
      await turn({ a: 1 })
      await publish()
      assert.equal((await publish()).status, 'already')
      await suite.client.send(NOON, { a: 2, b: 3 })
      await suite.client.send(NOON + 5, { a: 50 })
      assert.equal((await publish()).status, 'published')
      assert.equal((await publish()).status, 'already')
      const [first, second, ...rest] = await entries()
      assert.deepEqual(rest, [])
      assert.deepEqual(
        second?.counts,
        new Map([
          ['a', 3n],
          ['b', 3n],
        ]),
      )
      assert((second?.revision ?? 0) > (first?.revision ?? 0))
    })

    it('splits a window of many events, and tells the sum over all parts in each', async () => {
      const counts = Object.fromEntries(Array.from({ length: 2002 }, (_, n) => [`e${n}`, n]))
      await turn(counts)
      await publish()
      const parts = await entries()
      assert.deepEqual(
        parts.map(({ part, parts: of }) => [part, of]),
        [
          [1, 3],
          [2, 3],
          [3, 3],
        ],
      )
      assert(parts.every(({ total }) => total === 2_003_001n))
      const all = new Map(parts.flatMap((part) => [...part.counts]))
      // That of e0 is 0, and left out.
      assert.equal(all.size, 2001)
      assert.equal(all.get('e1234'), 1234n)
    })

    it('adds up to the unit what a double cannot hold', async () => {
      const large = 9_007_199_254_740_993n
      const counts = { a: 0n, b: large, c: large, d: -1_000_000_001n, e: -large, f: 999_999_999n }
      await turn(counts)
      await publish()
      const [window] = await entries()
      assert.equal(window?.total, large - 2n)
      assert.equal(window?.counts.get('b'), large)
      assert.equal(window?.counts.get('e'), -large)
    })

    it('adds up to less than nothing', async () => {
      await turn({ a: -3_000_000_001n, b: 1n })
      await publish()
      assert.equal((await entries())[0]?.total, -3_000_000_000n)
    })

    it('tells counts that happened in another window, and calls that window unknown', async () => {
      for (const seconds of [5, 10]) {
        await at(seconds)
        await suite.store.rotate(group, FIVE_SECONDS)
      }
      await suite.client.send(NOON, { a: 4 })
      await suite.client.send(NOON + 10, { a: 3 })
      await at(15)
      await suite.store.rotate(group, FIVE_SECONDS)
      await suite.client.sign({ through: (NOON + 15) as EpochSeconds })
      await at(18)
      await publish()
      const [window] = await entries()
      assert.deepEqual([window?.start, window?.total, window?.late], [NOON + 10, 7n, 4n])
      assert.equal(window?.completeness, 'unknown')
    })

    it('publishes once more when a client that was awaited had its time', async () => {
      const silent = new HandClient(suite.store, group, 'host/2/b')
      await silent.register()
      await turn({ a: 1 })
      assert.equal(await lookAt(6.9), (NOON + 7) * 1000)
      const published = await publish()
      assert.equal(published.status === 'published' && published.completeness, 'pending')
      assert.equal((await publish()).status, 'already')
      assert.equal(await lookAt(9), (NOON + 17) * 1000)
      await at(17)
      const again = await publish()
      assert.equal(again.status === 'published' && again.completeness, 'partial')
      assert.equal(await lookAt(18), undefined)
      assert.equal((await publish(FINAL)).status, 'already')
    })

    it('says from when on there is something to publish', async () => {
      assert.equal(await lookAt(4), (NOON + 2) * 1000)
      await publish()
      assert.equal(await lookAt(4), undefined)
      await turn({ a: 1 })
      assert.equal(await lookAt(8), (NOON + 7) * 1000)
      await publish()
      assert.equal(await lookAt(9), undefined)
      await suite.client.send(NOON, { a: 1 })
      assert.equal(await lookAt(9), (NOON + 7) * 1000)
    })

    it('drops the oldest beyond the bounds, and counts what it drops', async () => {
      for (let n = 1; n <= 4; n++) {
        await at(5 * n)
        await suite.store.rotate(group, FIVE_SECONDS)
        const entriesBound = { seconds: 1000, entries: 3 }
        const published = await publish({ final: true, bounds: entriesBound })
        assert.equal(published.status === 'published' && published.dropped, n === 4 ? 1 : 0)
      }
      assert.equal((await suite.queue.state([ref]))[0]?.length, 3)
      await at(28)
      await suite.store.rotate(group, FIVE_SECONDS)
      const published = await publish({ final: true, bounds: { seconds: 9, entries: 100 } })
      assert.equal(published.status === 'published' && published.dropped, 2)
      const [state] = await suite.queue.state([ref])
      assert.deepEqual([state?.length, state?.dropped], [2, 3])
      assert.deepEqual(
        (await entries()).map(({ start }) => start),
        [NOON + 15, NOON + 20],
      )
    })
  })

  describe('a rotation that waits for publication', () => {
    const rotate = () => suite.store.rotate(group, FIVE_SECONDS, { onlyPublished: true })

    it('changes nothing before the last window is in the queue', async () => {
      await turn({ a: 1 })
      await suite.client.send(NOON + 5, { b: 2 })
      await at(10)
      assert.equal((await rotate()).status, 'unpublished')
      const { cur, last } = await suite.store.read(group, FIVE_SECONDS, 'both')
      assert.deepEqual([cur?.counts.get('b'), last?.counts.get('a')], [2n, 1n])
      await publish(FINAL)
      assert.equal((await rotate()).status, 'rotated')
      assert.equal((await rotate()).status, 'already')
    })

    it('waits again when late counts have changed it, and when it was still open', async () => {
      await turn({ a: 1 })
      await publish()
      await suite.client.send(NOON, { a: 1 })
      await at(10)
      assert.equal((await rotate()).status, 'unpublished')
      await publish(FINAL)
      await new HandClient(suite.store, group, 'host/2/b').register()
      assert.equal((await rotate()).status, 'rotated')
      await at(12.5)
      const open = await publish()
      assert.equal(open.status === 'published' && open.completeness, 'pending')
      await at(15)
      assert.equal((await rotate()).status, 'unpublished')
      await publish(FINAL)
      assert.equal((await rotate()).status, 'rotated')
    })
  })
}
