import { type PrivateRedis, SentinelSet, until } from 'ecl-core/testing'
import type { ChaosServer } from './chaos-server.ts'

/** How much of what a primary has acknowledged may not have reached its replica. */
const LAG_MS = 1000

/** A primary with a replica and three sentinels. Its processes ask the sentinels, so there are no proxies between. */
export class ChaosSentinels implements ChaosServer {
  readonly #set: SentinelSet
  server: PrivateRedis
  up = true
  #gone: PrivateRedis | undefined

  private constructor(set: SentinelSet, server: PrivateRedis) {
    this.#set = set
    this.server = server
  }

  static async start(): Promise<ChaosSentinels> {
    const set = await SentinelSet.start()
    return new ChaosSentinels(set, await set.primary())
  }

  get backend() {
    return this.#set.backend
  }

  get target() {
    return { port: this.server.port }
  }

  kill(): Promise<number> {
    return this.crash()
  }

  /** Kills the primary, and waits until the replica has taken over. */
  async crash(): Promise<number> {
    const fromMs = Date.now() - LAG_MS
    const before = this.server
    this.up = false
    await before.kill()
    await this.#set.failedOver(before)
    this.server = await this.#set.primary()
    this.#gone = before
    this.up = true
    return fromMs
  }

  /** Brings back the server that was killed, and waits until it follows. */
  async restart(): Promise<void> {
    const back = this.#gone
    this.#gone = undefined
    await back?.start()
    const { client } = this.server
    await until(async () => /state=online/.test(await client.info('replication')), 30_000)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#set.sentinels.map((one) => one.kill('SIGTERM')))
    await Promise.all(this.#set.servers.map((one) => one.kill('SIGTERM')))
  }

  result(): undefined {
    return undefined
  }

  close(): Promise<void> {
    return this.#set.close()
  }
}
