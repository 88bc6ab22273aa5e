import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { silentLogger } from 'ecl-core'
import { until } from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import { PrivatePostgres } from 'ecl-history/testing'
import { all, at, closed } from '../history-windows.ts'

const EVER = { group: 'g', interval: '5s', from: at(0), to: at(3600) } as const

let postgres: PrivatePostgres
let store: HistoryStore
let others: HistoryStore[] = []
let databases = 0
let database: string

function open(url = postgres.url(database)): HistoryStore {
  const opened = openHistory(url, { logger: silentLogger })
  others.push(opened)
  return opened
}

beforeAll(async () => {
  postgres = await PrivatePostgres.start()
})
afterAll(() => postgres.close())
beforeEach(async () => {
  await Promise.all(others.map((other) => other.close()))
  others = []
  databases++
  database = `test${databases}`
  await postgres.psql(`CREATE DATABASE ${database}`)
  store = open()
})
afterAll(() => Promise.all(others.map((other) => other.close())))

/** Makes the tables what they were in version 1. */
const TO_VERSION_1 = `ALTER TABLE ecl_history.events DROP CONSTRAINT events_name_key, ADD UNIQUE (name);
  ALTER TABLE ecl_history.series DROP COLUMN first, DROP COLUMN last;
  DELETE FROM ecl_history.schema_versions WHERE version > 1`

