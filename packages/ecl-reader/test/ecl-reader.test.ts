import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { configFile, READER, read, readInShell } from './reader-process.ts'

const GROUPS = `groups:
  web:
    events: [req2, req1, error, "\\U0001F600", "\\uFF21", "a:b", A]
    intervals: [5s, 5m]
  jobs:
    events: [done]
    intervals: [1h]
  dyn:
    events: [base1, base2]
    auto_declare_events: true
    intervals: [30s]
`

let redis: PrivateRedis
let config: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = configFile(redis, 'ecl.yml', `redis: {path: ${redis.socket}}\n${GROUPS}`)
})
afterEach(() => redis.client.flushall())
afterAll(() => redis.close())

/** What Python loggers and a Python master leave: plain counters, and the time of the rotation in `@ts`. */
async function writeAsPython(): Promise<void> {
  const now = String(Math.floor(Date.now() / 1000))
  const counters = {
    'web:5s:cur:req1': 1,
    'web:5s:last:req1': 54,
    'web:5s:last:error': -2,
    'web:5s:last:\u{1f600}': 7,
    'web:5s:last:\uff21': '9007199254740993',
    'web:5s:last:a:b': 3,
    'web:5s:last:undeclared': 5,
    'web:5m:last:req1': 6,
    'jobs:1h:last:done': 8,
    'dyn:30s:last:base2': 2,
    'dyn:30s:last:x:y': 4,
    'dyn:30s:last:with space': 1,
    'dyn:30s:last:404': 3,
    'dyn:30s:last:\x1b[31mred': 1,
    'dyn:30s:last:line\nbreak': 1,
    'dyn:30s:last:\u{1f600}': 1,
    'dyn:30s:last:\uff21': 1,
    'dyn:30s:cur:new': 0,
    'dyn:30s:other:z': 1,
    'dynx:30s:last:z': 1,
    'dyn:300s:last:z': 1,
  }
  const starts = ['web:5s', 'web:5m', 'jobs:1h', 'dyn:30s'].map((key) => `${key}:cur:@ts`)
  await redis.client.mset(counters)
  await redis.client.mset(Object.fromEntries(starts.map((key) => [key, now])))
}

const WEB_5S_LAST = `A:0\na:b:3\nerror:-2\nreq1:54\nreq2:0\n\uff21:9007199254740993\n\u{1f600}:7\n`
const WEB_5S_CURRENT = 'A:0\na:b:0\nerror:0\nreq1:1\nreq2:0\n\uff21:0\n\u{1f600}:0\n'
const DYN_LAST =
  '\x1b[31mred:1\n404:3\nbase1:0\nbase2:2\nline\nbreak:1\nwith space:1\nx:y:4\n\uff21:1\n\u{1f600}:1\n'
const DYN_CURRENT = 'base1:0\nbase2:0\nnew:0\n'

