import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ClosedWindow } from '../src/closed-window.ts'
import { openHistory } from '../src/open-history.ts'
import { run, runInShell, runInTerminal } from './history-process.ts'
import { at } from './steps-fixture.ts'

/** The day before the clocks were put back in Prague, at midnight there. */
const DAY = Date.UTC(2026, 9, 23, 22) / 1000
const WINDOW = 300
const TIME = ['--from', '2026-10-24', '--to', '2026-10-27', '--zone', 'Europe/Prague'] as const

let directory: string
let config: string

function configFile(name: string): string {
  const file = join(directory, `${name}.yml`)
  writeFileSync(
    file,
    `store: sqlite:counts.db
history: { store: "sqlite:${name}.db" }
groups:
  web: { events: [hit, error, never], intervals: [5m] }
  urls: { events: [], intervals: [5m, 1h], auto_declare_events: true }
`,
  )
  return file
}

/** Three days of five minutes, of 24, 25 and 24 hours; six of them are missing, and one is not complete. */
function windows(): ClosedWindow[] {
  return Array.from({ length: 73 * 12 }, (_, n): ClosedWindow => {
    const start = at(DAY + n * WINDOW)
    const counts = new Map([['hit', 10n]])
    if (n % 12 === 0) counts.set('error', 1n)
    const completeness = n === 700 ? 'partial' : 'complete'
    const total = [...counts.values()].reduce((sum, one) => sum + one, 0n)
    const version = { publishedMs: (start + WINDOW + 2) * 1000, revision: n }
    return {
      group: 'web',
      interval: '5m',
      start,
      end: at(start + WINDOW),
      ...version,
      part: 1,
      parts: 1,
      completeness,
      late: 0n,
      total,
      counts,
    }
  }).filter((_, n) => n < 600 || n >= 606)
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  config = configFile('history')
  const history = openHistory(`sqlite:${join(directory, 'history.db')}`)
  await history.archive(windows())
  const hello = {
    group: 'urls',
    interval: '5m',
    start: at(DAY),
    end: at(DAY + WINDOW),
    publishedMs: 1,
    revision: 1,
  }
  const counts = new Map([
    ['/a b,"c"', 9_007_199_254_740_993n],
    ['/\u001b[2J', 1n],
  ])
  await history.archive([
    {
      ...hello,
      part: 1,
      parts: 1,
      completeness: 'complete',
      late: 0n,
      total: 9_007_199_254_740_994n,
      counts,
    },
  ])
  await history.close()
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('ecl-history', () => {
  it('prints a day of 25 hours as one, and says which windows are missing', async () => {
    const { code, stdout, stderr } = await run(
      config,
      '-g',
      'web',
      ...TIME,
      '--step',
      '1d',
      '--format',
      'csv',
    )
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'group,interval,start,end,windows,expected,completeness,event,count,min,max,mean',
        `web,5m,${DAY},${DAY + 86_400},288,288,complete,error,24,0,1,${24 / 288}`,
        `web,5m,${DAY},${DAY + 86_400},288,288,complete,hit,2880,10,10,10`,
        `web,5m,${DAY},${DAY + 86_400},288,288,complete,never,0,0,0,0`,
        `web,5m,${DAY + 86_400},${DAY + 176_400},300,300,complete,error,25,0,1,${25 / 300}`,
        `web,5m,${DAY + 86_400},${DAY + 176_400},300,300,complete,hit,3000,10,10,10`,
        `web,5m,${DAY + 86_400},${DAY + 176_400},300,300,complete,never,0,0,0,0`,
        `web,5m,${DAY + 176_400},${DAY + 262_800},282,288,unknown,error,23,0,1,${23 / 282}`,
        `web,5m,${DAY + 176_400},${DAY + 262_800},282,288,unknown,hit,2820,10,10,10`,
        `web,5m,${DAY + 176_400},${DAY + 262_800},282,288,unknown,never,0,0,0,0`,
        '',
      ].join('\r\n'),
    )
    expect(stderr).toBe(
      `ecl-history: group "web", 5m: 6 windows are missing; to list them: ecl-history ${config} gaps -g web -i 5m\n`,
    )
  })

  it('prints the events that are asked for, by name, by glob, and the largest', async () => {
    const all = [config, '-g', 'web', ...TIME, '--step', 'all']
    const events = async (...args: string[]) =>
      (await run(...all, ...args)).stdout.split('\n').map((line) => line.split(' ')[1])
    expect(await events()).toEqual(['error:72', 'hit:8700', 'never:0', undefined])
    expect(await events('--event', 'e*', '--event', 'never')).toEqual([
      'error:72',
      'never:0',
      undefined,
    ])
    expect(await events('--top', '1')).toEqual(['hit:8700', undefined])
    const wrong = await run(...all, '--event', 'hti')
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain(
      'event "hti" is neither in the history of group "web" nor configured for it',
    )
  })

  it('prints names as they are, or safe for a terminal, and integers exactly', async () => {
    const args = [
      config,
      '-g',
      'urls',
      '-i',
      '5m',
      ...TIME.slice(0, 2),
      '--to',
      '2026-10-23T23:00Z',
      ...TIME.slice(4),
    ]
    expect((await run(...args)).stdout.split('\n').slice(0, 2).join('\n')).toBe(
      '2026-10-24T00:00:00+02:00 /\u001b[2J:1\n2026-10-24T00:00:00+02:00 /a b,"c":9007199254740993',
    )
    const shown = await runInTerminal(100, 'NO_COLOR=1', ...args, '--format', 'table')
    expect(shown).toContain('/a b,"c"  /\\x1b[2J')
    expect(shown).not.toContain('\u001b')
  })

  it('draws a chart with a gap, no wider than the terminal, in colour unless that is not wanted', async () => {
    const args = [
      config,
      '-g',
      'web',
      '--event',
      'hit',
      '--format',
      'chart',
      '--step',
      '15m',
      '--from',
      '2026-10-26T00:00Z',
      '--to',
      '2026-10-26T05:00Z',
    ]
    const { stdout } = await run(...args)
    expect(stdout).toContain(`└${'·'.repeat(8)}${'─'.repeat(72)}\n`)
    const shown = await runInTerminal(40, 'NO_COLOR=', ...args)
    expect(shown).toContain('\u001b[36m')
    const plainly = await runInTerminal(40, 'NO_COLOR=1', ...args)
    expect(plainly).not.toContain('\u001b')
    const [picture = ''] = plainly.split('ecl-history: ')
    for (const line of picture.split('\r\n')) expect(line.length).toBeLessThanOrEqual(40)
    const gap = await run(config, '-g', 'web', '--event', 'hit', '--format', 'chart', ...TIME)
    expect(gap.stdout).toMatch(/└─+·*─+\n/)
  })

  it('lists gaps, with exit code 4, and none with 0', async () => {
    const gaps = await run(config, 'gaps', '-g', 'web', ...TIME)
    expect(gaps).toMatchObject({ code: 4, stderr: '' })
    const iso = (n: number) => new Date((DAY + n * WINDOW) * 1000).toISOString().replace('.000', '')
    expect(gaps.stdout).toBe(
      `web 5m: ${iso(600)} to ${iso(606)}: missing, 6 windows\n` +
        `web 5m: ${iso(700)} to ${iso(701)}: partial, 1 window\n`,
    )
    expect(
      await run(config, 'gaps', '-g', 'web', '--from', '2026-10-24', '--to', '2026-10-25'),
    ).toMatchObject({ code: 0, stdout: '' })
  })

  it('exports all as JSON and as CSV, and takes it in again, as often as one likes', async () => {
    const other = configFile('other')
    const script = [
      `$history '${other}' migrate > /dev/null`,
      `$history '${config}' export > '${directory}/all'`,
      `$history '${other}' import '${directory}/all'`,
      `$history '${other}' export --format csv > '${directory}/csv'`,
      `$history '${other}' import < '${directory}/csv'`,
      `$history '${other}' export | cmp - '${directory}/all'`,
      `wc -l < '${directory}/all'`,
    ]
    const { code, stdout, stderr } = await runInShell(script.join(' && '))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`${'windows taken in: 871\n'.repeat(2)}871\n`)
  })

  it('says which line of a file is wrong, and what was taken in before', async () => {
    const other = configFile('damaged')
    const { code, stderr } = await runInShell(
      `$history '${other}' migrate > /dev/null; $history '${config}' export | sed '3s/"hit":10/"hit":"x"/' | $history '${other}' import`,
    )
    expect(code).toBe(1)
    expect(stderr).toBe(
      'ecl-history: stdin: line 3: "hit": is no whole number; windows taken in before that: 0\n',
    )
  })

  it('takes nothing in from what cannot be read, and says so', async () => {
    for (const from of ['<', '']) {
      const { code, stdout, stderr } = await runInShell(
        `$history '${config}' import ${from} '${directory}'`,
      )
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^ecl-history: EISDIR: .*\n$/)
    }
  })

  it('brings the tables up to date, and tends them', async () => {
    const other = configFile('tended')
    expect((await run(other, 'migrate')).stdout).toMatch(
      /^the tables are now of version \d+, before of 0\n$/,
    )
    expect((await run(other, 'migrate')).stdout).toMatch(
      /^the tables are up to date: version \d+\n$/,
    )
    expect((await run(other, 'prune')).stdout).toBe('steps rolled up: 0, windows removed: 0\n')
  })

  it('says what is wrong in one line, with the exit code of its kind', async () => {
    expect(await run(config, '-g', 'wbe')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'ecl-history: group "wbe" is not in the configuration; there are: web, urls\n',
    })
    expect((await run(config, '-g', 'urls')).stderr).toBe(
      'ecl-history: group "urls" has several intervals; choose one with -i: 5m, 1h\n',
    )
    expect((await run(config, '-g', 'urls', '-i', '9m')).stderr).toContain(
      'interval "9m" is not configured for group "urls"',
    )
    expect((await run(config, '-g', 'web', '--step', '7m')).stderr).toBe(
      'ecl-history: a step of 7m is no multiple of windows of 5m\n',
    )
    expect(await run(config, '--gruop')).toMatchObject({ code: 2, stdout: '' })
    const none = join(directory, 'none.yml')
    writeFileSync(none, 'groups: { web: { events: [hit], intervals: [5m] } }\n')
    expect(await run(none, '-g', 'web')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('history: is missing; write where windows are kept'),
    })
    const nowhere = join(directory, 'nowhere.yml')
    writeFileSync(
      nowhere,
      'history: {store: "sqlite:/no/such/folder/h.db"}\ngroups: { web: { events: [hit], intervals: [5m] } }\n',
    )
    expect(await run(nowhere, '-g', 'web')).toMatchObject({ code: 3, stdout: '' })
  })

  it('says where there is nothing', async () => {
    const { code, stdout, stderr } = await run(
      config,
      '-g',
      'urls',
      '-i',
      '1h',
      '--from',
      '2026-10-24',
      '--to',
      '2026-10-25',
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toBe(
      'ecl-history: group "urls", 1h: there are no windows between 2026-10-24 00:00 and 2026-10-25 00:00 UTC; is ecl-history archive running?\n',
    )
  })

  it('ends quietly when nobody reads on', async () => {
    expect(await runInShell(`$history '${config}' export | head -1 | wc -l`)).toMatchObject({
      code: 0,
      stderr: '',
    })
  })
})
