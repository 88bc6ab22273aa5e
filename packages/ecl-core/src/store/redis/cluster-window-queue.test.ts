import { describe, expect, it } from '@jest/globals'
import { groupSpec } from '../../testing/hand-client.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { queueOf } from '../../testing/suite/queue-suite.ts'
import { openStore } from '../open-store.ts'
import { type AtGroup, ClusterWindowQueue } from './cluster-window-queue.ts'

describe('an archiver on a cluster of which a node does not answer', () => {
  const refs = ['{dead}', '{a}', '{b}'].map((name) => {
    const group = groupSpec({ name })
    const [interval] = group.intervals
    if (interval === undefined) throw new Error('bug: no interval')
    return { group, interval }
  })
  const entries = refs.map((ref) => ({ ref, id: '1-1', window: undefined }))

  it('goes on with the groups of all others, and hears of it where there are none', async () => {
    const redis = await PrivateRedis.start()
    const store = openStore(redis.backend)
    try {
      const asked: string[] = []
      const at: AtGroup = async ({ name }, operation) => {
        if (name === '{dead}') throw new Error('no answer')
        asked.push(name)
        return operation(queueOf(store))
      }
      const queue = new ClusterWindowQueue(at)
      expect(await queue.take(refs, 'x', 10)).toEqual([])
      await queue.renew(entries, 'x')
      await queue.acknowledge(entries)
      await queue.leave(refs, 'x', [])
      expect(asked).toEqual(Array.from({ length: 4 }, () => ['{a}', '{b}']).flat())
      await expect(queue.acknowledge(entries.slice(0, 1))).rejects.toThrow('no answer')
    } finally {
      await store.close()
      await redis.close()
    }
  })
})
