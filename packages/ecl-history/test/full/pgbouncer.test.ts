import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { silentLogger } from 'ecl-core'
import { until } from 'ecl-core/testing'
import { type HistoryStore, openHistory } from 'ecl-history'
import { PrivatePostgres } from 'ecl-history/testing'
import { all, at, closed } from '../history-windows.ts'

const PGBOUNCER = '/usr/sbin/pgbouncer'
const EVER = { group: 'g', interval: '5s', from: at(0), to: at(3600) } as const

describe('a PostgreSQL behind a PgBouncer', () => {
  let postgres: PrivatePostgres
  let bouncer: ChildProcess | undefined
  let stores: HistoryStore[]

  beforeEach(async () => {
    postgres = await PrivatePostgres.start()
    stores = []
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    if (bouncer !== undefined && bouncer.exitCode === null) {
      const ended = once(bouncer, 'exit')
      bouncer.kill('SIGTERM')
      await ended
    }
    bouncer = undefined
    await postgres.close()
  })

  /** Starts one as its package sets it up, but for its mode. @returns the address of the database behind it */
  async function start(mode: string): Promise<string> {
    const { directory } = postgres
    const folder = join(directory, 'bouncer')
    mkdirSync(folder)
    const file = join(folder, 'pgbouncer.ini')
    writeFileSync(
      file,
      `[databases]
postgres = host=${directory} dbname=postgres user=postgres
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${folder}
auth_type = any
pool_mode = ${mode}
default_pool_size = 2
`,
    )
    const isRoot = process.getuid?.() === 0
    // It refuses to work for root.
    if (isRoot) chownSync(folder, statSync(directory).uid, -1)
    bouncer = spawn(PGBOUNCER, [...(isRoot ? ['-u', 'postgres'] : []), file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let log = ''
    bouncer.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    await until(() => /process up/.test(log))
    return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}&port=6432`
  }

  function open(url: string): HistoryStore {
    const store = openHistory(url, { logger: silentLogger })
    stores.push(store)
    return store
  }

  it('is archived into and read in transaction mode, without any setting', async () => {
    const url = await start('transaction')
    const handles = [open(url), open(url), open(url)]
    await Promise.all(
      handles.map(async (store, index) => {
        await store.archive(
          Array.from({ length: 60 }, (_, n) => closed((n * 3 + index) * 5, { a: 1, [`b${n}`]: 2 })),
        )
      }),
    )
    const [store] = handles
    if (store === undefined) throw new Error('bug: no store')
    expect(await store.maintain(at(7200), new Map(), new AbortController().signal)).toMatchObject({
      done: true,
      rolledUp: 15 + 1,
    })
    const [hour] = await all(store.rows({ ...EVER, stepSeconds: 3600, events: ['a'] }))
    expect(hour).toMatchObject({ sum: 180n })
    // Limits go with each transaction, and none stays with a connection that others use, too.
    expect(await all(open(url).windows(EVER))).toHaveLength(180)
  })

  it.each([
    ['transaction', '&options=-c%20work_mem%3D64MB', 'ignore_startup_parameters in pgbouncer.ini'],
    ['statement', '', 'set pool_mode = transaction in pgbouncer.ini'],
  ])(
    'in %s mode with "%s" is refused with the name of the setting',
    async (mode, options, remedy) => {
      const url = await start(mode)
      await expect(open(`${url}${options}`).migrate()).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringMatching(new RegExp(`PgBouncer.*${remedy}.*docs/history\\.md`)),
      })
    },
  )
})