describe('a history in PostgreSQL', () => {
  it('has its tables made once by several at once, and says of which version they were', async () => {
    const migrations = await Promise.all([open(), open(), open()].map((one) => one.migrate()))
    expect(migrations.filter(({ from }) => from === 0)).toHaveLength(1)
    const [to] = migrations.map((one) => one.to)
    expect(await store.migrate()).toEqual({ from: to, to })
    expect(store.kind).toBe('postgres')
  })

  it('makes no tables for who only reads, and says what makes them', async () => {
    const readings = [
      () => store.series(),
      () => all(store.rows(EVER)),
      () => all(store.windows(EVER)),
      () => all(store.closed(EVER)),
      () => store.maintain(at(0), new Map(), new AbortController().signal),
    ]
    for (const reading of readings) {
      await expect(reading()).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringMatching(
          /it has no tables of a history; .*run "ecl-history CONFIG migrate"/,
        ),
      })
    }
    expect(await postgres.psql("SELECT to_regnamespace('ecl_history') IS NULL", database)).toBe('t')
    await store.archive([closed(0, { a: 1 })])
    expect(await all(store.rows(EVER))).toHaveLength(1)
  })

  it('changes no tables of an older program for who only reads', async () => {
    await store.migrate()
    const versions = 'ecl_history.schema_versions'
    await postgres.psql(`DELETE FROM ${versions} WHERE version > 0`, database)
    await postgres.psql(`INSERT INTO ${versions} VALUES (0)`, database)
    await expect(open().series()).rejects.toMatchObject({ code: 'STORE_REFUSED' })
    expect(await postgres.psql(`SELECT max(version) FROM ${versions}`, database)).toBe('0')
  })

  it('migrates for as long as it takes, also where another one is at it', async () => {
    const impatient = encodeURIComponent('-c statement_timeout=1000 -c lock_timeout=1000')
    const migrating = open(`${postgres.url(database)}&options=${impatient}`)
    const other = postgres.psql(
      'BEGIN; SELECT pg_advisory_xact_lock(1701014632); SELECT pg_sleep(7); COMMIT',
      database,
    )
    const locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    await until(async () => (await postgres.psql(locks)) !== '0')
    expect((await migrating.migrate()).from).toBe(0)
    await other
  })

  it('refuses tables that a newer program has made, and leaves them as they are', async () => {
    await store.migrate()
    await postgres.psql('INSERT INTO ecl_history.schema_versions VALUES (9)', database)
    await expect(open().archive([closed(0, { a: 1 })])).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(
        /its tables are of version 9, which a newer program has made.*update it$/,
      ),
    })
    expect(await postgres.psql('SELECT count(*) FROM ecl_history.windows', database)).toBe('0')
  })

  it.each([
    [
      'a database that is not there',
      () => postgres.url('nowhere'),
      'there is no such database; create it',
    ],
    [
      'a user that is not there',
      () => postgres.url(database, 'nobody'),
      'refuses user or password',
    ],
  ])('says what to do about %s', async (_, url, message) => {
    await expect(open(url()).series()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining(message),
    })
  })

  it.each(['LATIN1', 'SQL_ASCII'])(
    'refuses a database of the encoding %s before anything is in it',
    async (encoding) => {
      const name = `of_${encoding.toLowerCase()}`
      await postgres.psql(
        `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`,
      )
      for (const work of [
        (one: HistoryStore) => one.migrate(),
        (one: HistoryStore) => one.archive([closed(0, { 'é€': 1 })]),
        (one: HistoryStore) => one.series(),
      ]) {
        await expect(work(open(postgres.url(name)))).rejects.toMatchObject({
          code: 'STORE_REFUSED',
          message: expect.stringMatching(
            new RegExp(`its encoding is ${encoding}, .*createdb --encoding=UTF8`),
          ),
        })
      }
      expect(await postgres.psql("SELECT to_regnamespace('ecl_history') IS NULL", name)).toBe('t')
    },
  )

  it('says that the password is wrong, and not what it is', async () => {
    await postgres.psql("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    await postgres.demandPassword('guarded')
    for (const url of [
      postgres.url(database, 'guarded:wrong'),
      postgres.url(database, 'guarded:p@wrong!'),
      `${postgres.url(database, 'guarded')}&password=wrong`,
    ]) {
      const error = await open(url)
        .series()
        .catch((caught: unknown) => caught)
      expect(error).toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringMatching(/postgres:\/\/guarded(:\*\*\*)?@.*refuses user or password/),
      })
      expect(inspect(error, { depth: 10 })).not.toContain('wrong')
    }
  })

  it('says what its user may not do, and lets one read who may do no more', async () => {
    await postgres.psql('CREATE ROLE guest LOGIN', database)
    const guest = open(postgres.url(database, 'guest'))
    await expect(guest.migrate()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('whoever is to make it needs CREATE on the database'),
    })
    await store.archive([closed(0, { a: 1 })])
    await postgres.psql(
      'GRANT USAGE ON SCHEMA ecl_history TO guest; GRANT SELECT ON ALL TABLES IN SCHEMA ecl_history TO guest',
      database,
    )
    expect(await all(guest.rows(EVER))).toHaveLength(1)
    await expect(guest.archive([closed(5, { a: 1 })])).rejects.toMatchObject({
      code: 'STORE_REFUSED',
    })
  })

  it('says that it may only be read, as a standby may', async () => {
    await store.archive([closed(0, { a: 1 })])
    await postgres.psql(`ALTER DATABASE ${database} SET default_transaction_read_only = on`)
    const standby = open()
    expect(await all(standby.rows(EVER))).toHaveLength(1)
    await expect(standby.archive([closed(5, { a: 1 })])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('name the primary server, not a standby'),
    })
  })

  it('takes names of any length in tables that were made for short ones', async () => {
    const { to } = await store.migrate()
    await postgres.psql(TO_VERSION_1, database)
    await postgres.psql("INSERT INTO ecl_history.events (name) VALUES ('a')", database)
    const newer = open()
    expect(await newer.migrate()).toEqual({ from: 1, to })
    const long = Array.from({ length: 4000 }, (_, n) => (n * n * 7919).toString(36)).join('')
    expect(await newer.archive([closed(0, { [long]: 1, a: 2 })])).toEqual({ expired: 0 })
    const found = await all(newer.rows(EVER))
    expect(new Set(found.map(({ sum }) => Number(sum)))).toEqual(new Set([1, 2]))
    const names = 'SELECT count(*), count(DISTINCT name) FROM ecl_history.events'
    expect(await postgres.psql(names, database)).toBe('2|2')
  })

  it('is told by roll-ups when windows began that a program of version 1 has removed', async () => {
    await store.archive([closed(7200, { a: 1 }), closed(7205, { a: 1 }), closed(86_400, { a: 1 })])
    const { signal } = new AbortController()
    await store.maintain(at(3 * 86_400), new Map([['5s', 60]]), signal, { force: true })
    expect(await store.series()).toMatchObject([{ first: at(7200), last: at(86_400) }])
    await postgres.psql(TO_VERSION_1, database)
    const newer = open()
    await newer.migrate()
    // The day of the first one, and the end of the day of the last one.
    expect(await newer.series()).toMatchObject([{ first: at(0), last: at(2 * 86_400 - 5) }])
  })

  it('makes parts for windows of any time, and drops those of which nothing is kept', async () => {
    const weeks = [0, 1, 2, 9].map((week) => closed(week * 604_800, { a: 1 }))
    await store.archive(weeks)
    const parts = () =>
      postgres.psql(
        "SELECT relname FROM pg_class WHERE relname ~ '^counts_\\d+$' ORDER BY 1",
        database,
      )
    expect((await parts()).split('\n')).toHaveLength(4)
    const { signal } = new AbortController()
    const keep = new Map([['5s', 3600]])
    const now = at(9 * 604_800 + 86_400 * 2)
    const round = await store.maintain(now, keep, signal, { force: true })
    expect(round).toMatchObject({ done: true, removedWindows: 4 })
    expect((await parts()).split('\n')).toHaveLength(1)
    // The week of a part that is gone can come again.
    await store.archive([closed(9 * 604_800 + 86_400 * 2, { a: 1 })])
    expect(
      await all(store.rows({ ...EVER, to: at(10 * 604_800), stepSeconds: 86_400 })),
    ).toHaveLength(5)
  })

  it('rejects while the server is away, and goes on when it is back', async () => {
    await store.archive([closed(0, { a: 1 })])
    await postgres.kill()
    await expect(store.archive([closed(5, { a: 2 })])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('cannot be reached; is it running'),
    })
    await expect(all(store.rows(EVER))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await postgres.start()
    await store.archive([closed(5, { a: 2 })])
    expect((await all(store.rows(EVER))).map(({ sum }) => sum)).toEqual([1n, 2n])
  })

  it('keeps what two write into one window while each waits for the other, to the unit', async () => {
    const handles = [store, open(), open()]
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const starts = Array.from({ length: 5 }, (_each, k) => ((n + k * 7) % 12) * 5)
        const order = n % 2 === 0 ? starts : starts.reverse()
        const batch = order.map((start) => closed(start, { [`r${n % 4}`]: 1 }, { revision: n % 4 }))
        return handles[n % 3]?.archive(batch)
      }),
    )
    await store.maintain(at(7200), new Map(), new AbortController().signal)
    const windows = await all(store.windows(EVER))
    expect(windows.map(({ revision }) => revision)).toEqual(Array(12).fill(3))
    const [minute] = await all(store.rows({ ...EVER, stepSeconds: 60 }))
    expect(minute).toMatchObject({ event: 'r3', sum: 12n })
  })

  it('rejects what is asked of it when it is closed', async () => {
    await store.close()
    await store.close()
    await expect(store.series()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
