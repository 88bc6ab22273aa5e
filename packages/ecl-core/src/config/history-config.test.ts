import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ConfigError } from '../errors.ts'
import type { HistoryConfig } from './config-types.ts'
import { loadConfig } from './load-config.ts'
import { parseConfig } from './parse-config.ts'
import { resolveHistory } from './resolve-history.ts'

const GROUPS = 'groups: { web: { events: [hit], intervals: [5m] } }\n'

function historyOf(text: string, env: NodeJS.ProcessEnv = {}): HistoryConfig | undefined {
  return parseConfig(text + GROUPS, { file: 'ecl.yml', env }).history
}

function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    historyOf(text, env)
    return []
  } catch (caught) {
    if (caught instanceof ConfigError) return caught.problems
    throw caught
  }
}

const EXPECTED = 'write sqlite:PATH, such as sqlite:history.db, or postgres://USER@HOST/DATABASE'

describe('the history of a config', () => {
  it('is none where there is nothing of it', () => {
    expect(historyOf('')).toBeUndefined()
  })

  it('is a file or a PostgreSQL, with times for which windows are kept', () => {
    const keep = 'keep: {5s: 2d, 1m: 14d, 1h: 2y}'
    const history = historyOf(
      `history: {store: "sqlite:history.db", ${keep}, keep-unarchived: {time: 3d, entries: 500}, maintenance: 0 4 * * *}\n`,
    )
    if (history === undefined) throw new Error('there is no history')
    expect(resolveHistory(history)).toEqual({
      store: 'sqlite:history.db',
      retention: new Map([
        ['5s', 2 * 86_400],
        ['1m', 14 * 86_400],
        ['1h', 2 * 365 * 86_400],
      ]),
      bounds: { seconds: 3 * 86_400, entries: 500 },
      maintenance: '0 4 * * *',
    })
    expect(historyOf('history: {store: "postgres://ecl:${PW}@db/ecl"}\n', { PW: 'x' })).toEqual({
      store: 'postgres://ecl:x@db/ecl',
    })
  })

  it.each([
    'postgres://ecl@db.example.org:5432/ecl?sslmode=require',
    'postgresql://ecl@/ecl?host=/run/postgresql',
    'postgres:///ecl',
  ])('may be at %s', (store) => {
    expect(historyOf(`history: {store: "${store}"}\n`)).toEqual({ store })
  })

  it('keeps everything, and lets a week wait, where nothing is said', () => {
    expect(resolveHistory({ store: 'sqlite:h.db' })).toEqual({
      store: 'sqlite:h.db',
      retention: new Map(),
      bounds: { seconds: 7 * 86_400, entries: 100_000 },
      maintenance: '* * * * *',
    })
  })

  it.each([
    [
      'history:\n',
      'history: is null; write a mapping with "store", such as {store: sqlite:history.db}',
    ],
    ['history: {}\n', `history.store: is missing; ${EXPECTED}`],
    [
      'history: {store: "mysql://h/d"}\n',
      `history.store: is no database that there is; ${EXPECTED}`,
    ],
    ['history: {store: "sqlite:"}\n', `history.store: names no file; ${EXPECTED}`],
    [
      'history: {store: "sqlite:h.db?mode=ro"}\n',
      'history.store: has options behind "?", of which there are none; remove them, or write a "?" of the file\'s name as %3F',
    ],
    [
      'history: {store: "sqlite:h.db", kep: {5s: 1d}}\n',
      'history.kep: is not a key of "history"; did you mean "keep"?',
    ],
    [
      'history: {store: "sqlite:h.db", keep: {5x: 1d}}\n',
      'history.keep.5x: "5x" is no length of windows; write an interval or a step, such as "5m" or "1d"',
    ],
    [
      'history: {store: "sqlite:h.db", keep: {5s: 14}}\n',
      'history.keep.5s: "14" is no length of time; write a number and s, m, h, d, w or y, such as "14d"',
    ],
    [
      'history: {store: "sqlite:h.db", keep_unarchived: {time: ever}}\n',
      'history.keep_unarchived.time: "ever" is no length of time; write a number and s, m, h, d, w or y, such as "14d"',
    ],
    [
      'history: {store: "sqlite:h.db", keep_unarchived: {entries: 0}}\n',
      'history.keep_unarchived.entries: 0 is too small; write a whole number of entries, 1 or more',
    ],
  ])('is refused: %j', (text, problem) => {
    expect(problemsOf(text)).toEqual([`ecl.yml:1: ${problem}`])
  })

  it.each(['100%sure', 'a/b', '12/34', '12#34', 'a#b', 'p?w'])(
    'asks for %%XX where a password leaves open where it ends: %s',
    (password) => {
      const text = 'history: {store: "postgres://ecl:${PW}@host/x"}\n'
      expect(problemsOf(text, { PW: password })).toEqual([
        `ecl.yml:1: history.store: is not a valid URL; ${EXPECTED}, with special characters of a password as %XX`,
      ])
    },
  )

  it('does not show a password', () => {
    const text = 'history: {store: "postgres://ecl:${PW}@:::/x"}\n'
    expect(problemsOf(text, { PW: 'secret' }).join()).not.toContain('secret')
  })

  it('has its file beside the config', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecl-config-'))
    try {
      const file = join(folder, 'ecl.yml')
      writeFileSync(file, `history: {store: "sqlite:h.db"}\n${GROUPS}`)
      expect((await loadConfig(file)).history?.store).toBe(`sqlite:${join(folder, 'h.db')}`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
