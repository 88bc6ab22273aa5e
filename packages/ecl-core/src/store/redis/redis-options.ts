import { type Cluster, Redis, type RedisOptions } from 'ioredis'
import type { RedisConfig } from '../../config/config-types.ts'
import { formatNodeAddress, type NodeAddress, parseNodeAddress } from '../../config/node-address.ts'
import { parseRedisUrl, withoutBrackets } from '../../config/redis-url.ts'
import { ConfigError } from '../../errors.ts'
import { guardedClient } from './guarded-client.ts'
import { type IoredisClient, isIoredisClient, refuseForeign } from './ioredis-client.ts'
import { ServerFirstConnector } from './server-first-connector.ts'
import { hostName, readTls, renewed } from './tls-files.ts'

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
  // After a socket that has closed already, ioredis would keep the process alive for so long.
  disconnectTimeout: 1,
  // RESP2 needs no HELLO, which some proxies do not know.
  protocol: 2,
  replyMapping: 'legacy',
} as const satisfies RedisOptions

/** A way to make clients, and the server's name for messages. */
export interface RedisClients {
  /** Makes a client of the server, or of one at another address with the same options. */
  readonly create: (address?: NodeAddress) => Redis
  /** `host:port/db` or a socket's path; without secrets. */
  readonly endpoint: string
  /** What is remarkable of the password, for the case that it is refused. */
  readonly passwordNote?: string | undefined
  /** Put before every key by the client itself. */
  readonly keyPrefix: string
  /** For how long a crash or a failover may undo what was acknowledged, ms; undefined where the backend does not say. */
  readonly lossWindowMs?: number | undefined
  /** Present where sentinels say which server it is. */
  readonly sentinel?: SentinelClients
  /** Present in a Redis Cluster: the nodes to ask first. */
  readonly seeds?: readonly NodeAddress[]
  /** How to reach a node that calls itself by another address, as behind a NAT. */
  readonly reach?: (address: NodeAddress) => NodeAddress
}

/** A way to make clients of sentinels. */
export interface SentinelClients {
  /** What the sentinels call the primary. */
  readonly name: string
  readonly nodes: readonly NodeAddress[]
  readonly create: (address: NodeAddress) => Redis
}

const SENTINEL_PORT = 26_379
const CLUSTER_PORT = 6379

/**
 * Reads a backend into a way to make clients.
 *
 * @param backend options in the YAML's shape, a `redis://` or `rediss://` URL, or a client of the user's own, which is
 *   duplicated and otherwise left alone
 * @throws ConfigError for a URL of another kind, a certificate that cannot be read, or an address that is none
 */
export function redisClients(backend: RedisConfig | string | IoredisClient): RedisClients {
  if (typeof backend === 'string') return clientsOf(optionsFromUrl(backend))
  refuseForeign(backend)
  if (isIoredisClient(backend)) {
    // ioredis 5 and 6 are the same, as far as they are used here.
    const client = backend as Redis | Cluster
    return isCluster(client) ? clientsOfCluster(client) : clientsOfClient(client)
  }
  const { loss_window: lossSeconds } = backend
  return {
    ...clientsOfConfig(backend),
    lossWindowMs: lossSeconds === undefined ? undefined : lossSeconds * 1000,
  }
}

function clientsOfConfig(backend: RedisConfig): RedisClients {
  const options = optionsFromConfig(backend)
  const current = renewed(options, () => optionsFromConfig(backend))
  const { sentinel, cluster } = backend
  if (sentinel !== undefined) {
    const { username, password } = sentinel
    return {
      ...clientsOf(options, current),
      passwordNote: passwordNote(options) ?? passwordNote(definedOnly({ password })),
      endpoint: `${sentinel.name} of Sentinel`,
      sentinel: {
        name: sentinel.name,
        nodes: addresses('sentinel.nodes', sentinel.nodes, SENTINEL_PORT),
        create: (address) =>
          newClient(definedOnly({ ...address, username, password, tls: current().tls })),
      },
    }
  }
  if (cluster !== undefined) {
    if (backend.db) throw new ConfigError(['redis.db: a Redis Cluster has database 0 only'])
    return {
      ...clientsOf(options, current),
      endpoint: cluster.join(', '),
      seeds: addresses('cluster', cluster, CLUSTER_PORT),
    }
  }
  return clientsOf(options, current)
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster
}

function newClient(options: RedisOptions): Redis {
  const { Connector: Base = ServerFirstConnector } = options
  return guardedClient(Base, (Connector) => new Redis({ ...options, ...OURS, Connector }))
}

/** The same of the user's own copy of ioredis, and with all options that it was made with. */
function duplicateOf(client: Redis, options: Partial<RedisOptions>): Redis {
  const { Connector: Base = ServerFirstConnector } = client.options
  return guardedClient(Base, (Connector) => client.duplicate({ ...OURS, ...options, Connector }))
}

/** As a file or a variable easily adds it. */
function passwordNote({ password }: RedisOptions): string | undefined {
  return typeof password === 'string' && password.trim() !== password
    ? 'the password begins or ends with a blank or a line break, which a file or a variable may have added'
    : undefined
}

function clientsOf(options: RedisOptions, current = () => options): RedisClients {
  return {
    passwordNote: passwordNote(options),
    create: (address) => newClient({ ...current(), ...address }),
    endpoint: describeEndpoint(options),
    keyPrefix: '',
  }
}

