import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'

const GROUPS = 'groups: {g: {events: [a, b], intervals: [400000h]}}'
const CACHED = 'groups: {g: {events: [a, b], intervals: [400000h], sync_interval: 3600}}'

let redis: PrivateRedis
let config: string
let cached: string
let down: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  const file = (name: string, socket: string, groups: string) => {
    const path = join(redis.directory, name)
    writeFileSync(path, `redis: {path: ${socket}}\n${groups}\n`)
    return path
  }
  config = file('ecl.yml', redis.socket, GROUPS)
  cached = file('cached.yml', redis.socket, CACHED)
  down = file('down.yml', join(redis.directory, 'none.sock'), GROUPS)
})
afterEach(async () => {
  redis.signal('SIGCONT')
  await redis.client.flushall()
})
afterAll(() => redis.close())

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

function run(program: string, ...args: string[]): Promise<Ended> {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, ...args], { timeout: 15_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      const tookMs = performance.now() - startedMs
      if (typeof code === 'number') resolve({ code, stdout, stderr, tookMs })
      else reject(error ?? new Error('no exit code'))
    })
  })
}

const runShort = (file: string, thing: string) => run('short-lived.mjs', file, thing)

const stored = (event: string) => redis.client.get(`g:400000h:cur:${event}`)

/** How long Node takes for a program of the library that does nothing. */
async function idleMs(): Promise<number> {
  return (await runShort(config, 'nothing')).tookMs
}

describe('a program that logs and ends', () => {
  it('without closing has everything stored, and says nothing', async () => {
    for (const file of [config, cached]) {
      const { code, stdout, stderr } = await runShort(file, 'log')
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
      expect([await stored('a'), await stored('b')]).toEqual(['3', '10'])
      await redis.client.flushall()
    }
  })

  it('is not missed afterwards by who asks whether a window is complete', async () => {
    for (const thing of ['log', 'log, flush, idle']) {
      await runShort(config, thing)
      const [entry = ''] = await redis.client.hvals('g:@clients')
      expect(entry).toMatch(/^\d+ \d+ 1 /)
      await redis.client.flushall()
    }
  })

  it('keeps the exit code that it has set', async () => {
    expect(await runShort(config, 'log, exit code 7')).toMatchObject({ code: 7, stderr: '' })
    expect(await stored('a')).toBe('1')
    expect(await runShort(down, 'log, exit code 7')).toMatchObject({ code: 7 })
  })

  it('ends at once when all is flushed, though a connection is open', async () => {
    const { code, tookMs, stderr } = await runShort(config, 'log, flush, idle')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(tookMs - (await idleMs())).toBeLessThan(1000)
  })

  it.each(['log, close', 'close'])('may await its end at top level: %s', async (thing) => {
    const { code, stdout, stderr } = await runShort(config, thing)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '{"unsentEvents":0}\n',
      stderr: '',
    })
    expect(await stored('a')).toBe(thing === 'close' ? null : '1')
  })

  it('ends as a program does that has thrown', async () => {
    const { code, stderr } = await runShort(config, 'log, throw')
    expect(code).toBe(1)
    expect(stderr).toContain('a fault of the program')
  })
})

describe.each([
  ['is down', () => down],
  [
    'does not answer',
    () => {
      redis.signal('SIGSTOP')
      return config
    },
  ],
])('while Redis %s, a program', (_how, configFile) => {
  it('that logs and ends is kept for about two seconds, and says in one line what is not sent', async () => {
    const { code, stdout, stderr, tookMs } = await runShort(configFile(), 'log')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(tookMs).toBeGreaterThan(1900)
    expect(tookMs).toBeLessThan(3500)
    const lines = stderr.trimEnd().split('\n')
    expect(lines.filter((line) => line.includes('13 events could not be sent'))).toHaveLength(1)
    // Besides that one, what is wrong with the server, at most.
    expect(lines.length).toBeLessThanOrEqual(2)
    for (const line of lines) expect(line).toMatch(/^ecl: /)
  })

  it('that awaits close() at top level ends in time, with 0, and knows what is not sent', async () => {
    const { code, stdout, tookMs } = await runShort(configFile(), 'log, close')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"unsentEvents":1}\n' })
    expect(tookMs).toBeLessThan(3500)
  })

  it('that has logged nothing ends at once', async () => {
    const file = configFile()
    const [nothing, closed] = await Promise.all([
      runShort(file, 'nothing'),
      runShort(file, 'close'),
    ])
    expect(nothing).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(closed).toMatchObject({ code: 0, stdout: '{"unsentEvents":0}\n', stderr: '' })
    expect(closed.tookMs - nothing.tookMs).toBeLessThan(900)
  })
})

it('a program that awaits a reading while Redis is down hears of it, and does not end before', async () => {
  const { code, stdout } = await runShort(down, 'read')
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'STORE_UNAVAILABLE\n' })
})

const CALLS = [
  'read',
  'accounts',
  'windows',
  'rotate',
  'adopt',
  'warnings',
  'acknowledge',
  'try',
  'queue state',
]

describe("a program of one's own that awaits a call of a store at top level", () => {
  const sqlite = (): string => {
    const file = join(redis.directory, 'sqlite.yml')
    writeFileSync(file, `store: "sqlite:${join(redis.directory, 'c.db')}"\n${GROUPS}\n`)
    return file
  }
  // The file is made by who writes.
  beforeAll(() => run('store-call.mjs', sqlite(), 'rotate'))

  describe.each(CALLS)('%s', (call) => {
    it.each([
      ['Redis', () => config],
      ['an SQLite file', sqlite],
    ])(
      'hears of it before it ends, and ends then though it has not closed it: %s',
      async (_, file) => {
        const { code, stdout, tookMs } = await run('store-call.mjs', file(), call)
        expect({ code, stdout }).toEqual({ code: 0, stdout: 'answered\n' })
        expect(tookMs).toBeLessThan(4000)
      },
    )
  })

  it('hears before it ends that Redis is down, whatever it has called', async () => {
    const heard = await Promise.all(CALLS.map((call) => run('store-call.mjs', down, call)))
    const unavailable = { code: 0, stdout: 'STORE_UNAVAILABLE\n' }
    expect(heard.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
      CALLS.map(() => unavailable),
    )
  })
})

it('the library works by import and by require', async () => {
  const imported = await runShort(config, 'log, read')
  expect(imported).toMatchObject({ code: 0, stdout: '{"a":4,"b":0}\n', stderr: '' })
  const required = await run('required.cjs', config)
  expect(required).toMatchObject({ code: 0, stdout: '{"a":5,"b":0} function\n' })
})
