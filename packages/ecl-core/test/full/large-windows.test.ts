import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CounterStore } from '../../src/store/counter-store.ts'
import { groupSpec, HandClient, NOON } from '../../src/testing/hand-client.ts'
import { ManualTimeRedis } from '../../src/testing/manual-time-redis.ts'

const EVENTS = 1_000_000
const HOUR = { spec: '1h', seconds: 3600 }
const group = groupSpec({ events: [], dynamic: true, layout: 'hash', intervals: [HOUR] })
/** What a goal of some milliseconds may take on a machine that has other things to do. */
const BUSY_MS = 50

describe('a window of a million events in a hash', () => {
  let redis: ManualTimeRedis
  let store: CounterStore

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
    store = redis.open()
    await redis.setTime((NOON + 1) * 1000)
    const client = new HandClient(store, group)
    await client.register()
    for (let first = 0; first < EVENTS; first += 1000) {
      const names = Array.from({ length: 1000 }, (_, index) => [`event-${first + index}`, 1])
      await client.send(NOON, Object.fromEntries(names))
    }
    await redis.server.client.config('SET', 'slowlog-log-slower-than', '0')
    await redis.server.client.config('SET', 'slowlog-max-len', '10000')
  }, 600_000)
  afterAll(() => redis?.close())

  /** How long each call of some commands has kept the server from others, ms, in order; forgets all calls. */
  const tookMs = async (...commands: readonly string[]): Promise<number[]> => {
    const log = (await redis.server.client.call('SLOWLOG', 'GET', '-1')) as [
      number,
      number,
      number,
      string[],
    ][]
    await redis.server.client.call('SLOWLOG', 'RESET')
    const calls = log.filter(([, , , words]) => commands.includes(words[0]?.toLowerCase() ?? ''))
    return calls.map(([, , microseconds]) => microseconds / 1000).sort((a, b) => a - b)
  }
  const say = (what: string) => process.stderr.write(`large windows: ${what}\n`)

  it.each([1, 2])(
    'is turned over at once: %i',
    async (hours) => {
      await redis.setTime((NOON + hours * 3600) * 1000)
      await tookMs()
      const events = hours === 1 ? EVENTS : 0
      expect(await store.rotate(group, HOUR)).toMatchObject({ status: 'rotated', events })
      // The server may not know the script yet.
      const [ms = 0] = (await tookMs('evalsha', 'eval')).slice(-1)
      say(`${hours === 1 ? 'moved' : 'removed'} in ${ms} ms`)
      expect(ms).toBeLessThan(BUSY_MS)
      if (hours === 2) return
      const startedMs = performance.now()
      const { last } = await store.read(group, HOUR, 'last', { completeness: true })
      const readMs = Math.round(performance.now() - startedMs)
      expect(last?.counts.size).toBe(EVENTS)
      const steps = await tookMs('hscan')
      const median = steps[steps.length >> 1] ?? 0
      say(
        `read in ${readMs} ms, ${steps.length} steps of ${median} ms (median), ${steps.at(-1)} ms at most`,
      )
      expect(median).toBeLessThan(BUSY_MS)
    },
    120_000,
  )
})
