import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { StoreError } from '../../errors.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import type { Backend } from '../open-store.ts'

/** A certificate of its own making for localhost, which is good for these tests and for nothing else. */
const CERT = fileURLToPath(new URL('./fixtures/server-cert.pem', import.meta.url))
const KEY = fileURLToPath(new URL('./fixtures/server-key.pem', import.meta.url))
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
    for (let i = 0; i < 30; i++) {
      await expect(ecl.getGroup('g').getCounts('1h')).rejects.toBeInstanceOf(StoreError)
    }
    await ecl.close({ timeoutMs: 10 })
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
