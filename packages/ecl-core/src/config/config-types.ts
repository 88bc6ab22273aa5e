/**
 * The shape of the config file, as the YAML spells it. `schema/config.schema.json` is the same for machines.
 */

/** The `groups:` of a config: group name → group. */
export type GroupsConfig = Readonly<Record<string, GroupConfig>>

/** One group. */
export interface GroupConfig {
  /** Declared events; may be empty with `auto_declare_events`. */
  readonly events: readonly string[]
  /** `<number><s|m|h>`, such as `5s`, `5m`, `1.5h`; no two of the same length. */
  readonly intervals: readonly string[]
  /** Count events that are not declared, too. Default: false. */
  readonly auto_declare_events?: boolean | undefined
  /** Longest time in seconds that counts wait in memory before they are sent. May be fractional. */
  readonly sync_interval?: number | undefined
  /** Send when an event has been counted this often since the last flush. */
  readonly sync_limit?: number | undefined
  /** Bound on a dynamic group's events in a window, over all processes. Default: none. */
  readonly max_events?: number | undefined
  /** The most counts that are kept for the case that Redis loses what it has acknowledged. Default: 100,000. */
  readonly replay_limit?: number | undefined
  /** The event under which counts beyond `max_events` are kept. Default: `other`. */
  readonly overflow_event?: string | undefined
  /** Whether Python loggers write into this group, too. Default: `auto`. */
  readonly python_writers?: boolean | 'auto' | undefined
  /** `hash` for groups of many events that no Python program shares. Default: `keys`. */
  readonly layout?: 'keys' | 'hash' | undefined
}

/** The `redis:` of a config: everything is optional. */
export interface RedisConfig {
  /** Default: localhost. */
  readonly host?: string | undefined
  /** Default: 6379. */
  readonly port?: number | undefined
  /** Index of the database. Default: 0. */
  readonly db?: number | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** A unix socket instead of host and port. */
  readonly path?: string | undefined
  /** `redis://` or `rediss://`, instead of host, port, db, username and password. */
  readonly url?: string | undefined
  /** The sentinels that know which server is the primary, instead of host and port. */
  readonly sentinel?: RedisSentinelConfig | undefined
  /** Some nodes of a Redis Cluster, `host:port` each, instead of host and port; they tell of the others. */
  readonly cluster?: readonly string[] | undefined
  /** `true`, or certificates by the names of files. */
  readonly tls?: boolean | RedisTlsConfig | undefined
  /** For how many seconds a crash or a failover may undo what was acknowledged. Default: 2.5. */
  readonly loss_window?: number | undefined
}

/** How Redis Sentinel is asked. TLS is that of the servers. */
export interface RedisSentinelConfig {
  /** What the sentinels call the primary and its replicas. */
  readonly name: string
  /** `host:port` each; without a port, 26379. One that answers is enough. */
  readonly nodes: readonly string[]
  /** The sentinels' own, which need not be the servers'. */
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** Files are PEM; relative names count from the config file's folder when they come from one. */
export interface RedisTlsConfig {
  /** Certificate authorities to trust instead of the system's. */
  readonly ca?: string | undefined
  /** The client's certificate. */
  readonly cert?: string | undefined
  /** The client's key. */
  readonly key?: string | undefined
  /** Name to ask for and to check, where it is not `host`. */
  readonly servername?: string | undefined
  /** Whether to check the server's certificate. Default: true. */
  readonly reject_unauthorized?: boolean | undefined
}

/** The `history:` of a config: where every closed window is kept. */
export interface HistoryConfig {
  /** `sqlite:PATH`, or the URL of a PostgreSQL, `postgres://…`. */
  readonly store: string
  /** For how long windows are kept: length of a window or of a step → time, such as `5s: 2d`. Default: for ever. */
  readonly keep?: Readonly<Record<string, string>> | undefined
  /** How much may wait in a queue while nobody archives it. */
  readonly keep_unarchived?: UnarchivedConfig | undefined
  /** When windows are rolled up and removed: a cron expression, in UTC. Default: each minute. */
  readonly maintenance?: string | undefined
}

/** Bounds on a queue; what is over is dropped, the oldest first, and counted. */
export interface UnarchivedConfig {
  /** Default: 7d. */
  readonly time?: string | undefined
  /** At most 1,000 events each. Default: 100,000. */
  readonly entries?: number | undefined
}

/** What `loadConfig` returns; both parts go into `new EventCountLogger(groups, backend)`. */
export interface LoadedConfig {
  readonly groups: GroupsConfig
  /** Redis options in the YAML's shape, a URL, or `sqlite:PATH`. */
  readonly backend: RedisConfig | string
  /** Where windows are kept; undefined where they are not. */
  readonly history: HistoryConfig | undefined
  /** What is suspicious, but works: one line each. */
  readonly warnings: readonly string[]
}
