import type { Path } from './problem.ts'

/** The keys of each mapping of a config. A test holds them against the schema, which is not loaded at run time. */
export const KEYS = {
  root: ['redis', 'groups'],
  redis: ['host', 'port', 'db', 'username', 'password', 'path', 'tls'],
  tls: ['ca', 'cert', 'key', 'servername', 'reject_unauthorized'],
  group: [
    'events',
    'intervals',
    'auto_declare_events',
    'sync_interval',
    'sync_limit',
    'max_events',
    'overflow_event',
    'python_writers',
  ],
} as const satisfies Record<string, readonly string[]>

/** A kind of mapping whose keys are known. */
export type MappingKind = keyof typeof KEYS

/** How messages call each of them. */
export const MAPPING_NAMES: Readonly<Record<MappingKind, string>> = {
  root: 'a config',
  redis: '"redis"',
  tls: '"tls"',
  group: 'a group',
}

/** Which mapping a path leads to; undefined where keys are free, or nothing is known. */
export function mappingAt(path: Path): MappingKind | undefined {
  if (path.length === 0) return 'root'
  if (path[0] === 'redis' && path.length === 1) return 'redis'
  if (path[0] === 'redis' && path.length === 2 && path[1] === 'tls') return 'tls'
  if (path[0] === 'groups' && path.length === 2) return 'group'
  return undefined
}

/** Values that are text, also where they look like a number or a boolean: events called `200` and `yes`. */
const TEXT_KEYS: Readonly<Record<MappingKind, readonly string[]>> = {
  root: ['redis'],
  redis: ['host', 'username', 'password', 'path'],
  tls: ['ca', 'cert', 'key', 'servername'],
  group: ['overflow_event'],
}

/**
 * Whether a scalar at a path is taken as written, rather than by its YAML type.
 *
 * @param path as the file spells it, so that hyphens may stand for underscores
 */
export function isTextAt(path: Path): boolean {
  const last = path.at(-1)
  if (typeof last === 'number') {
    const list = path[2]
    return path.length === 4 && path[0] === 'groups' && (list === 'events' || list === 'intervals')
  }
  const mapping = mappingAt(path.slice(0, -1))
  if (mapping === undefined || last === undefined) return false
  return TEXT_KEYS[mapping].includes(withUnderscores(last))
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
  overflow_event: 'write an event ID, such as other',
  python_writers: 'write true, false or auto',
}

const REDIS_REMEDIES: Readonly<Record<string, string>> = {
  host: 'write a name or an address (a URL is written as "redis: redis://…")',
  port: 'write a whole number from 0 to 65535',
  db: 'write the index of a database: a whole number, 0 or more',
  username: 'write text',
  password: 'write text',
  path: 'write the name of a Unix socket, such as /run/redis.sock',
  tls: 'write true, or a mapping with ca, cert, key, servername or reject_unauthorized',
  ca: 'write the name of a PEM file',
  cert: 'write the name of a PEM file',
  key: 'write the name of a PEM file',
  servername: 'write a name, such as redis.example.org',
  reject_unauthorized: 'write true or false',
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
  if (path.length === 1) {
    return 'write a mapping (host, port, db, …) or a URL, such as redis://localhost:6379/0'
  }
  return REDIS_REMEDIES[last] ?? 'see the schema'
}