// Each row was compared with the Python original's reader on the same state.
describe('prints, byte for byte as the Python original does,', () => {
  it.each([
    ['the last window by default', ['-g', 'web', '-i', '5s'], WEB_5S_LAST],
    ['the current window', ['-g', 'web', '-i', '5s', '--current'], WEB_5S_CURRENT],
    ['both', ['-gweb', '-i5s', '--both'], `Last:\n${WEB_5S_LAST}Current:\n${WEB_5S_CURRENT}`],
    ['the only interval', ['--group=jobs', '-i', '', '--last'], 'done:8\n'],
    ["a dynamic group's events", ['-g', 'dyn'], DYN_LAST],
    [
      "a dynamic group's both windows",
      ['-g', 'dyn', '--both'],
      `Last:\n${DYN_LAST}Current:\n${DYN_CURRENT}`,
    ],
  ])('%s', async (_what, args, stdout) => {
    await writeAsPython()
    expect(await read(config, ...args)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('zeroes for declared events where Redis is empty', async () => {
    const { code, stdout } = await read(config, '-g', 'dyn', '--both')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Last:\nbase1:0\nbase2:0\nCurrent:\nbase1:0\nbase2:0\n',
    })
  })
})

describe('ends with', () => {
  it.each([
    [0, 'help', ['--help'], /^$/],
    [0, 'the version', ['--version'], /^$/],
    [1, 'an unknown group', ['-g', 'nope'], /^ecl-reader: group "nope" .*: web, jobs, dyn\n$/],
    [1, 'an interval spelled otherwise', ['-g', 'web', '-i', '300s'], /there are: 5s, 5m\n$/],
    [1, 'a choice of intervals', ['-g', 'web'], /choose one with -i: 5s, 5m\n$/],
    [2, 'no group', [], /--group/],
    [2, 'two windows', ['-g', 'jobs', '--last', '--both'], /cannot be used with/],
    [2, 'two windows, the other way round', ['-g', 'jobs', '--both', '--current'], /cannot be/],
    [2, 'two formats', ['-g', 'jobs', '--json', '--format', 'plain'], /cannot be used with/],
    [2, 'an unknown format', ['-g', 'jobs', '--format', 'xml'], /Allowed choices are plain, json/],
    [2, 'an unknown option', ['-g', 'jobs', '--frob'], /unknown option '--frob'/],
    [2, 'a second config', ['-g', 'jobs', 'other.yml'], /too many arguments/],
  ])('%i for %s', async (code, _what, args, stderr) => {
    const ended = await read(config, ...args)
    expect(ended.stderr).toMatch(stderr)
    expect(ended.code).toBe(code)
    if (code !== 0) expect(ended.stdout).toBe('')
  })

  it('1 and one line for each fault of the config', async () => {
    const file = configFile(
      redis,
      'bad.yml',
      'groups:\n  web: {events: [a], intervals: [5x]}\n  b: {}\n',
    )
    const { code, stderr } = await read(file, '-g', 'web')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^(.*bad\.yml:[23]: groups\..*\n){2,}$/)
  })

  it('3, one line and the remedy, where nothing listens or the server refuses', async () => {
    const gone = configFile(
      redis,
      'gone.yml',
      `redis: {path: ${redis.directory}/none.sock}\n${GROUPS}`,
    )
    const [name, password] = ['nobody', 'secret']
    const refused = configFile(
      redis,
      'refused.yml',
      `redis: {path: ${redis.socket}, username: ${name}, password: ${password}}\n${GROUPS}`,
    )
    const [nobody, wrong] = await Promise.all([
      read(gone, '-g', 'jobs'),
      read(refused, '-g', 'jobs'),
    ])
    expect(nobody).toMatchObject({ code: 3, stdout: '' })
    expect(nobody.stderr).toMatch(
      /^ecl-reader: Redis at .*none\.sock: .*is redis-server running.*\n$/,
    )
    expect(wrong).toMatchObject({ code: 3, stdout: '' })
    expect(wrong.stderr).toMatch(
      /^ecl-reader: .*check "redis\.username" and "redis\.password".*\n$/,
    )
    expect(wrong.stderr).not.toContain(password)
  })

  it('3 where some of many groups cannot be read, naming them, and printing the rest', async () => {
    await writeAsPython()
    const rules = ['on', '>secret', '+@all', '~web:*', '~jobs:*']
    await redis.client.call('ACL', 'SETUSER', 'some', 'reset', ...rules)
    const user = 'username: some, password: secret'
    const partly = configFile(
      redis,
      'partly.yml',
      `redis: {path: ${redis.socket}, ${user}}\n${GROUPS}`,
    )
    const { code, stdout, stderr } = await read(partly, '--all')
    expect(code).toBe(3)
    expect(stdout).toContain('req1:54')
    expect(stdout).toContain('done:8')
    expect(stderr).toMatch(
      /^ecl-reader: group "dyn" is left out: .*the user may not do this; check its ACL/m,
    )
    const audit = await read(partly, '--audit')
    expect([audit.code, audit.stdout]).toEqual([
      3,
      'web: no loggers known\n\njobs: no loggers known\n',
    ])
    expect((await read(partly, '-g', 'dyn')).stdout).toBe('')
  })

  it('1 where a stored value is no count, naming it and printing the rest', async () => {
    await writeAsPython()
    await redis.client.mset({ 'web:5s:last:req1': 'abc' })
    const { code, stdout, stderr } = await read(config, '-g', 'web', '-i', '5s')
    expect(code).toBe(1)
    expect(stdout).toBe(WEB_5S_LAST.replace('req1:54\n', ''))
    expect(stderr).toMatch(/^.*left out.*"req1".*\n$/)
  })
})

