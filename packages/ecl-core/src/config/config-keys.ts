import type { Path } from './problem.ts'

/** The keys of each mapping of a config. A test holds them against the schema, which is not loaded at run time. */
export const KEYS = {
  root: ['redis', 'store', 'groups', 'history'],
  redis: [
    'host',
    'port',
    'db',
    'username',
    'password',
    'path',
    'tls',
    'url',
    'loss_window',
    'sentinel',
    'cluster',
  ],
  sentinel: ['name', 'nodes', 'username', 'password'],
  tls: ['ca', 'cert', 'key', 'servername', 'reject_unauthorized'],
  group: [
    'events',
    'intervals',
    'auto_declare_events',
    'sync_interval',
    'sync_limit',
    'max_events',
    'replay_limit',
    'overflow_event',
    'python_writers',
    'layout',
  ],
  history: ['store', 'keep', 'keep_unarchived', 'maintenance'],
  unarchived: ['time', 'entries'],
} as const satisfies Record<string, readonly string[]>

/** A kind of mapping whose keys are known. */
export type MappingKind = keyof typeof KEYS

/** How messages call each of them. */
export const MAPPING_NAMES: Readonly<Record<MappingKind, string>> = {
  root: 'a config',
  redis: '"redis"',
  sentinel: '"sentinel"',
  tls: '"tls"',
  group: 'a group',
  history: '"history"',
  unarchived: '"keep_unarchived"',
}

/** Which mapping a path leads to; undefined where keys are free, or nothing is known. */
export function mappingAt(path: Path): MappingKind | undefined {
  if (path.length === 0) return 'root'
  if (path[0] === 'redis' && path.length === 1) return 'redis'
  if (path[0] === 'redis' && path.length === 2) {
    if (path[1] === 'tls' || path[1] === 'sentinel') return path[1]
  }
  if (path[0] === 'groups' && path.length === 2) return 'group'
  if (path[0] === 'history' && path.length === 1) return 'history'
  if (path[0] === 'history' && path.length === 2 && path[1] === 'keep_unarchived') {
    return 'unarchived'
  }
  return undefined
}

/** Values that are text, also where they look like a number or a boolean: events called `200` and `yes`. */
const TEXT_KEYS: Readonly<Record<MappingKind, readonly string[]>> = {
  root: ['redis', 'store'],
  redis: ['host', 'username', 'password', 'path', 'url'],
  sentinel: ['name', 'username', 'password'],
  tls: ['ca', 'cert', 'key', 'servername'],
  group: ['overflow_event'],
  history: ['store', 'maintenance'],
  unarchived: ['time'],
}

/**
 * Whether a scalar at a path is taken as written, rather than by its YAML type.
 *
 * @param path as the file spells it, so that hyphens may stand for underscores
 */
export function isTextAt(path: Path): boolean {
  const last = path.at(-1)
  if (typeof last === 'number') {
    return isTextList(path.slice(0, -1))
  }
  if (path.length === 3 && path[0] === 'history' && path[1] === 'keep') return true
  const mapping = mappingAt(path.slice(0, -1))
  if (mapping === undefined || last === undefined) return false
  return TEXT_KEYS[mapping].includes(withUnderscores(last))
}

function isTextList(path: Path): boolean {
  if (path[0] === 'groups')
    return path.length === 3 && ['events', 'intervals'].includes(`${path[2]}`)
  const list = path.slice(1).join('.')
  return path[0] === 'redis' && (list === 'cluster' || list === 'sentinel.nodes')
}

/** A key as the schema spells it. */
export function withUnderscores(key: string): string {
  return key.replaceAll('-', '_')
}

const GROUP_REMEDIES: Readonly<Record<string, string>> = {
  events: 'write a list of event IDs, such as [hit, error]',
  intervals: 'write a list of lengths, such as [5s, 5m]',
  auto_declare_events: 'write true or false',
  sync_interval: 'write seconds above 0, at most 86400, such as 2 or 0.5',
  sync_limit: 'write a whole number of events, 1 or more',
  max_events: 'write a whole number of events, 1 or more',
  replay_limit: 'write a whole number of counts, 0 or more',
  overflow_event: 'write an event ID, such as other',
  python_writers: 'write true, false or auto',
  layout: 'write keys or hash',
}

const REDIS_REMEDIES: Readonly<Record<string, string>> = {
  host: 'write a name or an address (a URL is written as "redis: redis://…")',
  port: 'write a whole number from 0 to 65535',
  db: 'write the index of a database: a whole number, 0 or more',
  username: 'write text',
  password: 'write text',
  path: 'write the name of a Unix socket, such as /run/redis.sock',
  url: 'write redis://HOST:PORT/DB, or rediss://… for TLS',
  tls: 'write true, or a mapping with ca, cert, key, servername or reject_unauthorized',
  loss_window: 'write seconds from 0 to 3600, such as 2.5',
  ca: 'write the name of a PEM file',
  cert: 'write the name of a PEM file',
  key: 'write the name of a PEM file',
  servername: 'write a name, such as redis.example.org',
  reject_unauthorized: 'write true or false',
  sentinel: 'write a mapping with name and nodes',
  cluster: 'write a list of some of its nodes, such as [redis1:6379, redis2:6379]',
  name: 'write the name by which the sentinels know the primary, such as mymaster',
  nodes: 'write a list of sentinels, such as [redis1:26379, redis2:26379, redis3:26379]',
}

const HISTORY_REMEDIES: Readonly<Record<string, string>> = {
  history: 'write a mapping with "store", such as {store: sqlite:history.db}',
  store: 'write sqlite:PATH, such as sqlite:history.db, or postgres://USER@HOST/DATABASE',
  keep: 'write a mapping of lengths to times, such as {5s: 2d, 1h: 2y}',
  keep_unarchived: 'write a mapping with time or entries, such as {time: 7d}',
  maintenance: 'write a cron expression in quotes, such as "*/5 * * * *"',
  time: 'write a time, such as 7d',
  entries: 'write a whole number of entries, 1 or more',
}

/** What is expected at a path, as something to do. */
export function remedyAt(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'a config is a mapping with "redis" and "groups"'
  if (path[0] === 'groups') {
    if (path.length === 1) return 'write a mapping of group names to groups'
    if (path.length === 2) return 'a group is a mapping with "events" and "intervals"'
    if (typeof last === 'string') return GROUP_REMEDIES[last] ?? 'see the schema'
    return path[2] === 'intervals'
      ? 'an interval is a number and s, m or h, such as "5m"'
      : 'an event ID is text, such as "hit"'
  }
  if (path[0] === 'history') {
    return HISTORY_REMEDIES[last] ?? 'write a time, such as 14d'
  }
  if (path[0] === 'store') return 'write sqlite:PATH, such as sqlite:counts.db'
  if (path.length === 1) {
    return 'write a mapping (host, port, db, …) or a URL, such as redis://localhost:6379/0'
  }
  if (typeof last === 'number') return 'a node is HOST:PORT, such as redis1:6379'
  return REDIS_REMEDIES[last] ?? 'see the schema'
}
