import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis, until } from 'ecl-core/testing'

const COMMAND = fileURLToPath(new URL('../bin/ecl-log-event.cjs', import.meta.url))
const GROUPS = `groups:
  web: {events: [hit, error, żółw], intervals: [400000h]}
  cached: {events: [hit], intervals: [400000h], sync_interval: 0.05}
  dyn: {events: [], intervals: [400000h, 800000h], auto_declare_events: true}
`

interface Ended {
  readonly code: number
  readonly stderr: string
}

const running = new Set<ChildProcess>()
let redis: PrivateRedis
let config: string

function configFile(name: string, socket: string): string {
  const file = join(redis.directory, name)
  writeFileSync(file, `redis: {path: ${socket}}\n${GROUPS}`)
  return file
}

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = configFile('ecl.yml', redis.socket)
})
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL')
  await redis.client.flushall()
})
afterAll(() => redis.close())

/** Starts the command with a pipe for stdin. */
function start(args: readonly string[], execArgv: readonly string[] = []) {
  const child = spawn(process.execPath, [...execArgv, COMMAND, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  running.add(child)
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = once(child, 'close').then(([code]): Ended => {
    running.delete(child)
    return { code: Number(code), stderr }
  })
  return { child, ended }
}

/** Runs the command to its end. */
function log(args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  const { child, ended } = start(args)
  child.stdin.end(input)
  return ended
}

async function countOf(key: string): Promise<number> {
  return Number(await redis.client.get(key))
}

const DONE = { code: 0, stderr: '' }

describe('one event', () => {
  it('is stored when the command ends', async () => {
    expect(await log([config, 'web', 'hit'])).toEqual(DONE)
    expect(await countOf('web:400000h:cur:hit')).toBe(1)
  })

  it('is counted so many times, in a group that counts in memory, too', async () => {
    await Promise.all([
      log([config, 'web', 'hit', '5']),
      log([config, 'web', 'hit', '-2']),
      log([config, 'cached', 'hit', '3']),
    ])
    expect(await countOf('web:400000h:cur:hit')).toBe(3)
    expect(await countOf('cached:400000h:cur:hit')).toBe(3)
  })

  it('is counted in each interval of a dynamic group', async () => {
    expect(await log([config, 'dyn', '/new: päth'])).toEqual(DONE)
    expect(
      await redis.client.mget('dyn:400000h:cur:/new: päth', 'dyn:800000h:cur:/new: päth'),
    ).toEqual(['1', '1'])
  })

  it.each([
    [0, 'help', ['--help'], /^$/],
    [1, 'a missing config', ['/nonexistent.yml', 'web', 'hit'], /no such file/],
    [1, 'an unknown group', ['CONFIG', 'nope', 'hit'], /group "nope" .*: web, cached, dyn\n$/],
    [1, 'an undeclared event', ['CONFIG', 'web', 'nope'], /event "nope" is not declared\n$/],
    [1, 'a reserved name', ['CONFIG', 'dyn', '@ts'], /event "@ts" .*reserved\n$/],
    [2, 'a fraction', ['CONFIG', 'web', 'hit', '1.5'], /whole number/],
    [2, 'a word for a number', ['CONFIG', 'web', 'hit', 'x'], /whole number/],
    [2, 'a number that is too large', ['CONFIG', 'web', 'hit', '1e20'], /whole number/],
    [2, 'a count with stdin', ['CONFIG', 'web', '-', '2'], /COUNT cannot be used with '-'/],
    [2, 'no event', ['CONFIG', 'web'], /missing required argument 'event'/],
    [2, 'an argument too many', ['CONFIG', 'web', 'hit', '1', '2'], /too many arguments/],
    [2, 'an unknown option', ['CONFIG', 'web', 'hit', '--frob'], /unknown option '--frob'/],
  ])('ends with %i for %s', async (code, _what, args, stderr) => {
    const ended = await log(args.map((arg) => (arg === 'CONFIG' ? config : arg)))
    expect(ended.stderr).toMatch(stderr)
    expect(ended.stderr).not.toMatch(/^ +at /m)
    expect(ended.code).toBe(code)
    expect(await redis.client.keys('*')).toEqual([])
  })

  it('ends with 3 where what is stored is no counter', async () => {
    await redis.client.set('web:400000h:cur:hit', 'abc')
    const { code, stderr } = await log([config, 'web', 'hit', '4'])
    expect(code).toBe(3)
    expect(stderr).toMatch(/NOT stored: 4 events, refused by the store\n$/)
  })
})

describe('stdin', () => {
  it('is counted line by line, and bad names are told once and counted', async () => {
    const input = Buffer.from('hit\r\n\nżółw\nnope\n\nhit\nnope\n\x9b31m\nhit')
    const { child, ended } = start([config, 'web', '-'])
    // Within the ó.
    child.stdin.write(input.subarray(0, 10))
    child.stdin.end(input.subarray(10))
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect(stderr.split('\n')).toEqual([
      'ecl-log-event: event "nope" is not declared; it is not counted',
      'ecl-log-event: event "\\x9b31m" holds a control character; it is not counted',
      'ecl-log-event: 3 of 7 lines were not counted, as they are no event of the group',
      '',
    ])
    expect(await redis.client.mget('web:400000h:cur:hit', 'web:400000h:cur:żółw')).toEqual([
      '3',
      '1',
    ])
  })

  it.each(['web', 'cached'])(
    'is counted live (group %s), and to the end at SIGTERM',
    async (group) => {
      const { child, ended } = start([config, group, '-'])
      child.stdin.write('hit\nhit\n')
      await until(async () => (await countOf(`${group}:400000h:cur:hit`)) === 2)
      child.stdin.write('hit\n')
      await until(async () => (await countOf(`${group}:400000h:cur:hit`)) === 3)
      child.kill('SIGTERM')
      expect(await ended).toEqual(DONE)
    },
  )

  it('is counted exactly, at a million lines and with little memory', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `/path/that/is/long/${i % 50}\n`).join('')
    const { child, ended } = start([config, 'dyn', '-'], ['--max-old-space-size=32'])
    for (let i = 0; i < 1000; i++) {
      if (!child.stdin.write(lines)) await once(child.stdin, 'drain')
    }
    child.stdin.end()
    expect(await ended).toEqual(DONE)
    const keys = Array.from({ length: 50 }, (_, i) => `dyn:400000h:cur:/path/that/is/long/${i}`)
    expect(await redis.client.mget(keys)).toEqual(keys.map(() => '20000'))
  })

  it('is kept while Redis is away', async () => {
    const { child, ended } = start([config, 'web', '-'])
    child.stdin.write('hit\n')
    await until(async () => (await countOf('web:400000h:cur:hit')) === 1)
    redis.signal('SIGSTOP')
    child.stdin.end('hit\n'.repeat(1000))
    await once(child.stdin, 'close')
    redis.signal('SIGCONT')
    expect(await ended).toEqual(DONE)
    expect(await countOf('web:400000h:cur:hit')).toBe(1001)
  })

  it('ends with 1 where it cannot be read', async () => {
    const child = spawn(
      'sh',
      ['-c', `"$0" "$@" 0> /dev/null`, process.execPath, COMMAND, config, 'web', '-'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^ecl-log-event: stdin cannot be read: EBADF.*\n$/),
    })
  })
})

