import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type EpochSeconds, silentLogger, type WindowQueue } from 'ecl-core'
import {
  FIVE_SECONDS,
  groupSpec,
  HandClient,
  ManualTimeRedis,
  NOON,
  TcpProxy,
  until,
} from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import { PrivatePostgres } from 'ecl-history/testing'
import { Archiver } from '../../src/archive/archiver.ts'

/** A lease that is no longer renewed, and the time until its holder is taken for dead. */
const TAKEN_OVER_MS = 120_000
const TIMEOUT_MS = 200_000
const BOUNDS = { seconds: 1_000_000, entries: 1000 }

describe('a connection to PostgreSQL whose other end has gone without a word', () => {
  let closing: (() => unknown)[]
  let postgres: PrivatePostgres
  let proxy: TcpProxy

  beforeEach(async () => {
    closing = []
    postgres = await PrivatePostgres.start()
    closing.push(() => postgres.close())
    proxy = await TcpProxy.start({ path: join(postgres.directory, '.s.PGSQL.5432') })
    closing.push(() => proxy.close())
  })
  afterEach(async () => {
    proxy.heal()
    for (const close of closing.reverse()) await close()
  })

  function open(url: string): HistoryStore {
    const store = openHistory(url, { logger: silentLogger })
    closing.push(() => store.close())
    return store
  }
  const throughProxy = () => open(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`)

  it(
    'ends what waits for it after a while, a new one soon, and is made anew when it is back',
    async () => {
      const store = throughProxy()
      await store.migrate()
      proxy.silence(true)
      const away = {
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('cannot be reached'),
      }
      const sinceMs = performance.now()
      // Begins on the connection that it has.
      const waiting = store.series().catch((caught: unknown) => caught)
      await expect(throughProxy().series()).rejects.toMatchObject(away)
      expect(performance.now() - sinceMs).toBeLessThan(30_000)
      expect(await waiting).toMatchObject(away)
      proxy.silence(false)
      expect(await store.series()).toEqual([])
    },
    TIMEOUT_MS,
  )

  it(
    'holds no window back from an archiver that has a healthy one',
    async () => {
      const redis = await ManualTimeRedis.start()
      closing.push(() => redis.close())
      const ref = { group: groupSpec(), interval: FIVE_SECONDS }
      const queueOf = (): WindowQueue => {
        const { history } = redis.open()
        if (history === undefined) throw new Error('the store has no queue')
        return history
      }
      const start = (history: HistoryStore) => {
        const shared = { windows: [ref], history, logger: silentLogger }
        const archiver = new Archiver({ queue: queueOf(), ...shared })
        closing.push(() => archiver.stop())
        archiver.start()
      }
      const queue = queueOf()
      const stateOf = async () => (await queue.state([ref]))[0]
      await redis.setTime((NOON + 1) * 1000)
      const counters = redis.open()
      const client = new HandClient(counters, ref.group)
      await client.register()
      const publish = async (window: number) => {
        await client.send(NOON + window * 5, { a: window + 1 })
        await redis.setTime((NOON + window * 5 + 5) * 1000)
        await counters.rotate(ref.group, ref.interval)
        await queue.publish(ref, { final: true, bounds: BOUNDS })
      }

      const stuck = throughProxy()
      await stuck.migrate()
      start(stuck)
      await publish(0)
      await until(async () => (await stateOf())?.archived === 1)
      proxy.silence(true)
      await publish(1)
      await until(async () => (await stateOf())?.pending === 1)

      const healthy = open(postgres.url())
      start(healthy)
      await until(async () => (await stateOf())?.archived === 2, TAKEN_OVER_MS)
      const { group, interval } = ref
      const range = { from: NOON as EpochSeconds, to: (NOON + 60) as EpochSeconds }
      const sums: bigint[] = []
      const query = { group: group.name, interval: interval.spec, ...range }
      for await (const { sum } of healthy.rows(query)) sums.push(sum)
      expect(sums).toEqual([1n, 2n])
    },
    TIMEOUT_MS,
  )
})
