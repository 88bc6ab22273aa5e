/** What names can do that somebody else has chosen: a path in a request, a user's agent. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { EventCountLogger, type GroupsConfig, type Logger } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { read, readInTerminal } from '../packages/ecl-reader/test/reader-process.ts'

const LOG_EVENT = fileURLToPath(
  new URL('../packages/ecl-log-event/bin/ecl-log-event.cjs', import.meta.url),
)
const GROUPS: GroupsConfig = {
  open: { events: ['own'], intervals: ['400000h'], auto_declare_events: true },
  fixed: { events: ['own'], intervals: ['400000h'] },
  bounded: { events: ['own'], intervals: ['400000h'], auto_declare_events: true, max_events: 100 },
}

/** Names that are allowed, and mean something elsewhere. */
const ALLOWED = [
  '*',
  '?[a-z]^\\',
  'open:400000h:cur:own',
  'cur:@ts',
  'a:@clients',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$(reboot)',
  "'; DROP TABLE counts; --",
  '%s%n%1$s',
  '../../etc/passwd',
  '"},{"a":"',
  '<script>alert(1)</script>',
  '=HYPERLINK("x")',
  'own,own\u2028own',
  '\u202egnp.exe',
  '💥'.repeat(256),
]
/** Names that are not: they would be taken for ours, or break lines and terminals. */
const REFUSED = [
  '',
  '@ts',
  '@ids',
  '@',
  'a\r\nFLUSHALL\r\n',
  '*1\r\n$8\r\nFLUSHALL\r\n',
  'a\nown:999',
  '\u0000',
  '\u001b[2J',
  '\u009b2J',
  '\u007f',
  '\t',
  '💥'.repeat(257),
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours a text
const COLOUR = /\u001b\[[0-9;]{0,4}m/g

let redis: PrivateRedis
let config: string
let messages: string[]
const logger: Logger = {
  debug() {},
  info() {},
  warn: (_, message) => void messages.push(message),
  error: (_, message) => void messages.push(message),
}

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = join(redis.directory, 'ecl.yml')
  writeFileSync(config, JSON.stringify({ redis: redis.backend, groups: GROUPS }))
})
beforeEach(() => {
  messages = []
})
afterEach(() => redis.client.flushall())
afterAll(() => redis.close())

describe('a program that logs whatever it is given', () => {
  it('has allowed names counted as they are, and no other key touched', async () => {
    await using ecl = new EventCountLogger(GROUPS, redis.backend, { logger })
    const group = ecl.getGroup('open')
    for (const name of ALLOWED) group.log(name, 3)
    group.log('own', 7)
    await group.flush()
    const counts = await group.getCounts('400000h', { current: true })
    expect(new Map(Object.entries(counts))).toEqual(
      new Map([...ALLOWED.map((name) => [name, 3] as const), ['own', 7] as const]),
    )
    expect(Object.getPrototypeOf(counts)).toBe(Object.prototype)
    const keys = await redis.client.keys('*')
    const ours = ['@ts', '@by', '@ids', '@sum'].map((name) => `open:400000h:cur:${name}`)
    expect(keys.sort()).toEqual(
      ['own', ...ALLOWED]
        .map((name) => `open:400000h:cur:${name}`)
        .concat(ours, 'open:@clients')
        .sort(),
    )
    expect(messages).toEqual([])
  })

  it('has others refused, each said once and shown harmlessly, and goes on', async () => {
    await using ecl = new EventCountLogger(GROUPS, redis.backend, { logger })
    const group = ecl.getGroup('open')
    for (const name of [...REFUSED, ...REFUSED]) group.log(name)
    group.log('own')
    await group.flush()
    expect(await group.getCounts('400000h', { current: true })).toEqual({ own: 1 })
    expect(group.stats).toMatchObject({ undeclared: 2 * REFUSED.length, applied: 1 })
    expect(messages).toHaveLength(REFUSED.length)
    for (const message of messages) expect(message).not.toMatch(CONTROL)
  })

  it('has what is no text refused, whatever that is', async () => {
    await using ecl = new EventCountLogger(GROUPS, redis.backend, { logger })
    const group = ecl.getGroup('open')
    // As JavaScript calls it.
    const log = (event: unknown) => group.log(event as string)
    const things = [null, undefined, true, 5n, Symbol('s'), () => 1, [], Object.create(null)]
    const throwing = () => {
      throw new Error('no text')
    }
    things.push({ toString: 1 }, { toString: throwing })
    for (const thing of things) expect(() => log(thing)).not.toThrow()
    expect(group.stats).toMatchObject({ undeclared: things.length, logged: 0 })
  })

  it('keeps little of long names that are refused, in an open group, too', async () => {
    await using ecl = new EventCountLogger(GROUPS, redis.backend, { logger })
    const long = 'x'.repeat(1024 * 1024)
    for (let i = 0; i < 5; i++) ecl.getGroup(i < 3 ? 'fixed' : 'open').log(`${i}${long}`)
    expect(messages).toHaveLength(5)
    for (const message of messages) expect(message.length).toBeLessThan(400)
    const group = ecl.getGroup('open')
    group.log('own')
    await group.flush()
    expect(await group.getCounts('400000h', { current: true })).toEqual({ own: 1 })
  })
})

