import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ConfigError } from '../errors.ts'
import { openStore } from '../store/open-store.ts'
import { sqliteBackend, sqliteFile, storeProblem } from '../store/sqlite-backend.ts'
import { loadConfig } from './load-config.ts'
import { parseConfig } from './parse-config.ts'

const GROUPS = 'groups: { web: { events: [hit], intervals: [5m] } }\n'

function backendOf(text: string, env: NodeJS.ProcessEnv = {}): unknown {
  return parseConfig(text + GROUPS, { file: 'ecl.yml', env }).backend
}

function problemsOf(text: string): readonly string[] {
  try {
    backendOf(text)
    return []
  } catch (caught) {
    if (caught instanceof ConfigError) return caught.problems
    throw caught
  }
}

describe('the store of a config', () => {
  it.each([
    ['store: sqlite:counts.db\n', 'sqlite:counts.db'],
    ['store: "sqlite:/var/lib/my counts.db"\n', 'sqlite:/var/lib/my counts.db'],
    ['store: sqlite:${DIR}/counts.db\n', 'sqlite:/run/ecl/counts.db'],
    ['store: ${STORE:-sqlite:a.db}\n', 'sqlite:a.db'],
  ])('is a file: %j', (text, backend) => {
    expect(backendOf(text, { DIR: '/run/ecl' })).toBe(backend)
  })

  it.each([
    ['store:\n', 'is null; write sqlite:PATH, such as sqlite:counts.db'],
    [
      'store: 5\n',
      'is not a store that there is; write sqlite:PATH, such as sqlite:counts.db, or remove it and write "redis: …"',
    ],
    ['store: "sqlite:"\n', 'names no file; write sqlite:PATH, such as sqlite:counts.db'],
    ['store: "sqlite: "\n', 'names no file; write sqlite:PATH, such as sqlite:counts.db'],
    [
      'store: sqlite:///var/counts.db\n',
      'is no URL; write sqlite:PATH, such as sqlite:counts.db, or sqlite:/var/lib/ecl/counts.db',
    ],
    [
      'store: "sqlite::memory:"\n',
      'must be a file, which all processes can open; write sqlite:PATH, such as sqlite:counts.db',
    ],
    [
      'store: sqlite:c.db?mode=ro\n',
      'has options behind "?", of which there are none; remove them, or write a "?" of the file\'s name as %3F',
    ],
    [
      'store: SQLite:counts.db\n',
      'is not in small letters; write sqlite:PATH, such as sqlite:counts.db',
    ],
    [
      'store: counts.db\n',
      'is not a store that there is; write sqlite:PATH, such as sqlite:counts.db, or remove it and write "redis: …"',
    ],
    ['store: redis://h:6379\n', 'names a Redis; write its URL as "redis: …" instead'],
    ['store: { path: counts.db }\n', 'is a mapping; write sqlite:PATH, such as sqlite:counts.db'],
    [
      'store: sqlite:counts.db\nredis: { host: h }\n',
      'stands beside redis; counts are kept in one place, so remove one of the two',
    ],
  ])('is refused where it is none: %j', (text, message) => {
    expect(problemsOf(text)).toEqual([`ecl.yml:1: store: ${message}`])
  })

  it('is named from the folder of the config', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecl-store-'))
    try {
      const file = join(folder, 'ecl.yml')
      writeFileSync(file, `store: sqlite:data/counts.db\n${GROUPS}`)
      const { backend } = await loadConfig(file)
      expect(backend).toBe(`sqlite:${join(folder, 'data/counts.db')}`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is any file there can be: what has a meaning in an address is written in it by its code', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-eF%?235f&=# ]{1,12}$/), (name) => {
        const backend = sqliteBackend(`/${name}`)
        expect(storeProblem(backend)).toBeUndefined()
        expect(sqliteFile(backend)).toBe(`/${name}`)
      }),
    )
    expect(sqliteFile('sqlite:who%3f%253F 100%.db')).toBe('who?%3F 100%.db')
  })

  it('is refused where it is no file, in a program, too', () => {
    expect(() => openStore('sqlite:c.db?mode=ro')).toThrow(/^backend: has options behind "\?"/)
    expect(() => openStore('sqlite:')).toThrow(
      new ConfigError(['backend: names no file; write sqlite:PATH, such as sqlite:counts.db']),
    )
  })
})
