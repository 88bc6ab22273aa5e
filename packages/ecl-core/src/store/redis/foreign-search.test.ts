import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { clientLifeSeconds } from '../../client-life.ts'
import { type Clock, systemClock } from '../../clock.ts'
import type { GroupSpec } from '../../group-spec.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import type { CounterStore, Reading } from '../counter-store.ts'
import { openStore } from '../open-store.ts'
import { foundNoneScript } from './lua-scripts.generated.ts'
import { runScript } from './script.ts'

const MARK = 'group:@foreign'
const auto = groupSpec({ events: ['a'], dynamic: true, pythonWriters: 'auto' })
const always: GroupSpec = { ...auto, pythonWriters: true }

let redis: ManualTimeRedis
let store: CounterStore

beforeAll(async () => {
  redis = await ManualTimeRedis.start()
  store = redis.open()
})
beforeEach(async () => {
  await redis.clear()
  await at(1)
})
afterAll(() => redis.close())

const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)
/** What a Python program does. */
const incr = (event: string, n = 1) => redis.server.client.incrby(`group:5s:cur:${event}`, n)

/** Keys of others, which a search has to look at. */
async function fill(keys: number): Promise<void> {
  for (let first = 0; first < keys; first += 10_000) {
    const some = Array.from({ length: 10_000 }, (_, n) => [`other:${first + n}`, ''])
    await redis.server.client.mset(Object.fromEntries(some))
  }
}

/** What a master does at a boundary. */
async function turn(group = auto, by = store) {
  const adopted = await by.adoptForeignEvents([{ group, interval: FIVE_SECONDS }])
  await by.rotate(group, FIVE_SECONDS)
  return adopted
}

const countsOf = (reading: Reading, part: 'cur' | 'last') =>
  Object.fromEntries(Array.from(reading[part]?.counts ?? [], ([e, n]) => [e, Number(n)]))
const read = async (part: 'cur' | 'last', group = auto) =>
  countsOf(await store.read(group, FIVE_SECONDS, part), part)

