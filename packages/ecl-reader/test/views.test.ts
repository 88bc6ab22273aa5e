import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { PrivateRedis } from 'ecl-core/testing'
import { configFile, read, readInTerminal } from './reader-process.ts'

let redis: PrivateRedis
let config: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  const groups = `groups:
  web: {events: [req1, req2, error], intervals: [1h, 2h]}
  dyn: {events: [base], auto_declare_events: true, intervals: [1h]}
`
  config = configFile(redis, 'ecl.yml', `redis: {path: ${redis.socket}}\n${groups}`)
  const now = Math.floor(Date.now() / 1000)
  await redis.client.mset({
    'web:1h:cur:@ts': now,
    'web:2h:cur:@ts': now,
    'dyn:1h:cur:@ts': now,
    'web:1h:last:req1': 3600,
    'web:1h:last:req2': 7200,
    'web:1h:last:error': 3,
    'web:2h:last:req1': 5,
    'dyn:1h:last:=1+1': 1,
    'dyn:1h:last:\x1b[31mred': 2,
  })
})
afterAll(() => redis.close())

describe('prints', () => {
  it.each([
    [
      'only some events',
      ['-gweb', '-i1h', '--event', 'err*', '--event=req1'],
      'error:3\nreq1:3600\n',
    ],
    ['the largest', ['-gweb', '-i1h', '--top', '2'], 'req2:7200\nreq1:3600\n'],
    ['by count', ['-gweb', '-i1h', '--sort', 'count'], 'req2:7200\nreq1:3600\nerror:3\n'],
    ['per second', ['-gweb', '-i1h', '--rate'], 'error:0.000833333\nreq1:1\nreq2:2\n'],
    ['0 for what was not counted', ['-gdyn', '--event', 'nope'], 'nope:0\n'],
    [
      'all intervals of a group',
      ['-gweb', '--all', '--top=1'],
      'web 1h:\nreq2:7200\n\nweb 2h:\nreq1:5\n',
    ],
    [
      'all groups with an interval',
      ['--all', '-i1h', '--event', 're?2'],
      'web 1h:\nreq2:7200\n\ndyn 1h:\n',
    ],
  ])('%s', async (_what, args, stdout) => {
    expect(await read(config, ...args)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('CSV of everything', async () => {
    const { stdout } = await read(config, '--all', '--format', 'csv', '--defuse-formulas')
    const records: { event: string }[] = parse(stdout, { columns: true })
    expect(records.map(({ event }) => event)).toEqual([
      ...['error', 'req1', 'req2'],
      ...['error', 'req1', 'req2'],
      ...['\x1b[31mred', "'=1+1", 'base'],
    ])
  })

  it('JSON of everything, one line for each window', async () => {
    const { stdout } = await read(config, '--all', '--json', '--rate')
    const windows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(windows).toMatchObject([
      { group: 'web', interval: '1h', counts: { req1: 3600 }, perSecond: { req1: 1 } },
      { group: 'web', interval: '2h', counts: { req1: 5 } },
      { group: 'dyn', interval: '1h' },
    ])
  })

  it('metrics for Prometheus', async () => {
    const { stdout } = await read(config, '--all', '--format', 'prometheus')
    expect(stdout).toContain(
      'ecl_window_events{group="web",interval="1h",window="last",event="error"} 3\n',
    )
  })

  it('a table as wide as the terminal, to which no escape gets', async () => {
    const shown = await readInTerminal(50, config, '-gdyn', '--format', 'table')
    const lines = shown.split('\r\n')
    expect(lines).toContain(`\\x1b[31mred      2  ${'█'.repeat(30)}`)
    expect(shown).not.toContain('\x1b')
  })
})

describe('refuses', () => {
  it.each([
    [1, ['-gweb', '-i1h', '--event', 'nope'], /event "nope" .* there are: req1, req2, error\n/],
    [1, ['--all', '-i', '3h'], /interval "3h" .* there are: 1h, 2h\n/],
    [2, ['-gweb', '--top', '0'], /whole number from 1/],
    [2, ['-gweb', '--sort', 'size'], /Allowed choices are name, count/],
    [2, ['-gweb', '--defuse-formulas'], /for '--format csv'/],
  ])('with exit code %i %j', async (code, args, message) => {
    const ended = await read(config, ...args)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toMatch(message)
  })
})

describe('as a monitoring plugin', () => {
  const hour = ['-gweb', '-i1h']

  it.each([
    [0, ['--event', 'error', '-w', '10'], "ECL OK - web 1h: error 3 | 'error'=3;10;\n"],
    [1, ['--event', 'error', '--warning=2', '--critical=10'], /^ECL WARNING - .* error 3 /],
    [2, ['--event', 'req*', '--event', 'error', '-w~:', '-c7000'], /CRITICAL - web 1h: req2 7200 /],
    [2, ['-c', '10'], /^ECL CRITICAL - web 1h: total 10803 \(not in 10\) \| 'total'=10803;;10\n$/],
    [3, ['--event', 'nope', '-w', '1'], /^ECL UNKNOWN - event "nope" is not configured .*\n$/],
    [3, ['--event', 'z*', '-w', '1'], /^ECL UNKNOWN - no event of group "web" matches "z\*"\n$/],
    [3, ['-w', 'x'], /^ECL UNKNOWN - option '--warning x': it is not a range; .*\n$/],
    [3, ['-w', '1', '--frob'], /^ECL UNKNOWN - unknown option '--frob'.*\n$/],
    [
      3,
      ['-w', '1', '--format', 'csv'],
      /^ECL UNKNOWN - option '--format' cannot be used with.*\n$/,
    ],
  ])('ends with %i for %j', async (code, args, stdout) => {
    const ended = await read(config, ...hour, ...args)
    expect(ended.code).toBe(code)
    if (typeof stdout === 'string') expect(ended.stdout).toBe(stdout)
    else expect(ended.stdout).toMatch(stdout)
  })

  it('takes a glob that matches nothing in a dynamic group for 0', async () => {
    const { code, stdout } = await read(config, '-gdyn', '--event', 'error*', '-w', '10')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "ECL OK - dyn 1h: error* 0 | 'error*'=0;10;\n",
    })
  })

  it('is UNKNOWN where Redis cannot be reached, or no master turns the windows over', async () => {
    const groups = 'groups: {old: {events: [a], intervals: [1s]}}\n'
    const gone = configFile(redis, 'gone.yml', `redis: {path: ${redis.directory}/none}\n${groups}`)
    const old = configFile(redis, 'old.yml', `redis: {path: ${redis.socket}}\n${groups}`)
    await redis.client.mset({ 'old:1s:cur:@ts': 1_600_000_000 })
    expect(await read(gone, '-gold', '-w1')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^ECL UNKNOWN - Redis at .*none: .*\n$/),
      stderr: '',
    })
    expect(await read(old, '-gold', '-w1')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^ECL UNKNOWN - .*has not been turned over.*\n$/),
      stderr: '',
    })
  })

  it('is UNKNOWN, in one line, where the config is at fault', async () => {
    const bad = configFile(
      redis,
      'bad.yml',
      'groups:\n  web: {events: [a], intervals: [5x]}\n  b: {}\n',
    )
    const { code, stdout } = await read(bad, '-gweb', '-w1')
    expect(code).toBe(3)
    expect(stdout).toMatch(/^ECL UNKNOWN - .*bad\.yml:2: .*; .*\n$/)
  })
})
