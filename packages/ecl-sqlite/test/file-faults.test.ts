import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  EventCountLogger,
  openStore,
  type Reading,
  resolveGroups,
  silentLogger,
  systemClock,
} from 'ecl-core'
import { ManualClock, until } from 'ecl-core/testing'
import { StoreFolder } from './store-in-folder.ts'

const GROUPS = { group: { events: ['a'], intervals: ['400000h'] } } as const
const [GROUP] = resolveGroups(GROUPS)
const INTERVAL = GROUP?.intervals[0]

let folder: StoreFolder

beforeEach(() => {
  folder = new StoreFolder()
})
afterEach(() => folder.remove())

function read(store = folder.open()): Promise<Reading> {
  if (GROUP === undefined || INTERVAL === undefined) throw new Error('no group')
  return store.read(GROUP, INTERVAL, 'cur')
}

/** What is in the file, by a store of its own. */
async function counted(store = folder.open()): Promise<bigint | undefined> {
  return (await read(store)).cur?.counts.get('a')
}

describe('a store in a file', () => {
  it.each([
    [
      'of another program',
      () => folder.database().exec('CREATE TABLE t (a)'),
      'is the database of another program; name another file',
    ],
    [
      'of another program that has named itself',
      () => folder.database().exec('PRAGMA application_id = 7'),
      'is the database of another program; name another file',
    ],
    [
      'written by a newer version',
      async () => {
        await read()
        folder.database().exec('PRAGMA user_version = 9')
      },
      'was written by a newer version of Event Count Logger; update this one, or name another file',
    ],
    [
      'that is no database',
      () => writeFileSync(folder.file, 'events: 7\n'.repeat(1000)),
      'is no SQLite file; name another file (file is not a database)',
    ],
    ['that is a folder', () => mkdirSync(folder.file), 'is a folder; name a file in it'],
  ])('refuses one %s, and leaves it as it is', async (_, make, message) => {
    await Promise.resolve(make())
    const before = statSync(folder.file)
    await expect(read()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: `SQLite file ${folder.file}: ${message}`,
    })
    expect(statSync(folder.file).size).toBe(before.size)
    expect(folder.said).toEqual([`SQLite file ${folder.file}: ${message}`])
  })

  it.each([
    [
      'with a trigger',
      'CREATE TRIGGER t AFTER INSERT ON counter BEGIN DELETE FROM counter; END',
      'it has trigger "t"',
    ],
    [
      'with a view in the place of a table',
      `ALTER TABLE counter RENAME TO c;
       CREATE VIEW counter AS SELECT series, generation, event, 7 * n AS n FROM c`,
      'its table "counter" is another one',
    ],
    [
      'with another table in the place of one',
      'DROP TABLE client; CREATE TABLE client (group_name, id, number CHECK (length(zeroblob(number)) < 9))',
      'its table "client" is another one',
    ],
    ['without a table', 'DROP TABLE counter', 'its table "counter" is another one'],
    [
      'with an index of others',
      'CREATE INDEX i ON counter (length(zeroblob(n)))',
      'it has index "i"',
    ],
  ])('refuses one that somebody has put there %s, also while it is open', async (_, sql, found) => {
    const message = `SQLite file ${folder.file}: has been altered by another program, and is not used; put it aside, and a new one is begun (${found})`
    const open = folder.open()
    await read(open)
    folder.database().exec(sql)
    for (const store of [open, folder.open()]) {
      await expect(read(store)).rejects.toMatchObject({ code: 'STORE_REFUSED', message })
    }
  })

  it('has nothing against tables that SQLite adds by itself, and other remarks in the statements', async () => {
    const old = folder.database()
    const sql = readFileSync(new URL('../sql/schema.sql', import.meta.url), 'utf8')
    old.exec(sql.replaceAll('NOT NULL,', 'NOT NULL, -- a remark\n\n'))
    old.exec('PRAGMA application_id = 1701014643; PRAGMA user_version = 1')
    await read()
    old.exec('ANALYZE; VACUUM')
    old.close()
    expect((await read()).current).toBeUndefined()
  })

  it.each([
    [
      'a link',
      (to: string) => symlinkSync(to, folder.file),
      'is a symbolic link; name the file that it leads to',
    ],
    [
      'a pipe',
      () => void execFileSync('mkfifo', [folder.file]),
      'is a device, a pipe or a socket; name another file',
    ],
  ])('refuses %s in its place, and makes nothing where it leads', async (_, make, says) => {
    const target = join(folder.path, 'elsewhere')
    make(target)
    await expect(read()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: `SQLite file ${folder.file}: ${says}`,
    })
    expect(existsSync(target)).toBe(false)
  })

  it('is not made, filled or brought up to date by who only reads', async () => {
    const reader = () => read(folder.open(folder.file, systemClock, { create: false }))
    await expect(reader()).rejects.toThrow(`${folder.file}: there is no such file; check the path`)
    expect(existsSync(folder.file)).toBe(false)
    const old = folder.database()
    await expect(reader()).rejects.toThrow('holds nothing yet')
    old.exec(readFileSync(new URL('../sql/schema.sql', import.meta.url), 'utf8'))
    old.exec('PRAGMA application_id = 1701014643; PRAGMA user_version = 1')
    await expect(reader()).rejects.toThrow('older version of Event Count Logger; start ecl-master')
    expect(old.prepare('PRAGMA user_version').get({})).toEqual({ user_version: 1 })
    old.close()
    await read()
    await expect(reader()).resolves.toBeDefined()
  })

  it('takes over one of the version before, and keeps what is in it', async () => {
    const old = folder.database()
    old.exec(readFileSync(new URL('../sql/schema.sql', import.meta.url), 'utf8'))
    old.exec(`INSERT INTO series (group_name, interval, current, last, generation)
      VALUES ('group', '400000h', 1440000000, 0, 2)`)
    old.exec("INSERT INTO counter VALUES (1, 2, 'a', 41)")
    old.exec('PRAGMA application_id = 1701014643; PRAGMA user_version = 1')
    old.close()
    expect(await counted()).toBe(41n)
    const taken = folder.database()
    expect(taken.prepare('PRAGMA user_version').get({})).toEqual({ user_version: 2 })
    taken.close()
  })

  it('says that its folder is missing', async () => {
    const file = join(folder.path, 'no/counts.db')
    await expect(read(folder.open(file))).rejects.toThrow(
      `SQLite file ${file}: there is no such folder; create it, or check the path`,
    )
  })

  it('begins in an empty file, whose rights others have been given', async () => {
    writeFileSync(folder.file, '')
    chmodSync(folder.file, 0o660)
    await read()
    expect(statSync(`${folder.file}-wal`).mode & 0o777).toBe(0o660)
  })

  it('is opened by several at once when it is new', async () => {
    const stores = Array.from({ length: 6 }, () => folder.open())
    for (let round = 0; round < 30; round++) {
      for (const end of ['', '-wal', '-shm']) rmSync(folder.file + end, { force: true })
      const readings = await Promise.all(stores.map((store) => read(store)))
      expect(readings.map(({ current }) => current)).toEqual(Array.from(stores, () => undefined))
    }
    expect(folder.said).toEqual([])
  })

  it('counts what was logged while another program had it locked, once', async () => {
    const store = folder.open()
    await read(store)
    const other = folder.database()
    other.exec('BEGIN IMMEDIATE')
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
    ecl.getGroup('group').log('a', 3)
    const flushed = ecl.getGroup('group').flush()
    // Reading waits for nobody.
    expect((await read(store)).current).toBeUndefined()
    await new Promise((resolve) => setTimeout(resolve, 200))
    other.exec('COMMIT')
    expect(await flushed).toEqual({ unsentEvents: 0 })
    await ecl.close()
    expect(await counted()).toBe(3n)
    expect(folder.said).toEqual([])
  })

  it('keeps what is logged while it may not be written, and says so once', async () => {
    const store = folder.open()
    await read(store)
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
    const log = () => {
      ecl.getGroup('group').log('a', 2)
      return ecl.getGroup('group').flush({ timeoutMs: 300 })
    }
    expect(await log()).toEqual({ unsentEvents: 0 })
    // Not by access rights: tests may run as root, whom they do not stop.
    const other = folder.database()
    other.exec('PRAGMA user_version = 9')
    const moved = `${folder.file}.new`
    other.exec(`VACUUM INTO '${moved}'`)
    other.exec('PRAGMA user_version = 2')
    other.close()
    const kept = `${folder.file}.kept`
    renameSync(folder.file, kept)
    renameSync(`${folder.file}-wal`, `${kept}-wal`)
    renameSync(moved, folder.file)
    expect(await log()).toEqual({ unsentEvents: 2 })
    expect(await log()).toEqual({ unsentEvents: 4 })
    expect(folder.said).toEqual([expect.stringContaining('was written by a newer version')])
    rmSync(folder.file)
    renameSync(kept, folder.file)
    renameSync(`${kept}-wal`, `${folder.file}-wal`)
    await until(async () => (await ecl.getGroup('group').flush()).unsentEvents === 0)
    await ecl.close()
    expect(await counted()).toBe(6n)
    expect(folder.said.at(-1)).toMatch(/can be used again after \d+\.\d s$/)
  })

  it('goes on in a new file where somebody has removed the old one, with what it still remembers', async () => {
    const store = folder.open()
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
    ecl.getGroup('group').log('a', 2)
    await ecl.getGroup('group').flush()
    for (const end of ['', '-wal', '-shm']) rmSync(`${folder.file}${end}`)
    ecl.getGroup('group').log('a', 3)
    await ecl.getGroup('group').flush()
    await ecl.close()
    expect(await counted()).toBe(5n)
  })

  it('has in the file itself what came before a window was turned over, for a machine that loses power', async () => {
    const groups = { group: { events: ['a'], intervals: ['400000h', '1s'] } } as const
    const [spec] = resolveGroups(groups)
    const second = spec?.intervals[1]
    if (spec === undefined || second === undefined) throw new Error('no group')
    const store = folder.open()
    const ecl = new EventCountLogger(groups, store, { logger: silentLogger })
    ecl.getGroup('group').log('a', 3)
    await ecl.getGroup('group').flush()
    // What stands beside the file is not on disk for sure.
    const inCopy = () => {
      const copy = join(folder.path, 'copy.db')
      copyFileSync(folder.file, copy)
      return counted(folder.open(copy)).finally(() => {
        for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true })
      })
    }
    expect(await inCopy()).not.toBe(3n)
    await until(async () => (await store.rotate(spec, second)).status === 'rotated')
    // A copy of what is being written has half of it. A machine would have the file beside it, which is on disk before that.
    const notYet = (error: unknown) => {
      if (!(error instanceof Error && error.message.includes('is damaged'))) throw error
      return undefined
    }
    await until(async () => (await inCopy().catch(notYet)) === 3n)
    await ecl.close()
  })

  it('says that a file is damaged', async () => {
    await read()
    await folder.remove()
    mkdirSync(folder.path)
    const store = folder.open()
    await read(store)
    await store.close()
    const bytes = Buffer.alloc(statSync(folder.file).size - 4096, 0x5a)
    execFileSync('dd', [`of=${folder.file}`, 'bs=4096', 'seek=1', 'conv=notrunc', 'status=none'], {
      input: bytes,
    })
    copyFileSync(folder.file, `${folder.file}.copy`)
    await expect(read()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('is damaged; put it aside, and a new one is begun'),
    })
  })

  it('asks nothing more of a thread that does not answer, until it does', async () => {
    const clock = new ManualClock()
    const store = folder.open(folder.file, clock)
    if (GROUP === undefined || INTERVAL === undefined) throw new Error('no group')
    await read(store)
    const other = folder.database()
    other.exec('BEGIN IMMEDIATE')
    const rotating = store.rotate(GROUP, INTERVAL).catch((error: unknown) => error)
    await clock.advance(5000)
    const stuck = `SQLite file ${folder.file}: no answer within 5 s; is its disk stuck?`
    expect(await rotating).toMatchObject({ code: 'STORE_UNAVAILABLE', message: stuck })
    await expect(read(store)).rejects.toThrow(stuck)
    expect(store.connected).toBe(false)
    other.exec('COMMIT')
    other.close()
    await until(() =>
      read(store).then(
        ({ current }) => current !== undefined,
        () => false,
      ),
    )
    expect(store.connected).toBe(true)
    expect(folder.said).toEqual([stuck, expect.stringContaining('can be used again after')])
  })

  it('rejects what is asked of it when it is closed', async () => {
    const store = openStore(`sqlite:${folder.file}`)
    await expect(read(folder.open())).resolves.toBeDefined()
    await store.close()
    await store.close()
    await expect(store.warnings()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