describe('ecl-log-event', () => {
  it.each(REFUSED.filter((name) => !name.includes('\u0000')))('refuses %j', async (name) => {
    const ended = promisify(execFile)(process.execPath, [LOG_EVENT, config, 'open', name])
    const failed: unknown = await ended.catch((caught: unknown) => caught)
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('ecl-log-event: ') })
    expect((failed as { readonly stderr: string }).stderr.trimEnd()).not.toMatch(CONTROL)
    expect(await redis.client.keys('open:400000h:cur:[^@]*')).toEqual([])
  })

  it('keeps a group to its bound though several are flooded with distinct names at once', async () => {
    const flood = async (who: number) => {
      const child = spawn(process.execPath, [LOG_EVENT, config, 'bounded', '-'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      const names = Array.from({ length: 3000 }, (_, i) => `${who}/${i}\n`)
      child.stdin.end(`own\n${names.join('')}`)
      expect(await once(child, 'close')).toEqual([0, null])
    }
    await Promise.all([0, 1, 2].map(flood))
    const keys = await redis.client.keys('bounded:400000h:cur:[^@]*')
    // The declared one and the one for all others come on top.
    expect(keys.length).toBeLessThanOrEqual(100 + 2)
    expect(keys.length).toBeGreaterThanOrEqual(100)
    const sum = (await redis.client.mget(keys)).reduce((all, count) => all + Number(count), 0)
    expect(sum).toBe(9003)
    expect(await redis.client.get('bounded:400000h:cur:own')).toBe('3')
    expect(Number(await redis.client.get('bounded:400000h:cur:other'))).toBeGreaterThanOrEqual(8900)
  })
})

describe('ecl-reader, where others have stored names that we refuse', () => {
  const foreign = ['a\u001b[2J', 'b\u009b31m', 'c\rd', 'e\u0007', 'f\nown:999', 'g"\\,']

  beforeEach(async () => {
    // Since 2015.
    const start = 400_000 * 3600
    await redis.client.mset({ 'open:400000h:cur:@ts': start, 'open:400000h:cur:@by': start })
    for (const part of ['cur', 'last']) {
      for (const name of foreign) await redis.client.set(`open:400000h:${part}:${name}`, 5)
      await redis.client.set(`open:400000h:${part}:own`, 1)
      await redis.client.sadd(`open:400000h:${part}:@ids`, 'own', ...foreign)
    }
  })
  const args = (...more: readonly string[]) => [config, '-g', 'open', '--current', ...more]

  it.each(['plain', 'json', 'csv', 'table', 'prometheus', 'munin'])(
    'sends a terminal no control character: %s',
    async (format) => {
      const shown = await readInTerminal(100, ...args('--format', format))
      expect(shown).toContain('own')
      // Lines end, and colours are ours; what else is there is not.
      expect(shown.replaceAll(/\r+\n/g, '').replaceAll(COLOUR, '')).not.toMatch(CONTROL)
      expect(shown).not.toContain('\u001b[2J')
    },
  )

  it('tells a terminal so what holds no count', async () => {
    await redis.client.set('open:400000h:cur:b\u009b31m', 'no count')
    const shown = await readInTerminal(100, ...args())
    expect(shown).toContain('31m')
    expect(shown).toContain('own:1')
    expect(shown.replaceAll(/\r+\n/g, '')).not.toMatch(CONTROL)
  })

  it('writes JSON that holds each name as it is', async () => {
    const { stdout, code } = await read(...args('--json'))
    expect(code).toBe(0)
    const parsed = JSON.parse(stdout) as { readonly counts: Record<string, number> }
    expect(parsed.counts).toEqual({
      own: 1,
      ...Object.fromEntries(foreign.map((name) => [name, 5])),
    })
  })

  it('writes metrics in which no name can forge a line', async () => {
    const { stdout } = await read(...args('--format', 'prometheus'))
    expect(stdout.split('\n').filter((line) => line.startsWith('own'))).toEqual([])
    const samples = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    for (const line of samples) expect(line).toMatch(/^[a-z_]+\{[^\n]*\} \S+( \d+)?$/)
  })

  it('tells Munin of fields whose names are made of harmless characters', async () => {
    const { stdout } = await read(config, '-g', 'open', '--format', 'munin')
    expect(stdout).toContain('own.value')
    for (const line of stdout.trimEnd().split('\n')) {
      expect(line).toMatch(/^(multigraph \S+|[A-Za-z_][A-Za-z0-9_]*\.value \S+)$/)
    }
  })
})
