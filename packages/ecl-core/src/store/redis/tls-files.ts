import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import type { RedisTlsConfig } from '../../config/config-types.ts'
import { asError, ConfigError } from '../../errors.ts'

/**
 * Reads the files of a `tls:`, and makes sure that they fit together.
 *
 * @throws ConfigError, naming the file at fault
 */
export function readTls(tls: true | RedisTlsConfig, host: string | undefined): ConnectionOptions {
  const given = tls === true ? {} : tls
  const servername = given.servername ?? hostName(host)
  const ca = readPem('ca', given.ca)
  const cert = readPem('cert', given.cert)
  const key = readPem('key', given.key)
  if (cert === undefined && key !== undefined)
    throw fault('cert', 'is missing beside key; name the certificate')
  if (cert !== undefined && key === undefined)
    throw fault('key', 'is missing beside cert; name its key')
  if (key?.includes('ENCRYPTED') === true) {
    throw fault(
      'key',
      'is encrypted; name one without a passphrase, which openssl pkey -in KEY -out PLAIN writes',
    )
  }
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  for (const [name, file] of Object.entries({ ...(ca && { ca }), ...(cert && { cert }) })) {
    check(name, 'holds no certificate; name a PEM file', () => new X509Certificate(file))
  }
  check('key', 'is no key, or not that of redis.tls.cert; name the key that belongs to it', () =>
    createSecureContext(files),
  )
  return {
    ...files,
    ...(servername !== undefined && { servername }),
    rejectUnauthorized: given.reject_unauthorized ?? true,
  }
}

/**
 * Reads files at each use, as certificates are renewed while a program runs. One that cannot be used, as it is just being
 * replaced, leaves all as it was.
 */
export function renewed<T>(first: T, read: () => T): () => T {
  let latest = first
  return () => {
    try {
      latest = read()
    } catch {
      // The next connection looks again.
    }
    return latest
  }
}

/** RFC 6066 has names only: a server that is called by its address is not told of one. */
export function hostName(host: string | undefined): string | undefined {
  return host === undefined || isIP(host) !== 0 ? undefined : host
}

function readPem(name: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (caught) {
    throw fault(name, `cannot be read: ${asError(caught).message}; name a PEM file`)
  }
}

function check(name: string, problem: string, use: () => unknown): void {
  try {
    use()
  } catch {
    throw fault(name, problem)
  }
}

function fault(name: string, problem: string): ConfigError {
  return new ConfigError([`redis.tls.${name}: ${problem}`])
}