/** A client of the user's own, of one server or of what sentinels name. */
function clientsOfClient(client: Redis): RedisClients {
  const { options } = client
  const { host, port, path, db, keyPrefix = '', sentinels, name = '' } = options
  const clients = {
    create: (address?: NodeAddress) => duplicateOf(client, { ...address, ...NO_SENTINELS }),
    endpoint: describeEndpoint({ ...definedOnly({ host, port, path, db }) }),
    keyPrefix,
  }
  if (!sentinels) return clients
  const { sentinelUsername, sentinelPassword, sentinelTLS, enableTLSForSentinelMode } = options
  // ioredis speaks TLS to servers that sentinels name only where it is told so.
  const plain = enableTLSForSentinelMode === true ? {} : { tls: undefined }
  return {
    create: (address) => duplicateOf(client, { ...address, ...NO_SENTINELS, ...plain }),
    endpoint: `${name} of Sentinel`,
    keyPrefix,
    reach: natOf(options.natMap),
    sentinel: {
      name,
      nodes: sentinels.map((one) => ({
        host: one.host ?? 'localhost',
        port: one.port ?? SENTINEL_PORT,
      })),
      create: (address) =>
        newClient(
          definedOnly({
            ...address,
            username: sentinelUsername ?? undefined,
            password: sentinelPassword ?? undefined,
            tls: sentinelTLS,
          }),
        ),
    },
  }
}

/** Undefined means ioredis' own default. */
const NO_SENTINELS = { sentinels: undefined } as const

/** Its nodes are asked anew, as its own connections queue and resend. */
function clientsOfCluster(cluster: Cluster): RedisClients {
  const { options } = cluster
  // Private in ioredis' types, and the only place that has them before the first connection.
  const startupNodes: unknown = Reflect.get(cluster, 'startupNodes')
  const seeds = Array.isArray(startupNodes) ? startupNodes.map(seedOf) : []
  const { redisOptions = {}, keyPrefix = '' } = options
  return {
    create: (address) => newClient({ ...redisOptions, keyPrefix, ...address }),
    endpoint: 'the cluster of an ioredis client',
    keyPrefix,
    seeds,
    reach: natOf(options.natMap),
  }
}

/** A start-up node as ioredis takes it: a port, a URL or `host:port`, or options. */
function seedOf(node: unknown): NodeAddress {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node }
  if (typeof node === 'string') {
    const { host, port } = optionsFromUrl(node.includes('://') ? node : `redis://${node}`)
    return { host: host ?? 'localhost', port: port ?? CLUSTER_PORT }
  }
  const { host, port }: { host?: unknown; port?: unknown } = Object(node)
  return { host: typeof host === 'string' ? host : '127.0.0.1', port: Number(port ?? CLUSTER_PORT) }
}

function natOf(natMap: RedisOptions['natMap']): (address: NodeAddress) => NodeAddress {
  return (address) => {
    const key = `${address.host}:${address.port}`
    return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? address
  }
}

function addresses(key: string, nodes: readonly string[], defaultPort: number): NodeAddress[] {
  if (nodes.length === 0) throw new ConfigError([`redis.${key}: is empty; name a node`])
  return nodes.map((node, index) => {
    const address = parseNodeAddress(node, defaultPort)
    if (address !== undefined) return address
    throw new ConfigError([
      `redis.${key}[${index}]: is not the address of a node; write HOST:PORT, such as redis1:${defaultPort}`,
    ])
  })
}

function describeEndpoint(options: RedisOptions): string {
  const { path, host = 'localhost', port = 6379 } = options
  const server = path || formatNodeAddress({ host, port })
  const database = options.db ? `/${options.db}` : ''
  return `${server}${database}${options.tls ? ' with TLS' : ''}`
}

function optionsFromConfig(config: RedisConfig): RedisOptions {
  const { tls, sentinel, cluster, loss_window: _, url, ...given } = config
  const plain = given.host === undefined ? given : { ...given, host: withoutBrackets(given.host) }
  const { host, port, path } = plain
  if (url !== undefined) return optionsFromUrlAnd(url, config)
  if (sentinel !== undefined || cluster !== undefined) {
    // With sentinels or a cluster, each address is told later.
    if (host !== undefined || port !== undefined || path !== undefined || (sentinel && cluster)) {
      throw new ConfigError(['redis: give host and port, or path, or sentinel, or cluster'])
    }
  }
  const local = sentinel === undefined && cluster === undefined ? { host: 'localhost' } : {}
  const options: RedisOptions = definedOnly({ ...local, ...definedOnly(plain) })
  return tls === undefined || tls === false
    ? options
    : { ...options, tls: readTls(tls, options.host) }
}

function optionsFromUrl(text: string, name = 'backend'): RedisOptions {
  const url = parseRedisUrl(text)
  if (typeof url === 'string') throw new ConfigError([`${name}: ${url}`])
  const { tls, ...options } = url
  return definedOnly({
    ...options,
    tls: tls ? definedOnly({ servername: hostName(url.host) }) : undefined,
  })
}

/** A URL, and what no URL can say. */
function optionsFromUrlAnd(url: string, config: RedisConfig): RedisOptions {
  const { tls, loss_window: _, url: __, ...others } = config
  const [other] = Object.keys(definedOnly(others))
  if (other !== undefined)
    throw new ConfigError([`redis.${other}: stands beside url; remove one of the two`])
  const options = optionsFromUrl(url, 'redis.url')
  if (tls === undefined) return options
  if (tls !== false) return { ...options, tls: readTls(tls, options.host) }
  if (options.tls)
    throw new ConfigError(['redis.tls: is off, where the URL has rediss://; remove tls'])
  return options
}

/** ioredis takes a key that is there and undefined for a given one. */
function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  // Only the undefined values are gone, which is what the type says.
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
