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
  /** The event under which counts beyond `max_events` are kept. Default: `other`. */
  readonly overflow_event?: string | undefined
  /** Whether Python loggers write into this group, too. Default: `auto`. */
  readonly python_writers?: boolean | 'auto' | undefined
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
  /** `true`, or certificates by the names of files. */
  readonly tls?: boolean | RedisTlsConfig | undefined
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

/** What `loadConfig` returns; both parts go into `new EventCountLogger(groups, backend)`. */
export interface LoadedConfig {
  readonly groups: GroupsConfig
  /** Redis options in the YAML's shape, or a URL. */
  readonly backend: RedisConfig | string
  /** What is suspicious, but works: one line each. */
  readonly warnings: readonly string[]
}
