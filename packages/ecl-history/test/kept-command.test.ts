import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openHistory } from 'ecl-history'
import { run } from './history-process.ts'
import { at, closed } from './history-windows.ts'

const DAY = 86_400
const DAYS = 6
const ON = new AbortController().signal
const KEEP = new Map([
  ['1m', 2 * DAY],
  ['1h', 28 * DAY],
])

let folder: string
let config: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  config = join(folder, 'ecl.yml')
  writeFileSync(
    config,
    'store: sqlite:counts.db\nhistory: {store: "sqlite:history.db"}\ngroups:\n' +
      '  web: {events: [hit], intervals: [1m]}\n  new: {events: [a], intervals: [1m, 5m]}\n',
  )
  const history = openHistory(`sqlite:${join(folder, 'history.db')}`)
  const given = { interval: '1m', seconds: 60 }
  const windows = Array.from({ length: (DAYS * DAY) / 60 }, (_, n) => [
    closed(n * 60, { hit: 2 }, { ...given, group: 'web' }),
    closed(n * 60, { hit: 3 }, { ...given, group: 'gone' }),
  ]).flat()
  // Of another group, nothing has come for days.
  await history.archive(
    windows.filter(({ group, start }) => group === 'web' || start < at(2 * DAY)),
  )
  await history.maintain(at(DAYS * DAY), KEEP, ON)
  await history.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Asks for a time, seconds after midnight. */
const ask = (group: string, from: number, to: number, ...others: readonly string[]) =>
  run(config, '-g', group, '--from', String(at(from)), '--to', String(at(to)), ...others)

describe('ecl-history, once windows are no longer kept', () => {
  it('sums up what begins within a minute as it did before', async () => {
    expect(await ask('web', 0, DAYS * DAY - 23, '--step', 'all')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(` hit:${(DAYS * 2 * DAY) / 60}\n$`),
      stderr: '',
    })
  })

  it('says how many windows an answer is short of, where a roll-up does not fit', async () => {
    const { stdout, stderr } = await ask('web', 437, DAYS * DAY, '--step', 'all')
    // The rest of the first hour, from the window that holds the beginning on.
    const missing = 53
    expect(stdout).toMatch(` hit:${((DAYS * DAY) / 60 - 60) * 2}\n`)
    expect(stderr).toMatch(
      new RegExp(
        `^ecl-history: group "web", 1m: ${missing} windows are missing; from before 2026-09-26 00:00 UTC only roll-ups are kept, .*gaps -g web -i 1m\n$`,
      ),
    )
  })

  it('knows the days of a zone that is half an hour off as far as hours and windows are kept', async () => {
    const args = ['--zone', 'Asia/Kolkata', '--step', '1d', '--format', 'csv']
    const { stdout, stderr } = await ask('web', 0, DAYS * DAY - 19_800, ...args)
    const days = stdout.split('\r\n').slice(1, -1)
    const windows = days.map((line) => line.split(',').slice(4, 6).map(Number))
    // Half an hour at each end of a day, of which only the sum of the whole hour is kept.
    expect(windows).toEqual([
      [1080, 1110],
      ...Array.from({ length: 3 }, () => [1380, 1440]),
      [1410, 1440],
      [1440, 1440],
    ])
    expect(stderr).toContain(`${30 + 3 * 60 + 30} windows are missing`)
  })

  it('draws days that are rolled up to the end, until now', async () => {
    const { stdout, stderr } = await run(
      ...[config, '-g', 'web', '--from', String(at(0)), '--to', String(at(DAYS * DAY - 60))],
      ...['--step', '1d', '--format', 'chart'],
    )
    expect([stdout.split('\n').at(2), stderr]).toEqual([
      `hit: ${(DAYS * 2 * DAY) / 60} in all, at most 2880 in a day`,
      '',
    ])
  })

  it('knows a group that left the config by its roll-ups', async () => {
    const { code, stdout } = await ask('gone', 0, 2 * DAY, '--step', '1d')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `2026-09-22T00:00:00Z hit:${(3 * DAY) / 60}\n2026-09-23T00:00:00Z hit:${(3 * DAY) / 60}\n`,
    })
  })

  it('lists the gaps among windows that are kept, and says from when on', async () => {
    const args = ['gaps', '-g', 'web', '--from', String(at(0)), '--to', String(at(DAYS * DAY))]
    expect(await run(config, ...args)).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'ecl-history: web 1m: windows before 2026-09-26T00:00:00Z are no longer kept one by one (keep, in the config); gaps among them are not listed\n',
    })
  })

  it('says what was never archived, with exit code 4', async () => {
    expect(await run(config, 'gaps', '-g', 'new')).toEqual({
      ...{ code: 4, stderr: '' },
      stdout: 'new 1m: never archived\nnew 5m: never archived\n',
    })
    const { stdout } = await run(config, 'gaps', '-g', 'new', '-i', '5m', '--format', 'json')
    expect(JSON.parse(stdout)).toEqual({
      ...{ group: 'new', interval: '5m', start: null, end: null },
      ...{ what: 'never archived', windows: null },
    })
  })
})
