import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Redis, type RedisOptions } from 'ioredis'
import type { RedisConfig, RedisTlsConfig } from '../../config/config-types.ts'
import { asError, ConfigError } from '../../errors.ts'

/**
 * What every connection of ours has. ioredis' own retries, queues and resending are off: RedisConnection and the
 * numbered batches do that work, knowing what may be repeated.
 */
const OURS = {
  lazyConnect: true,
  retryStrategy: null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // The first command tells as much as INFO would, one round trip earlier and without needing a right to INFO.
  enableReadyCheck: false,
  disableClientInfo: true,
  connectTimeout: 5000,
  // RESP2 needs no HELLO, which some proxies do not know.
  protocol: 2,
  replyMapping: 'legacy',
} as const satisfies RedisOptions

/** A way to make clients, and the server's name for messages. */
export interface RedisClients {
  readonly create: () => Redis
  /** `host:port/db` or a socket's path; without secrets. */
  readonly endpoint: string
  /** Put before every key by the client itself. */
  readonly keyPrefix: string
}

/**
 * Reads a backend into a way to make clients.
 *
 * @param backend options in the YAML's shape, a `redis://` or `rediss://` URL, or a client of the user's own, which is
 *   duplicated and otherwise left alone
 * @throws ConfigError for a URL of another kind or a certificate that cannot be read
 */
export function redisClients(backend: RedisConfig | string | Redis): RedisClients {
  if (typeof backend === 'string') return clientsOf(optionsFromUrl(backend))
  if (isClient(backend)) {
    const { host, port, path, db, keyPrefix } = backend.options
    return {
      create: () => backend.duplicate(OURS),
      endpoint: describeEndpoint({ ...definedOnly({ host, port, path, db }) }),
      keyPrefix: keyPrefix ?? '',
    }
  }
  return clientsOf(optionsFromConfig(backend))
}

/** Whether something is an ioredis client; by its looks, since the user's ioredis may be another copy of it. */
export function isClient(backend: object): backend is Redis {
  if (!('duplicate' in backend && typeof backend.duplicate === 'function')) return false
  if ('isCluster' in backend && backend.isCluster === true) {
    throw new ConfigError(['backend: a Redis Cluster client was given; one server is expected'])
  }
  return true
}

function clientsOf(options: RedisOptions): RedisClients {
  return {
    create: () => new Redis({ ...options, ...OURS }),
    endpoint: describeEndpoint(options),
    keyPrefix: '',
  }
}

function describeEndpoint(options: RedisOptions): string {
  const server = options.path ?? `${options.host ?? 'localhost'}:${options.port ?? 6379}`
  const database = options.db ? `/${options.db}` : ''
  return `${server}${database}${options.tls === undefined ? '' : ' with TLS'}`
}

function optionsFromConfig(config: RedisConfig): RedisOptions {
  const { tls, ...plain } = config
  const options: RedisOptions = definedOnly({ host: 'localhost', ...definedOnly(plain) })
  return tls === undefined || tls === false
    ? options
    : { ...options, tls: tlsOptions(tls, options.host) }
}

function tlsOptions(tls: true | RedisTlsConfig, host: string | undefined) {
  const given = tls === true ? {} : tls
  const servername = given.servername ?? hostName(host)
  return definedOnly({
    ca: given.ca === undefined ? undefined : readPem('ca', given.ca),
    cert: given.cert === undefined ? undefined : readPem('cert', given.cert),
    key: given.key === undefined ? undefined : readPem('key', given.key),
    servername,
    rejectUnauthorized: given.reject_unauthorized ?? true,
  })
}

/** RFC 6066 has names only: a server that is called by its address is not told of one. */
function hostName(host: string | undefined): string | undefined {
  return host === undefined || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 ? undefined : host
}

function readPem(name: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (caught) {
    const reason = asError(caught).message
    throw new ConfigError([`redis.tls.${name}: cannot be read: ${reason}; name a PEM file`])
  }
}

/** `redis[s]://[[user]:password@]host[:port][/db]`, as registered with IANA. */
function optionsFromUrl(text: string): RedisOptions {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new ConfigError(['backend: not a URL; write redis://host:6379/0'])
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new ConfigError([
      `backend: ${url.protocol}// is not supported; write redis:// or rediss://`,
    ])
  }
  const db = url.pathname.replace(/^\//, '')
  if (!/^\d*$/.test(db)) {
    throw new ConfigError([`backend: "/${db}" is not a database; write a number, such as /0`])
  }
  return definedOnly({
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: url.port === '' ? undefined : Number(url.port),
    db: db === '' ? undefined : Number(db),
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls:
      url.protocol === 'rediss:' ? definedOnly({ servername: hostName(url.hostname) }) : undefined,
  })
}

/** ioredis takes a key that is there and undefined for a given one. */
function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  // Only the undefined values are gone, which is what the type says.
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
