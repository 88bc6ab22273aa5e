import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FIVE_SECONDS, groupSpec, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'

/** Any of these may be declared, indexed, or have a key, in either window, as other programs leave them. */
const EVENTS = ['a', 'b', 'c']
const PREFIX = 'group:5s:'

let redis: ManualTimeRedis
let store: CounterStore

beforeAll(async () => {
  redis = await ManualTimeRedis.start()
  store = redis.open()
})
beforeEach(() => redis.clear())
afterAll(() => redis.close())

/** A window as it is in Redis. */
interface Window {
  readonly indexed: readonly string[]
  readonly counts: Readonly<Record<string, string>>
}

const someEvents = fc.subarray(EVENTS)
const someWindow: fc.Arbitrary<Window> = fc.record({
  indexed: someEvents,
  counts: fc.dictionary(fc.constantFrom(...EVENTS), fc.constantFrom('0', '1', '7')),
})

async function put(part: 'cur' | 'last', { indexed, counts }: Window): Promise<void> {
  const pipeline = redis.server.client.pipeline()
  if (indexed.length > 0) pipeline.sadd(`${PREFIX}${part}:@ids`, ...indexed)
  for (const [event, n] of Object.entries(counts)) pipeline.set(`${PREFIX}${part}:${event}`, n)
  await pipeline.exec()
}

async function take(part: 'cur' | 'last'): Promise<Window> {
  const { client } = redis.server
  const values = await client.mget(EVENTS.map((event) => `${PREFIX}${part}:${event}`))
  const counts = EVENTS.flatMap((event, e) => {
    const value = values[e]
    return typeof value === 'string' ? [[event, value] as const] : []
  })
  return {
    indexed: (await client.smembers(`${PREFIX}${part}:@ids`)).sort(),
    counts: Object.fromEntries(counts),
  }
}

const only = (window: Window, events: readonly string[]) =>
  Object.fromEntries(Object.entries(window.counts).filter(([event]) => events.includes(event)))

describe('a rotation', () => {
  it('moves what is declared or indexed, leaves nothing of the window before, and indexes both', async () => {
    await fc.assert(
      fc.asyncProperty(someEvents, someWindow, someWindow, async (declared, cur, last) => {
        await redis.clear()
        await redis.setTime((NOON + 5) * 1000)
        await redis.server.client.mset(`${PREFIX}cur:@ts`, NOON, `${PREFIX}cur:@by`, NOON)
        await put('cur', cur)
        await put('last', last)
        const group = { ...groupSpec({ dynamic: true }), events: declared }
        expect(await store.rotate(group, FIVE_SECONDS)).toMatchObject({ status: 'rotated' })

        const moved = EVENTS.filter((event) => [...declared, ...cur.indexed].includes(event))
        const zero = Object.fromEntries(declared.map((event) => [event, '0']))
        const ofNobody = EVENTS.filter((event) => ![...moved, ...last.indexed].includes(event))
        expect(await take('last')).toEqual({
          indexed: moved,
          counts: { ...only(last, ofNobody), ...zero, ...only(cur, moved) },
        })
        const notMoved = EVENTS.filter((event) => !moved.includes(event))
        expect(await take('cur')).toEqual({
          indexed: declared,
          counts: { ...only(cur, notMoved), ...zero },
        })
      }),
      { numRuns: 300 },
    )
  })
})
