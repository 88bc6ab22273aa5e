import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../clock.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore } from '../counter-store.ts'
import { readScript } from './lua-scripts.generated.ts'
import { readWindows } from './redis-reader.ts'

/** More than are read by one command. */
const EVENTS = 12_000
const group = groupSpec({ events: ['a'], dynamic: true, layout: 'hash' })

describe('a window with more events than one command reads', () => {
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
    client = new HandClient(redis.open(), group)
    await client.register()
    await fill(NOON, 1)
  })
  afterAll(() => redis.close())

  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)
  const fill = async (stamp: number, n: number) => {
    for (let first = 0; first < EVENTS; first += 1000) {
      const names = Array.from({ length: 1000 }, (_, index) => [`e${first + index}`, n])
      await client.send(stamp, Object.fromEntries(names))
    }
  }
  const turn = async (seconds: number) => {
    await at(seconds)
    return store.rotate(group, FIVE_SECONDS)
  }
  const valuesOf = (counts: ReadonlyMap<string, bigint> = new Map()) =>
    new Set([...counts].filter(([event]) => event !== 'a').map(([, n]) => Number(n)))

  it('is read to the unit, whatever the size of a count', async () => {
    await client.send(NOON, { huge: 2n ** 62n + 1n })
    const { cur } = await store.read(group, FIVE_SECONDS, 'cur')
    expect(cur?.counts.get('huge')).toBe(2n ** 62n + 1n)
    expect(cur?.counts.size).toBe(EVENTS + 2)
  })

  it('is read whole, and is complete', async () => {
    expect(await turn(5)).toMatchObject({ status: 'rotated', events: EVENTS })
    await client.sign({ through: (NOON + 5) as never })
    await at(8)
    const reading = await store.read(group, FIVE_SECONDS, 'both', { completeness: true })
    expect(reading.last?.counts.size).toBe(EVENTS + 1)
    expect(reading.last?.counts.get('a')).toBe(0n)
    expect(reading.last?.completeness).toEqual({ status: 'complete' })
    expect(Object.fromEntries(reading.cur?.counts ?? [])).toEqual({ a: 0n })
  })

  /** Reads `last`, while something happens after each step, or the first. */
  const readWhile = (happens: () => void, { once }: { once: boolean }) => {
    const { client: connection } = redis.server
    let steps = 0
    const answered = () => {
      // On the same connection, so that it comes before the next step.
      if (steps++ === 0 || !once) happens()
    }
    const context = {
      keyPrefix: '',
      timeCommand: ['TIME'],
      readScript,
      answered,
      clock: systemClock,
    } as const
    return readWindows(connection, context, group, FIVE_SECONDS, 'last')
  }
  const late = Array.from({ length: 200 }, (_, index) => `e${index * 60}`)
  /** What a late batch does to `last`, and what a rotation does. */
  const countLate = () => {
    const batch = redis.server.client.multi().incrby('group:5s:last:@sum', late.length)
    for (const event of late) batch.hincrby('group:5s:last', event, 1)
    void batch.exec()
  }
  let boundary = 0
  const turnOver = () => {
    boundary += 5
    const [last, cur] = [NOON + boundary, NOON + boundary + 5]
    const marks = { 'group:5s:last:@ts': last, 'group:5s:cur:@ts': cur, 'group:5s:cur:@by': cur }
    const rotation = redis.server.client.multi().mset(marks)
    rotation.rename('group:5s:cur', 'group:5s:last').copy('group:5s:last', 'group:5s:cur')
    void rotation.exec()
  }

  it('is of one window, though it is turned over while it is read', async () => {
    await turn(5)
    await fill(NOON + 5, 2)
    boundary = 0
    const { last } = await readWhile(turnOver, { once: true })
    expect(last?.start).toBe(NOON + 5)
    expect([...valuesOf(last?.counts)]).toEqual([2])
  })

  it('is refused where it is turned over faster than it can be read', async () => {
    await turn(5)
    await fill(NOON + 5, 2)
    boundary = 0
    await expect(readWhile(turnOver, { once: false })).rejects.toMatchObject({
      code: 'READ_CONTENDED',
    })
  })

  it('is of one instant as last, though late counts come while it is read', async () => {
    await turn(5)
    const { last } = await readWhile(countLate, { once: true })
    expect(late.filter((event) => last?.counts.get(event) !== 2n)).toEqual([])
  })

  it('is read as last though late counts keep coming', async () => {
    await turn(5)
    const { last } = await readWhile(countLate, { once: false })
    expect(last?.counts.size).toBe(EVENTS + 1)
    expect(valuesOf(last?.counts).size).toBeGreaterThan(1)
  })

  it('is asked for by no command that reads it at once', async () => {
    await redis.server.client.config('RESETSTAT')
    await store.read(group, FIVE_SECONDS, 'both')
    const stats = await redis.server.client.info('commandstats')
    expect(stats).not.toContain('cmdstat_hgetall')
    expect(Number(/cmdstat_hscan:calls=(\d+)/.exec(stats)?.[1])).toBeGreaterThan(3)
  })
})
