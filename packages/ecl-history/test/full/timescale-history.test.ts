import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { silentLogger } from 'ecl-core'
import { type HistoryStore, openHistory, type WindowRange } from 'ecl-history'
import type { PrivatePostgres } from 'ecl-history/testing'
import { blocksOf, readPage } from '../../../../test/markdown.ts'
import { exerciseHistoryStore } from '../exercise-history-store.ts'
import { all, at, closed } from '../history-windows.ts'
import { PostgresUnderTest } from '../postgres-under-test.ts'
import { describeWithTimescale, startTimescale } from '../timescale-under-test.ts'

const HOUR = 3600
const DAY = 86_400
const ON = new AbortController().signal
const KEEP_ALL = new Map<string, number>()
/** Of the steps that are asked for; windows first. */
const LENGTHS = [undefined, 60, HOUR, DAY]

describeWithTimescale('where TimescaleDB is installed', () => {
  exerciseHistoryStore('in TimescaleDB', async () => new PostgresUnderTest(await startTimescale()))
})

describeWithTimescale('a history in TimescaleDB', () => {
  let postgres: PrivatePostgres
  let databases = 0
  let store: HistoryStore

  // Its jobs run when a test says so, and not besides.
  beforeAll(async () => {
    postgres = await startTimescale({ 'timescaledb.max_background_workers': '0' })
  })
  afterAll(() => postgres.close())
  beforeEach(async () => {
    databases++
    await postgres.psql(`CREATE DATABASE test${databases}`)
    await psql('CREATE EXTENSION timescaledb')
    store = openHistory(postgres.url(`test${databases}`), { logger: silentLogger })
  })
  afterEach(() => store.close())

  const psql = (statements: string) => postgres.psql(statements, `test${databases}`)
  const chunksOf = async (table: string) =>
    Number(await psql(`SELECT count(*) FROM show_chunks('ecl_history.${table}')`))

  /** Runs the jobs of all policies of a kind, as the scheduler does. */
  async function runJobs(procedure: string): Promise<number> {
    const found = await psql(
      `SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = '${procedure}'`,
    )
    const ids = found.split('\n')
    for (const id of ids) await psql(`CALL run_job(${id})`)
    return ids.length
  }

  /** When this hour has begun, in seconds since the tests' midnight: policies go by the clock. */
  function thisHour(): number {
    return Math.floor(Date.now() / 1000 / HOUR) * HOUR - at(0)
  }

  /** A midnight, two months ago: a chunk that is not over is not dropped. */
  function longAgo(): number {
    return Math.floor(thisHour() / DAY - 60) * DAY
  }

  it('keeps counts in compressed hypertables, found by itself, and counts that come late in them', async () => {
    const start = longAgo()
    await store.archive([closed(start, { a: 1 }), closed(start + 5, { a: 2 })])
    expect(store.kind).toBe('timescale')
    const hypertables = 'SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1'
    expect(await psql(hypertables)).toBe('counts\nstep_counts')
    await psql("SELECT compress_chunk(c) FROM show_chunks('ecl_history.counts') c")
    await store.archive([closed(start, { a: 7 }, { revision: 2 })])
    await store.maintain(at(start + 30 * DAY), new Map([['5s', DAY]]), ON, { force: true })
    expect(await psql('SELECT DISTINCT n FROM ecl_history.step_counts')).toBe('9')
    expect(await chunksOf('counts')).toBe(0)
  })

  it('has what is older than two weeks compressed by policies of both tables, and says the same', async () => {
    const now = thisHour()
    const range: WindowRange = { group: 'g', interval: '5s', from: at(now - 60 * DAY), to: at(now) }
    const answers = async () => ({
      rows: await Promise.all(
        LENGTHS.flatMap((stepSeconds) => [
          all(store.rows({ ...range, stepSeconds })),
          all(store.rows({ ...range, stepSeconds, events: ['b1'] })),
          all(store.rows({ ...range, stepSeconds, top: 1 })),
        ]),
      ),
      closed: await all(store.closed(range)),
    })
    const starts = [-40, -39, -30, -20, -3, -1].flatMap((day) =>
      [0, 5, HOUR].map((second) => now + day * DAY + second),
    )
    await store.archive(starts.map((start, n) => closed(start, { a: n, [`b${n % 3}`]: 2 * n })))
    await store.maintain(at(now), KEEP_ALL, ON)
    const before = await answers()

    expect(await runJobs('policy_compression')).toBe(2)
    const asDue = `
      SELECT hypertable_name, bool_and(is_compressed = (range_end < now() - interval '14 days')),
        bool_or(is_compressed), bool_and(is_compressed)
      FROM timescaledb_information.chunks GROUP BY 1 ORDER BY 1`
    expect(await psql(asDue)).toBe('counts|t|t|f\nstep_counts|t|t|f')
    expect(await answers()).toEqual(before)

    // What comes late is rolled up once more, into steps that are compressed, too. The first count was 0.
    await store.archive([closed(starts[0] ?? 0, { a: 1000 }, { revision: 2 })])
    await store.maintain(at(now), KEEP_ALL, ON)
    for (const stepSeconds of LENGTHS) {
      const rows = await all(store.rows({ ...range, stepSeconds, events: ['a'] }))
      const sum = rows.reduce((found, row) => found + row.sum, 0n)
      expect([stepSeconds, sum]).toEqual([stepSeconds, 1000n + (17n * 18n) / 2n])
    }
  })

  it('drops no week of which something has not been rolled up, and drops it whole when that is done', async () => {
    const most = 2n ** 63n - 1n
    const keep = new Map([['5s', DAY]])
    const start = longAgo()
    const maintain = () => store.maintain(at(start + 22 * DAY), keep, ON, { force: true })
    // The sum of this minute has no room in a roll-up, so it is read from its windows.
    const minute = [closed(start, { a: most }), closed(start + 5, { a: most })]
    await store.archive([...minute, closed(start + 21 * DAY, { a: 1 })])
    expect(await maintain()).toMatchObject({ removedWindows: 0 })
    expect(await chunksOf('counts')).toBe(2)

    await store.archive([
      closed(start, { a: 1 }, { revision: 2 }),
      closed(start + 5, { a: 2 }, { revision: 2 }),
    ])
    expect(await maintain()).toMatchObject({ removedWindows: 2 })
    expect(await chunksOf('counts')).toBe(1)
    const range = { group: 'g', interval: '5s', from: at(start), to: at(start + 30 * DAY) }
    const days = await all(store.rows({ ...range, stepSeconds: DAY }))
    expect(days.map(({ sum }) => sum)).toEqual([3n, 1n])
  })

  it('keeps a week of which one interval is kept, without the counts of the others', async () => {
    const start = longAgo()
    const other = closed(start, { a: 3 }, { interval: '2m', seconds: 120 })
    await store.archive([closed(start, { a: 1 }), closed(start + 5, { a: 2 }), other])
    const maintain = (...intervals: string[]) => {
      const keep = new Map(intervals.map((interval) => [interval, DAY]))
      return store.maintain(at(start + 30 * DAY), keep, ON, { force: true })
    }
    await maintain('5s')
    expect(await psql('SELECT n FROM ecl_history.counts')).toBe('3')
    await maintain('5s', '2m')
    expect(await chunksOf('counts')).toBe(0)
  })

  describe('with the continuous aggregate of docs/history.md', () => {
    const [making = '', asking = ''] = blocksOf(readPage('docs/history.md'))
      .filter(({ language, text }) => language === 'sql' && text.includes('counts_by_hour'))
      .map(({ text }) => text)
    const range = { group: 'requests', interval: '5s', events: ['error'], stepSeconds: HOUR }
    const window = (start: number, error: number, revision = 1) =>
      closed(start, { error, hit: 7 }, { group: 'requests', revision })

    /** What the page asks, as `START SUM`. */
    const asked = () =>
      psql(`SELECT date_part('epoch', time) || ' ' || n FROM (${asking}) AS of_the_page`)
    /** What the history says. */
    async function told(now: number): Promise<string> {
      const rows = store.rows({ ...range, from: at(now - 30 * DAY), to: at(now) })
      return (await all(rows)).map(({ start, sum }) => `${start} ${sum}`).join('\n')
    }
    async function refreshByPolicy(): Promise<void> {
      // What a refresh finds out beside hours that are new, it may leave to the next one.
      for (let n = 0; n < 2; n++) await runJobs('policy_refresh_continuous_aggregate')
    }

    /** Five days of windows, of which two are kept in the end, and the aggregate. */
    async function begin(): Promise<number> {
      const now = thisHour()
      const starts = Array.from({ length: 120 }, (_, n) => now - (n + 1) * HOUR)
      await store.archive(
        starts.flatMap((start, n) => [window(start, n), window(start + 1800, 1000)]),
      )
      for (const statement of making.split(/;\n/)) await psql(statement)
      return now
    }

    it('says what its own roll-up by the hour says, once it is refreshed, and of what is gone, too', async () => {
      const now = await begin()
      expect(await asked()).toBe(await told(now))
      await store.archive([window(now - 20 * HOUR, 5000, 2)])
      await store.maintain(at(now), KEEP_ALL, ON)
      expect(await asked()).not.toBe(await told(now))
      await refreshByPolicy()
      expect(await asked()).toBe(await told(now))

      await store.maintain(at(now), new Map([['5s', 2 * DAY]]), ON, { force: true })
      await store.archive([window(now - 30 * HOUR, 6000, 2)])
      await refreshByPolicy()
      expect((await asked()).split('\n')).toHaveLength(120)
      expect(await asked()).toBe(await told(now))
    })

    it('loses hours there that somebody refreshes when their windows have been removed', async () => {
      const now = await begin()
      await store.maintain(at(now), new Map([['5s', 2 * DAY + 2700]]), ON, { force: true })
      await psql("CALL refresh_continuous_aggregate('dashboards.counts_by_hour', NULL, NULL)")
      const left = (await asked()).split('\n')
      expect(left).toHaveLength(49)
      // Of the oldest hour, only its second window was there.
      expect(left[0]).toBe(`${at(now - 49 * HOUR)} 1000`)
      expect((await told(now)).split('\n')).toHaveLength(120)
    })
  })
})
