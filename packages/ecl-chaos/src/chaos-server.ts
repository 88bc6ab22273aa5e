import type { RedisConfig } from 'ecl-core'
import type { LedgerInterval, PrivateRedis, ProxyTarget } from 'ecl-core/testing'

/** Redis, be it one server or several, and what can be done to it. */
export interface ChaosServer {
  /** Whether it answers, as far as is known. */
  readonly up: boolean
  /** The server that has the counts now. */
  readonly server: PrivateRedis
  /** How it is reached; undefined where each process has a proxy to it instead. */
  readonly backend: RedisConfig | undefined
  /** Where proxies lead to. */
  readonly target: ProxyTarget
  /**
   * Kills its process.
   *
   * @returns since when writes may be lost that it had not handed to the system, ms since the epoch
   */
  kill(): Promise<number>
  /**
   * Takes it away as the crash of a machine does, with its last writes.
   *
   * @param lostMs at most so much of them
   * @returns since when writes are lost, ms since the epoch
   */
  crash(lostMs: number): Promise<number>
  /** Brings it back. */
  restart(): Promise<void>
  /** Ends it in peace. */
  stop(): Promise<void>
  /** What has become of every count, after `stop`; undefined where nobody can tell. */
  result(): Map<string, LedgerInterval> | undefined
  /** Ends everything and removes its files. */
  close(): Promise<void>
}