it('ends with 3 after 5 s without Redis, and says how many events were not stored', async () => {
  const gone = configFile('gone.yml', join(redis.directory, 'none.sock'))
  const startedMs = performance.now()
  const [one, many] = await Promise.all([
    log([gone, 'web', 'hit']),
    log([gone, 'web', '-'], 'hit\nhit\nerror\n'),
  ])
  expect(performance.now() - startedMs).toBeLessThan(8000)
  for (const [{ code, stderr }, events] of [
    [one, '1 event'],
    [many, '3 events'],
  ] as const) {
    expect(code).toBe(3)
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^ecl-log-event: Redis at .*none\.sock: .*is redis-server running/)
    expect(lines[1]).toContain(`NOT stored, as far as is known: ${events};`)
  }
})

it.each([
  ['--help | true; $command --help | head -1 > /dev/null; $command --version >&-', ''],
  ['$config web hit >&- 2>&-; echo $?', '0\n'],
])('says nothing in vain, and ends with its exit code: %s', async (script, stdout) => {
  expect(await shell(`$command ${script}`)).toEqual({ stdout, stderr: '' })
})

it('counts nothing from a stdin that cannot be read, and says so', async () => {
  expect(await shell('$command $config web - < /; echo $?')).toEqual({
    stdout: '1\n',
    stderr: 'ecl-log-event: stdin cannot be read: EISDIR: illegal operation on a directory, read\n',
  })
  expect(await shell('$command $config web - < /dev/null; echo $?')).toEqual({
    stdout: '0\n',
    stderr: '',
  })
})

it('stores what is good though nobody reads its complaints', async () => {
  const script = `{ { printf 'hit\\nbad\\nhit\\n' | $command $config web - 2>&1; echo $? >&3; } | true; } 3>&1`
  expect(await shell(script)).toEqual({ stdout: '1\n', stderr: '' })
  expect(await countOf('web:400000h:cur:hit')).toBe(2)
})

/** Runs a script with the command, which is `$command` there, and a config, which is `$config`. */
function shell(script: string) {
  const env = { ...process.env, node: process.execPath, file: COMMAND, config }
  const filled = script.replaceAll('$command', '"$node" "$file"').replaceAll('$config', '"$config"')
  return promisify(execFile)('/bin/sh', ['-c', filled], { env })
}
