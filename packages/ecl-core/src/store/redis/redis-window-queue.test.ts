import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { exerciseWindowQueue } from '../../testing/exercise-window-queue.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { queueOf } from '../../testing/suite/queue-suite.ts'
import { until } from '../../testing/until.ts'
import { openStore } from '../open-store.ts'
import type { WindowQueue } from '../window-queue.ts'

const RUNNER = { describe, it, beforeAll, beforeEach, afterAll }
const FINAL = { final: true, bounds: { seconds: 1_000_000, entries: 1000 } }

for (const layout of ['keys', 'hash'] as const) {
  exerciseWindowQueue(
    RUNNER,
    `RedisWindowQueue, layout ${layout},`,
    () => ManualTimeRedis.start(),
    layout,
  )
}

describe('RedisWindowQueue', () => {
  let redis: ManualTimeRedis
  const group = groupSpec()
  const ref = { group, interval: FIVE_SECONDS }
  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
  })
  afterAll(() => redis.close())
  beforeEach(async () => {
    await redis.clear()
    await at(1)
  })

  /** Turns one window over in which these were counted. */
  async function turned(counts: Record<string, number>) {
    const store = redis.open()
    const client = new HandClient(store, group)
    await store.rotate(group, FIVE_SECONDS)
    await client.register()
    await client.send(NOON, counts)
    await at(5)
    await store.rotate(group, FIVE_SECONDS)
    return { store, queue: queueOf(store), client }
  }

  it('adds up what programs of both layouts have counted', async () => {
    const { store, queue, client } = await turned({ a: 3, b: 1 })
    const hashed = { ...group, layout: 'hash' as const }
    const other = new HandClient(store, hashed, 'host/2/b')
    await other.register()
    // Late, but for the window that is last.
    await other.send(NOON, { a: 4, c: 5 })
    await client.send(NOON, { b: 1 })
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
    const [taken] = await queue.take([ref], 'x', 10)
    expect(taken?.window).toMatchObject({ total: 14n, late: 0n, parts: 1 })
    expect(Object.fromEntries(taken?.window?.counts ?? [])).toEqual({ a: 7n, b: 2n, c: 5n })
  })

  it.each([
    ['the stream', '@history:group:5s:closed', 'x'],
    ['the dead letters', '@history:group:5s:dead', 'x'],
    ['the mark', 'group:5s:last:@published', '17 18 19'],
    ['the run', 'group:5s:cur:@run', 'x'],
    ['the mark of another window', 'group:5s:last:@published', '1600000000'],
    ['the sum', 'group:5s:last:@sum', '1e99'],
    ['what is counted of the queue', '@history:group:5s:queue', 'x'],
  ])('publishes where a foreign value is in the place of %s', async (_, key, value) => {
    const { store, queue } = await turned({ a: 3 })
    await redis.server.client.set(key, value)
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
    await at(10)
    expect((await store.rotate(group, FIVE_SECONDS, { onlyPublished: true })).status).toBe(
      'rotated',
    )
    const taken = await queue.take([ref], 'x', 10)
    expect(taken.map(({ window }) => window?.total)).toEqual([3n])
    await queue.acknowledge(taken)
    expect((await queue.state([ref]))[0]).toMatchObject({ length: 0, pending: 0, archived: 1 })
  })

  it.each([
    '18446744073709551615-18446744073709551615',
    '18446744073709551615-5',
    '1-9007199254740993',
  ])('publishes behind an entry with the ID %s, and keeps what waits', async (id) => {
    const { queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    const stream = '@history:group:5s:closed'
    const [entry] = await redis.server.client.xrange(stream, '-', '+')
    if (id.startsWith('1-')) await redis.server.client.del(stream)
    for (const key of [stream, '@history:group:5s:dead']) {
      await redis.server.client.xadd(key, id, ...(entry?.[1] ?? []))
    }
    const waited = await redis.server.client.xlen(stream)
    await redis.server.client.del('group:5s:last:@published')
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
    const taken = await queue.take([ref], 'x', 10)
    expect(taken.map(({ window }) => window?.total)).toEqual(Array(waited + 1).fill(3n))
    const [last] = taken
    if (last === undefined) throw new Error('nothing was taken')
    await queue.reject(last, 'for a test')
    expect((await queue.deadLetters([ref], 10)).map(({ error }) => error)).toEqual([
      'unknown',
      'for a test',
    ])
  })

  it('goes on with a queue of its former name, once, dead letters and tally included', async () => {
    const { store, queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    await at(10)
    await store.rotate(group, FIVE_SECONDS)
    await queue.publish(ref, FINAL)
    const [first] = await queue.take([ref], 'x', 1)
    if (first === undefined) throw new Error('nothing was taken')
    await queue.reject(first, 'for a test')
    const { client } = redis.server
    const names = ['closed', 'dead', 'queue']
    for (const name of names) await client.rename(`@history:group:5s:${name}`, `group:5s:@${name}`)
    // An archiver may be there before the first master of this version.
    expect(await queue.take([ref], 'x', 10)).toEqual([])
    await at(15)
    await store.rotate(group, FIVE_SECONDS)
    await queue.publish(ref, FINAL)
    expect(await client.exists(...names.map((name) => `group:5s:@${name}`))).toBe(0)
    expect(await queue.deadLetters([ref], 10)).toHaveLength(1)
    expect((await queue.state([ref]))[0]).toMatchObject({ length: 2, rejected: 1 })
    const starts = (await queue.take([ref], 'x', 10)).map(({ window }) => window?.start)
    expect(starts).toEqual([NOON + 5, NOON + 10])
    // What a service may write there is not looked at.
    await client.xadd('group:5s:@closed', '*', 'start', '0')
    await at(20)
    await store.rotate(group, FIVE_SECONDS)
    await queue.publish(ref, FINAL)
    expect((await queue.take([ref], 'x', 10)).map(({ window }) => window?.start)).toEqual([
      NOON + 15,
    ])
  })

  it.each([
    ['length', '10', 'it is 10 s long'],
    ['published', '9007199254740990', 'more than a day ahead'],
    ['start', '0', 'more than two years ago'],
  ])('hands an entry out as none that has a senseless %s, %s', async (field, value, problem) => {
    const { queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    const stream = '@history:group:5s:closed'
    const [entry] = await redis.server.client.xrange(stream, '-', '+')
    const fields = entry?.[1] ?? []
    fields[fields.indexOf(field) + 1] = value
    await redis.server.client.xadd(stream, '*', ...fields)
    const [good, bad] = await queue.take([ref], 'x', 10)
    expect(good?.window?.total).toBe(3n)
    expect(bad).toMatchObject({ window: undefined, problem: expect.stringContaining(problem) })
    const [, again] = await queue.reclaim([ref], 'y', 10, 0)
    expect(again?.window).toBeUndefined()
  })

  it('takes no loss window for longer than its own', async () => {
    const { queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    const stream = '@history:group:5s:closed'
    const [entry] = await redis.server.client.xrange(stream, '-', '+')
    const undone = ['next', String(NOON + 15), 'loss', '9000000000', 'foreign', '0']
    await redis.server.client.xadd(stream, '*', ...(entry?.[1] ?? []), ...undone)
    const [, taken] = await queue.take([ref], 'x', 10)
    expect(taken?.window?.undone?.lossWindowMs).toBe(2500)
  })

  it('loses no entry that is to be rejected where the dead letters are none', async () => {
    const { store, queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    const [entry] = await queue.take([ref], 'x', 1)
    if (entry === undefined) throw new Error('nothing was taken')
    await redis.server.client.set('@history:group:5s:dead', 'x')
    await expect(queue.reject(entry, 'for a test')).rejects.toThrow('WRONGTYPE')
    await at(10)
    await store.rotate(group, FIVE_SECONDS)
    await queue.publish(ref, FINAL)
    await queue.reject(entry, 'for a test')
    expect(await queue.deadLetters([ref], 10)).toHaveLength(1)
  })

  it.each(['smembers', 'mget', 'hgetall'])(
    'publishes nothing where the master may not %s, rather than less than there is',
    async (command) => {
      const { queue } = await turned({ a: 3 })
      const may = (rule: string) => redis.server.client.call('ACL', 'SETUSER', 'default', rule)
      await may(`-${command}`)
      try {
        await expect(queue.publish(ref, FINAL)).rejects.toMatchObject({ code: 'STORE_REFUSED' })
      } finally {
        await may(`+${command}`)
      }
      expect((await queue.publish(ref, FINAL)).status).toBe('published')
    },
  )

  it('leaves out what is no count, and calls that window unknown', async () => {
    const { queue, client } = await turned({ a: 3, b: 1 })
    await client.sign({ through: (NOON + 5) as never })
    await at(8)
    await redis.server.client.set('group:5s:last:b', '9223372036854775808')
    await redis.server.client.decrby('group:5s:last:@sum', 1)
    await queue.publish(ref, FINAL)
    const [entry] = await queue.take([ref], 'x', 10)
    expect(entry?.window).toMatchObject({ total: 3n, late: 0n, completeness: 'unknown' })
  })

  it('publishes on where a clock had jumped ahead and was set back', async () => {
    const { store, queue } = await turned({ a: 3 })
    await at(36_000)
    await store.rotate(group, FIVE_SECONDS)
    await at(36_005)
    await store.rotate(group, FIVE_SECONDS)
    await queue.publish(ref, FINAL)
    await at(6)
    expect((await store.rotate(group, FIVE_SECONDS)).status).toBe('reset')
    await at(10)
    await store.rotate(group, FIVE_SECONDS)
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
    const starts = (await queue.take([ref], 'x', 10)).map(({ window }) => window?.start)
    expect(starts).toEqual([NOON + 36_000, NOON + 5])
  })

  /** A restart of the server, as far as what it keeps can tell. */
  const restart = async (interval: string, part: 'cur:@run' | 'last:@published') => {
    const key = `group:${interval}:${part}`
    const mark = (await redis.server.client.get(key)) ?? ''
    const run = part === 'cur:@run' ? mark : mark.split(' ')[1]
    expect(run).toMatch(/^[0-9a-f]{8}$/)
    await redis.server.client.set(key, mark.replace(run ?? '', '01234567'))
  }

  it('publishes a window again that was published before a restart, which may have undone late counts', async () => {
    const { store, queue } = await turned({ a: 3 })
    await queue.publish(ref, FINAL)
    expect((await queue.publish(ref, FINAL)).status).toBe('already')
    await restart('5s', 'last:@published')
    const publications = { publications: true }
    expect((await store.windows([ref], publications)).states[0]?.publishFromMs).toBeDefined()
    // What is not known of a run may be this one.
    const mark = `${NOON} 00000000`
    const marked = await redis.server.client.getset('group:5s:last:@published', mark)
    expect((await store.windows([ref], publications)).states[0]?.publishFromMs).toBeUndefined()
    expect((await queue.publish(ref, FINAL)).status).toBe('already')
    await redis.server.client.set('group:5s:last:@published', marked ?? '')
    await at(10)
    const onlyPublished = { onlyPublished: true }
    expect((await store.rotate(group, FIVE_SECONDS, onlyPublished)).status).toBe('unpublished')
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
    expect((await store.windows([ref], publications)).states[0]?.publishFromMs).toBeUndefined()
    expect((await store.rotate(group, FIVE_SECONDS, onlyPublished)).status).toBe('rotated')
    const [first, second] = (await queue.take([ref], 'x', 10)).map(({ window }) => window)
    expect([first?.total, second?.total]).toEqual([3n, 3n])
    expect(second?.revision).toBeGreaterThan(first?.revision ?? 0)
  })

  it('publishes a window again that was open before a restart, and then not again while it is', async () => {
    const { queue } = await turned({ a: 3 })
    const open = { ...FINAL, final: false }
    // The client has not said that it has sent all.
    expect((await queue.publish(ref, open)).status).toBe('published')
    expect((await queue.publish(ref, open)).status).toBe('already')
    expect(await redis.server.client.get('group:5s:last:@published')).toMatch(/^\d+ \w{8} \d+$/)
    await restart('5s', 'last:@published')
    expect((await queue.publish(ref, open)).status).toBe('published')
    expect((await queue.publish(ref, open)).status).toBe('already')
    expect((await queue.publish(ref, FINAL)).status).toBe('published')
  })

  describe('tells that windows behind one may have been undone', () => {
    const onlyPublished = { onlyPublished: true }
    const interval = { spec: '1s', seconds: 1 }
    const second = { group: groupSpec({ intervals: [interval] }), interval }

    /** Counts in the window of noon, turns it over at an instant, and publishes it. */
    async function told(
      turnedAt: number,
      events: number,
      beforeTurn: () => Promise<unknown>,
      pythonWriters = false,
    ) {
      const often = groupSpec({ intervals: [interval], pythonWriters })
      const own = { group: often, interval }
      const store = redis.open()
      const queue = queueOf(store)
      await at(-1)
      await store.rotate(often, interval, onlyPublished)
      const client = new HandClient(store, often)
      await client.register()
      await at(0)
      await queue.publish(own, FINAL)
      await store.rotate(often, interval, onlyPublished)
      const counts = Array.from({ length: events }, (_, n) => [`e${n}`, 1])
      await client.send(NOON, Object.fromEntries(counts))
      await beforeTurn()
      await at(turnedAt)
      await queue.publish(own, FINAL)
      await store.rotate(often, interval, onlyPublished)
      await queue.publish(own, FINAL)
      const taken = await queue.take([own], 'x', 10)
      const windows = taken.flatMap(({ window }) => (window?.start === NOON ? [window] : []))
      return { store, windows }
    }

    it('when the server was restarted while it was the current one, and boundaries were missed', async () => {
      const { store, windows } = await told(4, 1500, () => restart('1s', 'cur:@run'))
      const undone = { next: NOON + 4, lossWindowMs: 2500, mayHoldForeign: false }
      expect(windows.map((window) => window.undone)).toEqual([undone, undone])
      // It is not said of the next one.
      await at(9)
      const queue = queueOf(store)
      await store.rotate(second.group, interval, onlyPublished)
      await queue.publish(second, FINAL)
      const [after] = await queue.take([second], 'x', 10)
      expect(after?.window?.start).toBe(NOON + 4)
      expect(after?.window?.undone).toBeUndefined()
    })

    it('and that Python programs may have counted in them, where they may in the group', async () => {
      const { windows } = await told(4, 1, () => restart('1s', 'cur:@run'), true)
      expect(windows[0]?.undone?.mayHoldForeign).toBe(true)
    })

    it('and not where a Python master has turned it over since', async () => {
      const { store, windows } = await told(4, 1, () => restart('1s', 'cur:@run'))
      expect(windows).toHaveLength(1)
      await at(5)
      await redis.server.client.set('group:1s:cur:@ts', NOON + 5)
      const queue = queueOf(store)
      await queue.publish(second, FINAL)
      const [after] = await queue.take([second], 'x', 10)
      expect(after?.window?.start).toBe(NOON + 4)
      expect(after?.window?.undone).toBeUndefined()
    })

    it('and not where nobody knows in which run it has begun', async () => {
      for (const run of ['', '00000000']) {
        await redis.clear()
        const forget = async () => {
          if (run === '') await redis.server.client.del('group:1s:cur:@run')
          else await redis.server.client.set('group:1s:cur:@run', run)
        }
        const { windows } = await told(4, 1, forget)
        expect(windows.map(({ undone }) => undone)).toEqual([undefined])
      }
    })

    it('and not where it was followed by the next one', async () => {
      const { windows } = await told(1, 1, () => restart('1s', 'cur:@run'))
      expect(windows.map(({ undone }) => undone)).toEqual([undefined])
    })

    it('and not where no master was there for a while', async () => {
      const { windows } = await told(4, 1, () => Promise.resolve())
      expect(windows.map(({ undone }) => undone)).toEqual([undefined])
    })
  })

  describe('where somebody else has a consumer group', () => {
    const stream = '@history:group:5s:closed'
    let queue: WindowQueue
    let seconds: number

    /** Publishes so many windows, with these bounds. @returns how many entries were dropped */
    async function publish(windows: number, bounds = FINAL.bounds): Promise<number> {
      const store = redis.open()
      let dropped = 0
      for (let n = 0; n < windows; n++) {
        seconds += 5
        await at(seconds)
        await store.rotate(group, FIVE_SECONDS)
        const published = await queue.publish(ref, { final: true, bounds })
        if (published.status === 'published') dropped += published.dropped
      }
      return dropped
    }

    const state = async () => (await queue.state([ref]))[0]

    beforeEach(async () => {
      queue = (await turned({ a: 3 })).queue
      seconds = 5
      await redis.server.client.xgroup('CREATE', stream, 'other', '0', 'MKSTREAM')
      await queue.publish(ref, FINAL)
    })

    it('keeps an entry for as long as that needs it, and does not count it as waiting', async () => {
      await publish(4)
      await queue.acknowledge(await queue.take([ref], 'x', 3))
      expect(await redis.server.client.xlen(stream)).toBe(5)
      expect(await state()).toMatchObject({ length: 2, pending: 0, lagMs: 5000 })
      const slow = await queue.take([ref], 'x', 1)
      await queue.acknowledge(await queue.take([ref], 'y', 1))
      expect(await state()).toMatchObject({ length: 1, pending: 1, lagMs: 5000 })
      await queue.acknowledge(slow)
      expect(await state()).toMatchObject({ length: 0, pending: 0, lagMs: 0, archived: 5 })
      await redis.server.client.xgroup('DESTROY', stream, 'other')
    })

    it('counts what waits where Redis does not know the lag', async () => {
      await publish(120)
      await queue.acknowledge(await queue.take([ref], 'x', 3))
      const ids = await redis.server.client.xrange(stream, '-', '+', 'COUNT', 10)
      await redis.server.client.xdel(stream, ids[8]?.[0] ?? '')
      const [info] = (await redis.server.client.call('XINFO', 'GROUPS', stream)) as unknown[][]
      expect(info?.[(info.indexOf('lag') ?? 0) + 1]).toBeNull()
      expect(await state()).toMatchObject({ length: 117, pending: 0 })
    })

    it('does not count what is archived as dropped', async () => {
      await publish(4)
      await queue.acknowledge(await queue.take([ref], 'x', 3))
      await queue.take([ref], 'x', 1)
      // Of six, three that are archived have to leave, and then one that is taken and one that is not.
      expect(await publish(1, { seconds: 1000, entries: 3 })).toBe(0)
      expect(await publish(2, { seconds: 1000, entries: 3 })).toBe(2)
      expect(await state()).toMatchObject({ length: 3, archived: 3, dropped: 2 })
      expect(await publish(1, { seconds: 0, entries: 3 })).toBe(3)
    })
  })

  it('works behind a prefix of keys', async () => {
    const server = await PrivateRedis.start()
    const client = server.client.duplicate({ keyPrefix: 'p:' })
    const store = openStore(client)
    try {
      const second = { group, interval: { spec: '1s', seconds: 1 } }
      await until(async () => {
        const { status } = await store.rotate(group, second.interval)
        return status === 'rotated'
      })
      const queue = queueOf(store)
      await queue.publish(second, FINAL)
      const [taken] = await queue.take([second], 'x', 10)
      if (taken === undefined) throw new Error('nothing was taken')
      await queue.renew([taken], 'x')
      await queue.reject(taken, 'for a test')
      const [letter] = await queue.deadLetters([second], 10)
      expect(letter && (await queue.replay(letter))).toBe(true)
      await queue.acknowledge(await queue.take([second], 'y', 10))
      await queue.leave([second], 'x', [])
      expect((await queue.state([second]))[0]).toMatchObject({
        length: 0,
        archived: 1,
        rejected: 1,
      })
      expect(await server.client.keys('group*')).toEqual([])
    } finally {
      await store.close()
      client.disconnect()
      await server.close()
    }
  })
})
