import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

type Counts = ReadonlyMap<string, bigint>

/** Nothing but a missing right ends a script half way, of what can be brought about from outside. */
describe('a rotation that ends half way', () => {
  // More than are moved in one go, of both kinds.
  const names = Array.from({ length: 1200 }, (_, index) => `e${index}`)
  const declared = names.slice(0, 600)
  const dynamic = names.slice(600)
  const group = groupSpec({ events: declared, dynamic: true })
  let redis: ManualTimeRedis
  let store: CounterStore

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
    store = redis.open()
  })
  beforeEach(async () => {
    await may('+@all')
    await redis.clear()
    await at(1)
    await store.rotate(group, FIVE_SECONDS)
    const client = new HandClient(store, group)
    await client.register()
    await client.send(NOON, Object.fromEntries(names.map((event) => [event, countOf(event)])))
  })
  afterAll(() => redis.close())

  const countOf = (event: string) => Number(event.slice(1)) + 1
  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)
  const may = (rule: string) => redis.server.client.call('ACL', 'SETUSER', 'default', rule)
  const rotate = () => store.rotate(group, FIVE_SECONDS)
  const windows = async (): Promise<[cur: Counts, last: Counts]> => {
    const { cur, last } = await store.read(group, FIVE_SECONDS, 'both')
    return [cur?.counts ?? new Map(), last?.counts ?? new Map()]
  }
  /** Each declared event is whole in one of the windows and nowhere else; each dynamic one in one of them at least. */
  const expectNothingWiped = async () => {
    const [cur, last] = await windows()
    for (const event of declared) {
      expect([event, Number(cur.get(event)) + Number(last.get(event))]).toEqual([
        event,
        countOf(event),
      ])
    }
    const keys = ['cur', 'last'].map((part) => dynamic.map((event) => `group:5s:${part}:${event}`))
    const [inCur = [], inLast = []] = await Promise.all(
      keys.map((some) => redis.server.client.mget(some)),
    )
    dynamic.forEach((event, index) => {
      expect([inCur[index], inLast[index]]).toContain(String(countOf(event)))
    })
  }

  it.each(['mset', 'scard', 'smismember', 'smembers', 'unlink', 'rename', 'sadd'])(
    'where the master may not %s, wipes no count, nor does the next try',
    async (command) => {
      await at(5)
      await may(`-${command}`)
      await expect(rotate()).rejects.toMatchObject({ code: 'STORE_REFUSED' })
      await may(`+${command}`)
      await expectNothingWiped()
      const { status } = await rotate()
      // But for SADD, which comes last, nothing was written at all.
      expect(status).toBe(command === 'sadd' ? 'already' : 'rotated')
      await expectNothingWiped()
    },
  )

  it.each(['unlink', 'rename'])(
    'where the master may not %s, counts no dynamic event twice',
    async (command) => {
      await at(5)
      await may(`-${command}`)
      await expect(rotate()).rejects.toMatchObject({ code: 'STORE_REFUSED' })
      const [cur, last] = await windows()
      expect(dynamic.filter((event) => last.has(event))).toEqual([])
      expect(dynamic.map((event) => Number(cur.get(event)))).toEqual(dynamic.map(countOf))
    },
  )
})
