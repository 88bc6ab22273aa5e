import { isIP } from 'node:net'

/** What the URL of a Redis says. */
export interface RedisUrl {
  readonly host: string
  readonly port: number | undefined
  readonly db: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: boolean
}

const EXPECTED = 'write redis://HOST:PORT/DB, or rediss://… for TLS'
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^(ssl|tls)/i, 'write certificates and their checks under "tls", beside "url: rediss://…"'],
  [
    /^(db|database)$/i,
    'write the number of the database after the host, as in redis://HOST:PORT/0',
  ],
  [/^(user|pass|auth)/i, 'write redis://USER:PASSWORD@HOST'],
]

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/db]`, as registered with IANA.
 *
 * @returns a text, to follow the name of the place, where it is none. It never quotes the URL, which may hold a password
 */
export function parseRedisUrl(text: string): RedisUrl | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  if (scheme === undefined) {
    const socket = text.startsWith('/') ? '"path: …" under redis reaches a Unix socket; ' : ''
    return `is not a URL; ${socket}${EXPECTED}`
  }
  if (!/^rediss?$/i.test(scheme)) {
    const socket = /unix/i.test(scheme) ? '"path: …" under redis reaches a Unix socket; ' : ''
    return `has the scheme ${scheme}://; ${socket}${EXPECTED}`
  }
  if (!URL.canParse(text)) {
    return `is not a valid URL; ${EXPECTED}, with special characters of a password as %XX`
  }
  const { hostname, pathname, port, username, password, search, hash, protocol } = new URL(text)
  if (hostname === '') return `names no host; ${EXPECTED}`
  const db = pathname.replace(/^\//, '')
  if (hash !== '' || !/^\d*$/.test(db)) {
    return `has no database number after the host; ${EXPECTED}, with special characters of a password as %XX`
  }
  const [parameter] = new URLSearchParams(search).keys()
  if (parameter !== undefined) {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(parameter))?.[1]
    return `has parameters after "?", which have no meaning; ${remedy ?? 'write options in the form of a mapping: "redis: {url: …}"'}`
  }
  const decoded = [hostname, username, password].map(decode)
  const [host, user, secret] = decoded
  if (host === undefined || user === undefined || secret === undefined) {
    const where = secret === undefined ? 'password' : user === undefined ? 'user name' : 'host'
    return `has a "%" in its ${where} that does not stand for a character; write special characters as %XX, and "%" itself as %25`
  }
  return {
    host: withoutBrackets(host),
    port: port === '' ? undefined : Number(port),
    db: db === '' ? undefined : Number(db),
    username: user === '' ? undefined : user,
    password: secret === '' ? undefined : secret,
    tls: protocol === 'rediss:',
  }
}

/** An IPv6 address may be written as in a URL. */
export function withoutBrackets(host: string): string {
  const inner = /^\[(.*)\]$/.exec(host)?.[1]
  return inner !== undefined && isIP(inner) === 6 ? inner : host
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
