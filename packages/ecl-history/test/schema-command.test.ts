import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { loadDriver } from 'ecl-sqlite/file'
import { ndjsonLine } from '../src/transfer/ndjson.ts'
import { run } from './history-process.ts'
import { closed } from './history-windows.ts'

/** All that reads a history, or works on one that has to be there. */
const READERS: readonly (readonly [name: string, ...args: string[]])[] = [
  ['a question', '-g', 'g', '--since', '1d'],
  ['gaps', 'gaps'],
  ['verify', 'verify'],
  ['export', 'export'],
  ['import', 'import'],
  ['prune', 'prune'],
]

describe('the tables of a history', () => {
  let folder: string
  let config: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
    config = join(folder, 'ecl.yml')
    file = join(folder, 'history.db')
    writeFileSync(
      config,
      'store: sqlite:counts.db\nhistory: {store: "sqlite:history.db"}\ngroups: {g: {events: [a], intervals: [5s]}}\n',
    )
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const withInput = (args: readonly string[]) =>
    args[0] === 'import' ? [...args, join(folder, 'windows')] : args

  it.each(READERS)('are not made by %s, which says what makes them', async (_, ...args) => {
    writeFileSync(join(folder, 'windows'), ndjsonLine(closed(0, { a: 1 })))
    expect(await run(config, ...withInput(args))).toEqual({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        /history\.db: there is no such file; .*run "ecl-history CONFIG migrate"/,
      ),
    })
    expect(existsSync(file)).toBe(false)
  })

  it.each(READERS)(
    'are not changed by %s where an older program has made them',
    async (_, ...args) => {
      writeFileSync(join(folder, 'windows'), ndjsonLine(closed(0, { a: 1 })))
      const { DatabaseSync } = loadDriver()
      const database = new DatabaseSync(file)
      // Of a history, and of the version before the first.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA application_id = 0x65636c68')
      database.close()
      const before = readFileSync(file)
      expect(await run(config, ...withInput(args))).toEqual({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(
          /history\.db: holds nothing yet; .*run "ecl-history CONFIG migrate"/,
        ),
      })
      expect(readFileSync(file).equals(before)).toBe(true)
    },
  )

  it('are made by migrate, and nothing is in them', async () => {
    expect(await run(config, 'migrate')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^the tables are now of version \d+, before of 0\n$/),
    })
    expect(await run(config, '-g', 'g', '--since', '1d')).toMatchObject({ code: 0, stdout: '' })
    expect(await run(config, 'export')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('are made by archive', async () => {
    expect((await run(config, 'archive', '--once')).code).toBe(0)
    expect(await run(config, 'export')).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})
