import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { StoreError } from '../../errors.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import type { Backend } from '../open-store.ts'
import { redisClients } from './redis-options.ts'

/** A certificate of its own making for localhost, which is good for these tests and for nothing else. */
const CERT = fileURLToPath(new URL('./fixtures/server-cert.pem', import.meta.url))
const KEY = fileURLToPath(new URL('./fixtures/server-key.pem', import.meta.url))
/** Keys that do not belong to the certificate, and that nobody can read. */
const folder = mkdtempSync(join(tmpdir(), 'ecl-keys-'))
const [OTHER_KEY, LOCKED_KEY] = [join(folder, 'other.pem'), join(folder, 'locked.pem')]
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
writeFileSync(OTHER_KEY, privateKey.export({ type: 'pkcs8', format: 'pem' }))
const lock = { cipher: 'aes-256-cbc', passphrase: 'x' } as const
writeFileSync(LOCKED_KEY, privateKey.export({ type: 'pkcs8', format: 'pem', ...lock }))
afterAll(() => rmSync(folder, { recursive: true }))
const GROUPS = { g: { events: ['a'], intervals: ['1h'] } } as const

describe('over TLS, a logger', () => {
  let redis: PrivateRedis
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-cert-file', CERT, '--tls-key-file', KEY]
    redis = await PrivateRedis.start({
      args: [...tls, '--tls-ca-cert-file', CERT, '--tls-auth-clients', 'optional'],
    })
  })
  afterAll(() => redis.close())

  const logOnce = async (backend: Backend) => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text) }
    const ecl = new EventCountLogger(GROUPS, backend, { logger })
    ecl.getGroup('g').log('a')
    const { unsentEvents } = await ecl.getGroup('g').flush({ timeoutMs: 1500 })
    await ecl.close({ timeoutMs: 10 })
    return { unsentEvents, warnings }
  }

  it('trusts the authority that it was given', async () => {
    const backend = { host: 'localhost', port, tls: { ca: CERT } }
    expect(await logOnce(backend)).toEqual({ unsentEvents: 0, warnings: [] })
  })

  it('shows a certificate of its own', async () => {
    const backend = { host: '127.0.0.1', port, tls: { ca: CERT, cert: CERT, key: KEY } }
    expect(await logOnce(backend)).toEqual({ unsentEvents: 0, warnings: [] })
  })

  it('does not trust a certificate that nobody vouches for, and says so', async () => {
    expect(await logOnce(`rediss://localhost:${port}`)).toEqual({
      unsentEvents: 1,
      warnings: [expect.stringMatching(/with TLS: the certificate cannot be trusted/)],
    })
  })

  it('trusts any certificate only where it was told to', async () => {
    const backend = { host: 'localhost', port, tls: { reject_unauthorized: false } }
    expect(await logOnce(backend)).toEqual({ unsentEvents: 0, warnings: [] })
  })

  it('takes what no URL can say beside a URL', async () => {
    const backend = { url: `rediss://localhost:${port}/0`, tls: { ca: CERT } }
    expect(await logOnce(backend)).toEqual({ unsentEvents: 0, warnings: [] })
  })

  it('reads certificates anew for each connection, and keeps those that it has while they are being replaced', async () => {
    const ca = join(redis.directory, 'ca.pem')
    copyFileSync(CERT, ca)
    const { create } = redisClients({ host: 'localhost', port, tls: { ca } })
    const caOf = () => String(Reflect.get(Object(create().options.tls), 'ca'))
    const [old, renewed] = [readFileSync(CERT, 'utf8'), `${readFileSync(CERT, 'utf8')}\n`]
    expect(caOf()).toBe(old)
    writeFileSync(ca, 'half of')
    expect(caOf()).toBe(old)
    rmSync(ca)
    expect(caOf()).toBe(old)
    writeFileSync(ca, renewed)
    expect(caOf()).toBe(renewed)
  })

  it.each([
    ['ca', 'holds no certificate', { ca: KEY }],
    ['cert', 'holds no certificate', { cert: KEY, key: KEY }],
    ['key', 'is no key, or not that of redis.tls.cert', { cert: CERT, key: CERT }],
    ['key', 'is no key, or not that of redis.tls.cert', { cert: CERT, key: OTHER_KEY }],
    ['key', 'is encrypted; name one without a passphrase', { cert: CERT, key: LOCKED_KEY }],
    ['key', 'is missing beside cert', { cert: CERT }],
    ['cert', 'is missing beside key', { key: KEY }],
  ] as const)('refuses a %s that %s', (name, problem, tls) => {
    expect(() => new EventCountLogger(GROUPS, { tls })).toThrow(`redis.tls.${name}: ${problem}`)
  })

  it('refuses a certificate file that is not there', () => {
    const backend = { tls: { ca: '/nowhere/ca.pem' } }
    expect(() => new EventCountLogger(GROUPS, backend)).toThrow(/^redis\.tls\.ca: cannot be read/)
  })
})

describe('a server that wants a certificate of each client', () => {
  let redis: PrivateRedis
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-cert-file', CERT, '--tls-key-file', KEY]
    redis = await PrivateRedis.start({ args: [...tls, '--tls-ca-cert-file', CERT] })
  })
  afterAll(() => redis.close())

  // Such a socket has two errors, of which the second came when nobody listened any more.
  it('is an error of the store to who has none, however often it is tried', async () => {
    const backend = { host: 'localhost', port, tls: { ca: CERT } }
    const ecl = new EventCountLogger(GROUPS, backend, { logger: silentLogger })
    const said: unknown[] = []
    for (let i = 0; i < 30; i++) {
      const read = ecl.getGroup('g').getCounts('1h')
      await expect(read).rejects.toBeInstanceOf(StoreError)
      said.push(await read.catch(String))
    }
    await ecl.close({ timeoutMs: 10 })
    // On a machine that is busy, it may be heard too late.
    expect(said).toContainEqual(
      expect.stringMatching(
        /wants a certificate of the client; set "redis\.tls\.cert" and "redis\.tls\.key" \([^:]*required\)$/,
      ),
    )
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