/** How many steps of SCAN something takes. */
async function stepsOf(work: () => Promise<unknown>): Promise<number> {
  await redis.server.client.config('RESETSTAT')
  await work()
  const stats = await redis.server.client.info('commandstats')
  return Number(/cmdstat_scan:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

/** A clock by which everything takes long. */
const hurried = (stepMs: number): Clock => {
  let nowMs = 0
  return {
    ...systemClock,
    monotonicMs: () => {
      nowMs += stepMs
      return nowMs
    },
  }
}

describe('where no other program counts', () => {
  it('a search leaves a mark, by which no read has to search', async () => {
    const client = new HandClient(store, auto)
    await client.register()
    await client.send(NOON, { a: 1, x: 2 })
    expect(await stepsOf(() => read('cur'))).toBe(1)
    expect(await turn()).toEqual({ groups: [], isPartial: false })
    expect(await redis.server.client.get(MARK)).toBe('none')
    for (let window = 1; window < 5; window++) {
      await at(5 * window)
      // Of a logger's own events none is taken for another program's, in whichever window.
      expect(await turn()).toEqual({ groups: [], isPartial: false })
      await client.send(NOON + 5 * window, { a: 1, [`x${window}`]: 2 })
      expect(await stepsOf(() => store.read(auto, FIVE_SECONDS, 'both'))).toBe(0)
      expect(await read('cur')).toEqual({ a: 1, [`x${window}`]: 2 })
    }
    expect(await redis.server.client.get(MARK)).toBe('none')
  })

  it('a boundary is worth two steps, however many keys there are', async () => {
    await fill(60_000)
    await turn()
    for (let window = 1; window < 4; window++) {
      await at(5 * window)
      expect(await stepsOf(turn)).toBe(2)
    }
  })

  it.each([
    ['when nobody has looked', async () => redis.server.client.del(MARK)],
    ['when the mark is a foreign value', async () => redis.server.client.set(MARK, 'x')],
    [
      'when the mark has another type',
      async () => {
        await redis.server.client.del(MARK)
        await redis.server.client.hset(MARK, 'x', 'y')
      },
    ],
    ['when no master turns the windows over', () => at(10)],
    [
      'when a Python master turns them over',
      async () => {
        await at(5)
        await redis.server.client.set('group:5s:cur:@ts', NOON + 5)
      },
    ],
  ])('a reader looks for itself %s', async (_when, happens) => {
    await turn()
    await incr('x')
    expect(await read('cur')).toEqual({ a: 0 })
    await happens()
    expect(await read('cur')).toEqual({ a: 0, x: 1 })
    // And the next master says it again.
    await at(15)
    for (let times = 0; times < 2; times++) await turn()
    expect(String(await redis.server.client.get(MARK))).toMatch(/^found /)
  })
})

describe('a program that begins to count', () => {
  it('is found within some boundaries, and nothing that it has counted is lost', async () => {
    await fill(60_000)
    await turn()
    let counted = 0
    let seen = 0
    let found = false
    for (let window = 1; window < 20; window++) {
      await incr('x', window)
      counted += window
      await at(5 * window)
      const { groups } = await turn()
      found ||= groups.includes('group')
      const last = (await read('last'))['x'] ?? 0
      seen += last
      // From then on, each window has what was counted in it.
      if (found && groups.length > 0 && window > 10) expect(last).toBe(window)
      if (found) expect(seen).toBe(counted)
    }
    expect(found).toBe(true)
  })

  it('is forgotten when nothing was found for as long as clients are remembered', async () => {
    await incr('x')
    expect(await turn()).toMatchObject({ groups: ['group'] })
    expect(await redis.server.client.get(MARK)).toBe(`found ${NOON + 1}`)
    const life = clientLifeSeconds(auto)
    for (const seconds of [5, 10, life]) {
      await at(seconds)
      await turn()
      expect(await redis.server.client.get(MARK)).toBe(`found ${NOON + 1}`)
      expect(await stepsOf(() => read('cur'))).toBe(1)
    }
    await at(life + 5)
    await turn()
    expect(await redis.server.client.get(MARK)).toBe('none')
  })

  it('is not overlooked by a master that has found none meanwhile', async () => {
    const { client } = redis.server
    await client.set(MARK, 'found 7')
    expect(await runScript(client, foundNoneScript, MARK, [''])).toBe(0)
    expect(await client.get(MARK)).toBe('found 7')
    expect(await runScript(client, foundNoneScript, MARK, ['found 7'])).toBe(1)
    expect(await client.get(MARK)).toBe('none')
  })

  it('has what it counted in the last window published, when a Python master has left no index', async () => {
    await turn()
    await at(5)
    await turn()
    await redis.server.client.set('group:5s:last:@published', `${NOON} 00000000`)
    await redis.server.client.set('group:5s:last:x', 3)
    expect(await turn()).toMatchObject({ groups: ['group'] })
    expect(await redis.server.client.exists('group:5s:last:@published')).toBe(0)
    expect(await read('last')).toEqual({ a: 0, x: 3 })
  })
})

describe('a search that takes longer than a rotation may wait', () => {
  it('goes on at the next boundary, where it was, and loses nothing', async () => {
    await fill(60_000)
    const slow = redis.open(hurried(600))
    await turn(always, slow)
    let counted = 0
    let seen = 0
    let wasPartial = false
    for (let window = 1; window < 40; window++) {
      if (window < 20) counted += await incr(`x${window}`)
      await at(5 * window)
      let isPartial: boolean | undefined
      const steps = await stepsOf(async () => {
        ;({ isPartial } = await turn(always, slow))
      })
      expect(steps).toBeLessThan(4)
      wasPartial ||= isPartial === true
      const { a: _, ...others } = await read('last', { ...always, pythonWriters: false })
      for (const n of Object.values(others)) seen += n
    }
    expect(wasPartial).toBe(true)
    expect(seen).toBe(counted)
    expect(counted).toBe(19)
  })
})

describe('a reader', () => {
  it('reads a hundred thousand events of Python programs, where no master ever ran', async () => {
    for (let first = 0; first < 100_000; first += 10_000) {
      const some = Array.from({ length: 10_000 }, (_, n) => [`group:5s:cur:e${first + n}`, '3'])
      await redis.server.client.mset(Object.fromEntries(some))
    }
    const reading = await store.read(auto, FIVE_SECONDS, 'cur', { completeness: true })
    expect(reading.cur?.counts.size).toBe(100_001)
    expect(reading.searchCutShort).toBeUndefined()
  })

  it('says so where it has no time to look at all keys, and not where it takes it', async () => {
    await fill(60_000)
    const said: string[] = []
    const ignore = () => undefined
    const logger = {
      ...{ debug: ignore, info: ignore, error: ignore },
      warn: (_details: object, message?: string) => said.push(String(message)),
    }
    const slow = openStore(redis.server.backend, { logger, clock: hurried(6000) })
    try {
      for (let times = 0; times < 2; times++) {
        const reading = await slow.read(auto, FIVE_SECONDS, 'cur', { completeness: true })
        expect(reading.searchCutShort).toBe(true)
        expect(reading.cur?.completeness).toEqual({ status: 'unknown', reason: 'not searched' })
      }
      // Once, as it will not pass by itself.
      expect(said).toEqual([expect.stringContaining('Python services, may be missing')])
      await incr('x')
      expect((await slow.read(always, FIVE_SECONDS, 'cur')).cur?.counts.get('x')).toBe(1n)
      await redis.server.client.set(MARK, 'found 1')
      const reading = await slow.read(auto, FIVE_SECONDS, 'cur')
      expect(reading.searchCutShort).toBeUndefined()
      expect(reading.cur?.counts.get('x')).toBe(1n)
    } finally {
      await slow.close()
    }
  })
})
