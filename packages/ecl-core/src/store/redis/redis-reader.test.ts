import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../clock.ts'
import { exerciseCounterStore } from '../../testing/exercise-counter-store.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from '../../testing/hand-client.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'
import { readScript } from './lua-scripts.generated.ts'
import { readWindows } from './redis-reader.ts'

// As in servers before 7.0.
exerciseCounterStore(
  { describe, it, beforeAll, beforeEach, afterAll },
  'RedisStore without EVAL_RO',
  () =>
    ManualTimeRedis.start({
      args: ['--rename-command', 'EVAL_RO', '', '--rename-command', 'EVALSHA_RO', ''],
    }),
  'keys',
)

describe('reading a window', () => {
  const group = groupSpec({ dynamic: true })
  let redis: ManualTimeRedis
  beforeEach(async () => {
    redis = await ManualTimeRedis.start()
    await redis.setTime((NOON + 1) * 1000)
  })
  afterEach(() => redis.close())

  /** Reads what a client has counted, and how: by how many scripts, lists of names, and MULTIs. */
  async function readCounted(counts: Record<string, number>) {
    const store = redis.open()
    const client = new HandClient(store, group)
    await client.register()
    for (let first = 0; first < Object.keys(counts).length; first += 1000) {
      await client.send(NOON, Object.fromEntries(Object.entries(counts).slice(first, first + 1000)))
    }
    await redis.server.client.config('RESETSTAT')
    const { cur } = await store.read(group, FIVE_SECONDS, 'cur')
    const calls = await redis.server.client.info('commandstats')
    const callsOf = (name: string) =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(calls)?.[1] ?? 0)
    return {
      counts: Object.fromEntries(Array.from(cur?.counts ?? [], ([event, n]) => [event, Number(n)])),
      scripts: callsOf('eval_ro'),
      lists: callsOf('smembers'),
      multis: callsOf('exec'),
    }
  }

  it('takes one script, whatever letters names have', async () => {
    const names = [
      '"',
      '\\',
      '/',
      '{}',
      '[1,2]',
      'událost ☂',
      '𝄞',
      '\\u0041',
      'null',
      'x'.repeat(9999),
    ]
    const counts = Object.fromEntries(names.map((name, n) => [name, n + 1]))
    expect(await readCounted(counts)).toEqual({
      counts: { ...counts, a: 0, b: 0 },
      ...{ scripts: 1, lists: 1, multis: 0 },
    })
  })

  it('shows what another program has put there, letters that we refuse and all', async () => {
    await redis.server.client.sadd('group:5s:cur:@ids', 'new\nline', 'tab\t', '\u0000')
    await redis.server.client.mset('group:5s:cur:new\nline', '3', 'group:5s:cur:\u0000', '-4')
    const { counts } = await readCounted({ a: 1 })
    expect(counts).toEqual({ a: 1, b: 0, 'new\nline': 3, '\u0000': -4 })
  })

  it('is done in steps where there are so many events that a script would block the server', async () => {
    const counts = Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [`e${n}`, n + 1]))
    expect(await readCounted(counts)).toEqual({
      counts: { ...counts, a: 0, b: 0 },
      ...{ scripts: 1, lists: 1, multis: 2 },
    })
  })

  it.each(['scard', 'smembers', 'hscan', 'mget'])(
    'is refused where a user may not %s, rather than show less than there is',
    async (command) => {
      const store = redis.open()
      await redis.server.client.call('ACL', 'SETUSER', 'default', `-${command}`)
      const reading = store.read(group, FIVE_SECONDS, 'cur', { completeness: true })
      await expect(reading).rejects.toMatchObject({ code: 'STORE_REFUSED' })
    },
  )

  it('is done in steps where a user may not run scripts', async () => {
    await redis.server.client.call('ACL', 'SETUSER', 'default', '-eval_ro')
    expect(await readCounted({ x: 2 })).toEqual({
      counts: { a: 0, b: 0, x: 2 },
      ...{ scripts: 0, lists: 1, multis: 2 },
    })
  })

  it.each([1, 4, 100])(
    'in steps sees a batch whole or not at all, %d of which come in between',
    async (batches) => {
      await redis.server.client.call('ACL', 'SETUSER', 'default', '-eval_ro')
      const { client: connection } = redis.server
      await connection.mset('group:5s:cur:@ts', NOON, 'group:5s:cur:@by', NOON)
      let sent = 0
      const send = () => {
        const events = [`e${sent}`, `f${sent}`]
        const batch = connection.multi().sadd('group:5s:cur:@ids', ...events)
        for (const event of events) batch.incrby(`group:5s:cur:${event}`, 1)
        void batch.exec()
      }
      // On the same connection, so that a batch comes between the index and what it names.
      const meanwhile = new Proxy(connection, {
        get(target, name) {
          if (name === 'multi' && sent++ < batches) send()
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
      const context = {
        keyPrefix: '',
        timeCommand: ['TIME'],
        readScript,
        answered: () => undefined,
        clock: systemClock,
      } as const
      const reading = readWindows(meanwhile, context, group, FIVE_SECONDS, 'cur')
      if (batches > 5) {
        await expect(reading).rejects.toMatchObject({ code: 'READ_CONTENDED' })
        return
      }
      const seen = Object.entries(Object.fromEntries((await reading).cur?.counts ?? []))
      expect(seen.filter(([, n]) => n > 0n)).toHaveLength(2 * batches)
    },
  )
})