describe('says on stderr', () => {
  it('that no master turns windows over, and prints what there is', async () => {
    await writeAsPython()
    const old = Math.floor(Date.now() / 1000) - 60
    await redis.client.mset({ 'web:5s:cur:@ts': old, 'web:5s:cur:@by': old })
    const { code, stdout, stderr } = await read(config, '-g', 'web', '-i', '5s')
    expect({ code, stdout }).toEqual({ code: 0, stdout: WEB_5S_LAST })
    expect(stderr).toMatch(/^ecl-reader: .*has not been turned over; is ecl-master running\?\n$/)
  })

  it('that there is no window yet', async () => {
    const { stderr } = await read(config, '-g', 'jobs')
    expect(stderr).toMatch(/^ecl-reader: .*no window yet; is ecl-master running\?\n$/)
  })

  it("a config's warnings", async () => {
    await writeAsPython()
    const text = `redis: {path: ${redis.socket}}\n${GROUPS}`
    const file = configFile(redis, 'odd.yml', text.replace('[1h]', '[1h]\n    sync-interval: 1'))
    const { code, stdout, stderr } = await read(file, '-g', 'jobs')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done:8\n' })
    expect(stderr).toMatch(/^.*odd\.yml:\d+: .*sync_interval.*\n$/)
  })
})

describe('--json', () => {
  it('prints the window and exact integers', async () => {
    await writeAsPython()
    const { stdout } = await read(config, '-g', 'web', '-i', '5s', '--json')
    expect(stdout).toContain('"\uff21":9007199254740993,')
    const { start, end, ...rest } = JSON.parse(stdout)
    expect(end - start).toBe(5)
    expect(start % 5).toBe(0)
    expect(rest).toMatchObject({
      group: 'web',
      interval: '5s',
      which: 'last',
      // Python's counts make it unknown, a grace after the boundary.
      completeness: expect.stringMatching(/^(pending|unknown)$/),
    })
  })

  it('prints both windows of one snapshot', async () => {
    await writeAsPython()
    const { stdout } = await read(config, '-g', 'dyn', '--both', '--format', 'json')
    const { last, current } = JSON.parse(stdout)
    expect(last.end).toBe(current.start)
    expect(current).toMatchObject({ which: 'current', counts: { base1: 0, base2: 0, new: 0 } })
  })
})

it('ends well when nobody reads its output to the end', async () => {
  const counters = Array.from({ length: 20_000 }, (_, i) => [`dyn:30s:last:event-${i}`, i])
  await redis.client.mset(Object.fromEntries(counters))
  await redis.client.mset({ 'dyn:30s:cur:@ts': Math.floor(Date.now() / 1000) })
  const child = spawn(process.execPath, [READER, config, '-g', 'dyn'])
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

it.each(['--help', '--version', '--completion bash', '-g dyn --list events $config'])(
  'says nothing when nobody reads what %s prints',
  async (args) => {
    const script = `$reader ${args} | true; $reader ${args} | head -1 > /dev/null; $reader ${args} >&-`
    expect(await readInShell(script, config)).toEqual({ code: 0, stdout: '', stderr: '' })
  },
)

it('ends with its exit code when nobody reads what it complains of', async () => {
  const script = '{ { $reader --nonsense 2>&1; echo $? >&3; } | true; } 3>&1'
  expect(await readInShell(script, config)).toMatchObject({ stdout: '2\n', stderr: '' })
})

it.each([
  ['--help', 1],
  ['-g dyn $config', 1],
  ['-g dyn --list events $config', 1],
  // UNKNOWN, as monitoring has it.
  ['-g dyn -w 1 $config', 3],
])('tells by its exit code that it cannot write: %s', async (args, code) => {
  const { stderr, ...ended } = await readInShell(`$reader ${args} > /dev/full`, config)
  expect(ended).toEqual({ code, stdout: '' })
  expect(stderr).not.toMatch(/^ +at /m)
})
