import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseConfig } from './config/parse-config.ts'
import { ConfigError } from './errors.ts'
import { EventCountLogger } from './event-count-logger.ts'
import type { Logger } from './logger.ts'
import { stripSecrets, withoutSecrets } from './secrets.ts'
import type { Backend } from './store/open-store.ts'
import { PrivateRedis } from './testing/private-redis.ts'

const GROUPS = { g: { events: ['a'], intervals: ['400000h'] } } as const
/** No word of any message, and no piece of a word. */
const secret = fc
  .tuple(
    fc.constantFrom(
      '',
      '>',
      '|',
      '%',
      '@',
      '!',
      '&',
      '*',
      '`',
      '"',
      "'",
      '\\',
      '{',
      '[',
      '- ',
      '? ',
      ': ',
      '#',
    ),
    fc.constantFrom(
      'q7Zx',
      'q7Zx@',
      'q7Zx/',
      'q7Zx#',
      'q7Zx:',
      'q7Zx%',
      'q7Zx\\',
      'q7Zx"',
      'q7Zx ',
      'q7Zx: ',
    ),
    fc.constantFrom('', 'j9Kw', 'j9Kw"', 'j9Kw}'),
  )
  .map((parts) => parts.join(''))
const PIECE = /q7Zx|j9Kw/

/** Where a password may stand in a config, rightly or by mistake; PW is in its place. */
const PLACES = [
  'redis: { password: PW }',
  'redis:\n  password: PW\n  port: x',
  'redis:\n  password: "PW"\n  port: x',
  'redis:\n  password: PW',
  'redis: redis://:PW@h/0',
  'redis: redis://u:PW@h/x',
  'redis: "http://u:PW@h/x"',
  'redis:\n  url: redis://:PW@h/x',
  'redis:\n  host: redis://:PW@h',
  'redis:\n  port: redis://:PW@h',
  'redis:\n  cluster: redis://:PW@h',
  'redis:\n  cluster: [ "redis://:PW@h" ]',
  'redis:\n  sentinel: redis://:PW@h',
  'redis:\n  sentinel:\n    name: m\n    nodes: redis://:PW@h',
  'redis:\n  sentinel:\n    name: m\n    nodes: [h]\n    password: [PW]',
  'redis:\n  tls:\n    key: [PW]',
  'redis:\n  passwort: PW',
  'store: redis://:PW@h',
  'store: postgres://u:PW@h/db',
  'history: postgres://u:PW@h/db',
  'history: "postgres://u:PW@h/db"',
  'history:\n  store: postgres://u:PW@h:x/db',
  'history:\n  store: mysql://u:PW@h/db',
  'history:\n  store: postgres://h/db?sslpassword=PW&x=1',
  'history:\n  store: sqlite:a?password=PW',
] as const

describe('a password is in no message', () => {
  it.each(PLACES)('of a config, wherever it stands: %j', (place) => {
    fc.assert(
      fc.property(secret, (password) => {
        const text = `${place.replace('PW', () => password)}\ngroups: { g: { events: a } }\n`
        let said: unknown
        try {
          said = parseConfig(text, { file: 'ecl.yml', env: {} }).warnings
        } catch (caught) {
          if (!(caught instanceof ConfigError)) throw caught
          said = caught
        }
        expect(inspect(said, { depth: 9 }).split('\n    at ')[0]).not.toMatch(PIECE)
      }),
    )
  })

  it.each<Backend>([
    'redis://u:100%q7Zx@h/0',
    'redis://:q7Zx@h/x',
    'http://:q7Zx@h',
    { url: 'redis://:q7Zx@h/x' },
    { url: 'redis://:q7Zx@h', password: 'q7Zx' },
    { cluster: ['redis://:q7Zx@h'] },
    { sentinel: { name: 'm', nodes: ['redis://:q7Zx@h'] } },
  ])('of a program that names it wrongly: %j', (backend) => {
    let said: unknown
    try {
      void new EventCountLogger(GROUPS, backend)
    } catch (caught) {
      said = caught
    }
    expect(said).toBeInstanceOf(ConfigError)
    expect(String(said)).not.toMatch(PIECE)
  })

  it.each<Backend>([
    'redis://u:q7Zx@@j9Kw@h/0',
    { url: 'rediss://u:q7Zx@h/0', tls: true },
    { host: 'redis://:q7Zx@h' },
    { password: 'q7Zx', sentinel: { name: 'm', nodes: ['h'], password: 'j9Kw' } },
  ])('of a dump: %j', async (backend) => {
    const ecl = new EventCountLogger(GROUPS, backend)
    expect(ecl.dumpConfig()).toContain('***')
    expect(ecl.dumpConfig()).not.toMatch(PIECE)
    await ecl.close()
  })

  describe('of a server that refuses it,', () => {
    let redis: PrivateRedis
    let sentinel: PrivateRedis
    beforeAll(async () => {
      redis = await PrivateRedis.start()
      const port = 20_000 + (process.pid % 1000)
      const config = 'sentinel monitor m 127.0.0.1 1 1\n'
      sentinel = await PrivateRedis.start({ role: 'sentinel', config, port })
    })
    afterAll(async () => {
      await redis.close()
      await sentinel.close()
    })

    it.each([
      ['redis', (): Backend => ({ ...redis.backend, username: 'q7Zx', password: 'j9Kw' })],
      [
        'a sentinel',
        (): Backend => ({
          sentinel: {
            name: 'm',
            nodes: [`127.0.0.1:${sentinel.port}`],
            username: 'q7Zx',
            password: 'j9Kw',
          },
        }),
      ],
    ])('%s: neither in the error, in what caused it, nor in the log', async (_, backend) => {
      const logged: unknown[] = []
      const log = (...args: unknown[]) => void logged.push(args)
      const logger: Logger = { debug: log, info: log, warn: log, error: log }
      const ecl = new EventCountLogger(GROUPS, backend(), { logger })
      const group = ecl.getGroup('g')
      group.log('a')
      const failure: unknown = await group.getCounts('400000h').catch((caught: unknown) => caught)
      await group.flush({ timeoutMs: 300 })
      await ecl.close({ timeoutMs: 10 })
      expect(String(failure)).toMatch(/password/)
      const all = inspect([failure, logged], { depth: 20, showHidden: true })
      expect(all).not.toMatch(PIECE)
    })
  })
})

it('masks what stands in addresses, and nothing else', () => {
  expect(
    withoutSecrets('at redis://u:p@ss/w:rd@h:1/0 and a@b, postgres://ecl:x@h?sslpassword=y&z=1'),
  ).toBe('at redis://u:***@h:1/0 and a@b, postgres://ecl:***@h?sslpassword=***')
  expect(withoutSecrets('https://example.org/a: see user@example.org')).toBe(
    'https://example.org/a: see user@example.org',
  )
})

it('strips errors within errors, also in a circle', () => {
  const inner = Object.assign(new Error('redis://u:p@h failed'), { command: { args: ['p'] } })
  const outer = new Error('x', { cause: inner })
  inner.cause = outer
  stripSecrets(outer)
  expect(inspect(outer, { depth: 9 })).not.toMatch(/args|:p@/)
})

it('masks a text of any length in a moment', () => {
  for (const piece of ['x', '://', 'a://b:', '@', 'password=', ' ']) {
    const started = performance.now()
    withoutSecrets(piece.repeat(1_000_000))
    withoutSecrets(`a://${piece.repeat(1_000_000)}`)
    expect(performance.now() - started).toBeLessThan(5000)
  }
})
