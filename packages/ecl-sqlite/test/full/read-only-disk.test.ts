import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { EventCountLogger, resolveGroups, silentLogger } from 'ecl-core'
import type { SqliteStore } from '../../src/sqlite-store.ts'
import { StoreFolder } from '../store-in-folder.ts'
import { asRoot } from './as-root.ts'

const GROUPS = { group: { events: ['a'], intervals: ['10000h'] } } as const

let folder: StoreFolder
/** The same file by a path where it may be read only, which stops root, too. */
let readOnly: string

beforeEach(() => {
  folder = new StoreFolder()
  const mounted = join(folder.path, 'mounted')
  readOnly = join(mounted, basename(folder.file))
  mkdirSync(mounted)
  asRoot('mount', '--bind', folder.path, mounted)
  asRoot('mount', '-o', 'remount,bind,ro', mounted)
})
afterEach(async () => {
  asRoot('umount', '-l', join(folder.path, 'mounted'))
  await folder.remove()
})

async function countedBy(store: SqliteStore): Promise<bigint | undefined> {
  const [spec] = resolveGroups(GROUPS)
  const interval = spec?.intervals[0]
  if (spec === undefined || interval === undefined) throw new Error('no group')
  return (await store.read(spec, interval, 'cur')).cur?.counts.get('a')
}

/** Counts, and leaves nothing open. */
async function count(n: number): Promise<void> {
  const ecl = new EventCountLogger(GROUPS, `sqlite:${folder.file}`, { logger: silentLogger })
  ecl.getGroup('group').log('a', n)
  expect(await ecl.close()).toEqual({ unsentEvents: 0 })
}

it('keeps what is logged while the disk is read-only, says so once, and counts it afterwards', async () => {
  await count(3)
  const store = folder.open(readOnly)
  const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
  const group = ecl.getGroup('group')
  for (let n = 1; n <= 3; n++) {
    group.log('a')
    expect(await group.flush({ timeoutMs: 300 })).toEqual({ unsentEvents: n })
  }
  expect(folder.said).toEqual([
    expect.stringMatching(/: may not be written, .*; check .* whether the disk is read-only$/),
  ])
  asRoot('mount', '-o', 'remount,bind,rw', join(folder.path, 'mounted'))
  expect(await group.flush()).toEqual({ unsentEvents: 0 })
  expect(folder.said.at(-1)).toMatch(/can be used again after \d+\.\d s$/)
  await ecl.close()
  expect(await countedBy(folder.open())).toBe(6n)
})

it('is read by who may not write while one who may is there, and says so where none is', async () => {
  await count(3)
  const reader = folder.open(readOnly)
  await expect(countedBy(reader)).rejects.toMatchObject({
    code: 'STORE_REFUSED',
    message: expect.stringMatching(/: may not be written, .* only while a program that may is/),
  })
  expect(await countedBy(folder.open())).toBe(3n)
  expect(await countedBy(reader)).toBe(3n)
})
