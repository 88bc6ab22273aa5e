import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type HistoryStore, openHistory } from 'ecl-history'
import { type Database, loadDriver } from 'ecl-sqlite/file'
import { all, at, closed } from './history-windows.ts'

const EVER = { group: 'g', interval: '5s', from: at(0), to: at(3600) } as const

let folder: string
let file: string
let store: HistoryStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  file = join(folder, 'history.db')
  store = openHistory(`sqlite:${file}`)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Opens the file as any program can that knows SQLite. */
function database(): Database {
  const { DatabaseSync } = loadDriver()
  return new DatabaseSync(file)
}

describe('a history in an SQLite file', () => {
  it('has its tables made once, and says of which version they were', async () => {
    const { from, to } = await store.migrate()
    expect(from).toBe(0)
    expect(await store.migrate()).toEqual({ from: to, to })
    const other = openHistory(`sqlite:${file}`)
    expect(await other.migrate()).toEqual({ from: to, to })
    await other.close()
  })

  it('is told by roll-ups when windows began that a program of version 1 has removed', async () => {
    await store.archive([closed(7200, { a: 1 }), closed(7205, { a: 1 }), closed(86_400, { a: 1 })])
    const keep = new Map([['5s', 60]])
    const on = new AbortController().signal
    await store.maintain(at(3 * 86_400), keep, on, { force: true })
    expect(await store.series()).toMatchObject([{ first: at(7200), last: at(86_400) }])
    await store.close()
    database().exec(
      'ALTER TABLE series DROP COLUMN first; ALTER TABLE series DROP COLUMN last; PRAGMA user_version = 1',
    )
    store = openHistory(`sqlite:${file}`)
    await store.migrate()
    // The day of the first one, and the end of the day of the last one.
    expect(await store.series()).toMatchObject([{ first: at(0), last: at(2 * 86_400 - 5) }])
  })

  it.each<[string, () => Promise<void> | void, string]>([
    [
      'of another program',
      () => database().exec('CREATE TABLE t (a)'),
      'is the database of another program; name another file',
    ],
    [
      'of counts',
      () => database().exec('PRAGMA application_id = 0x65636c73'),
      'is the database of another program; name another file',
    ],
    [
      'that a newer version has written',
      async () => {
        await store.migrate()
        await store.close()
        database().exec('PRAGMA user_version = 9')
      },
      'was written by a newer version of Event Count Logger; update this one, or name another file',
    ],
    [
      'that is no database',
      () => writeFileSync(file, 'events: 7\n'.repeat(1000)),
      'is no SQLite file; name another file (file is not a database)',
    ],
    ['that is a folder', () => mkdirSync(file), 'is a folder; name a file in it'],
  ])('refuses one %s', async (_, make, message) => {
    await make()
    const other = openHistory(`sqlite:${file}`)
    await expect(other.archive([closed(0, { a: 1 })])).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: `history in the SQLite file ${file}: ${message}`,
    })
    await other.close()
  })

  it('archives what came while another program had it locked', async () => {
    await store.archive([closed(0, { a: 1 })])
    const other = database()
    other.exec('BEGIN IMMEDIATE')
    const archived = store.archive([closed(5, { a: 2 })])
    // Reading waits for nobody.
    expect(await all(store.rows(EVER))).toHaveLength(1)
    other.exec('COMMIT')
    other.close()
    await archived
    expect(await all(store.rows(EVER))).toHaveLength(2)
  })

  it('goes on in a new file where somebody has removed the old one', async () => {
    await store.archive([closed(0, { a: 1, b: 2 })])
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`)
    await store.archive([closed(5, { b: 3 })])
    expect(await all(store.rows(EVER))).toMatchObject([{ event: 'b', sum: 3n }])
  })

  it('knows events by the numbers that they have after a backup has been put back', async () => {
    await store.archive([closed(0, { a: 1 })])
    const backup = `${file}.backup`
    database().exec(`VACUUM INTO '${backup}'`)
    await store.archive([closed(5, { b: 2 })])
    // As sqlite3's ".restore" does: the file stays the same one.
    const other = database()
    other.exec(`ATTACH '${backup}' AS backup; DELETE FROM events; DELETE FROM counts; DELETE FROM windows;
      INSERT INTO events SELECT * FROM backup.events; INSERT INTO counts SELECT * FROM backup.counts;
      INSERT INTO windows SELECT * FROM backup.windows`)
    other.close()
    await store.archive([closed(10, { c: 3, b: 4 })])
    const rows = await all(store.rows(EVER))
    expect(rows.map(({ event, sum }) => `${event} ${sum}`)).toEqual(['a 1', 'b 4', 'c 3'])
  })

  it('lets one do the maintenance at a time, and another when that is dead', async () => {
    await store.archive([closed(0, { a: 1 })])
    const holder = (untilMs: number) =>
      database().exec(`INSERT OR REPLACE INTO maintenance VALUES (1, 'other', ${untilMs})`)
    const maintain = () => store.maintain(at(86_400), new Map(), new AbortController().signal)
    holder(Date.now() + 60_000)
    expect(await maintain()).toMatchObject({ done: false, rolledUp: 0, removedWindows: 0 })
    holder(Date.now() - 1)
    expect(await maintain()).toMatchObject({ done: true, rolledUp: 3, removedWindows: 0 })
  })

  it('rejects what is asked of it when it is closed', async () => {
    await store.archive([closed(0, { a: 1 })])
    await store.close()
    await store.close()
    await expect(store.series()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(all(store.rows(EVER))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('openHistory', () => {
  it.each(['', 'sqlite:', 'redis://localhost', 'history.db'])('refuses "%s"', (name) => {
    expect(() => openHistory(name)).toThrow(
      `history.store: "${name}" is no history; write sqlite:PATH or postgres://USER@HOST/DATABASE`,
    )
  })

  it('says that a URL is none, and not what is in it', () => {
    expect(() => openHistory('postgres://ecl:100%sure@host/db')).toThrow(
      /^history\.store: is not a valid URL; .* special characters of a password as %XX$/,
    )
  })

  it('does not say a password', () => {
    expect(() => openHistory('mysql://user:secret@host/db')).toThrow('"mysql://user:***@host/db"')
  })
})
