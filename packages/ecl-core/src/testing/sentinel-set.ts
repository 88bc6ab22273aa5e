import { freePorts } from './free-ports.ts'
import { PrivateRedis } from './private-redis.ts'
import { until } from './until.ts'

/** How a private primary with its replica and sentinels is set up. */
export interface SentinelSetOptions {
  /** Arguments of each redis-server besides ours, such as `['--min-replicas-to-write', '1']`. */
  readonly args?: readonly string[]
  /** So long a server is silent until a sentinel takes it for down, ms. Default: 500. */
  readonly downAfterMs?: number
}

/** What the sentinels call the primary. */
const NAME = 'mymaster'
const SENTINELS = 3

/** A primary, a replica and three sentinels of one's own on the loopback interface. */
export class SentinelSet {
  /** At first the primary, and then the replica. */
  readonly servers: readonly PrivateRedis[]
  readonly sentinels: readonly PrivateRedis[]

  private constructor(servers: readonly PrivateRedis[], sentinels: readonly PrivateRedis[]) {
    this.servers = servers
    this.sentinels = sentinels
  }

  /** Starts all of them, and waits until the replica is in step and the sentinels know of each other. */
  static async start(options: SentinelSetOptions = {}): Promise<SentinelSet> {
    const { args = [], downAfterMs = 500 } = options
    const [primaryPort = 0, replicaPort = 0, ...ports] = await freePorts(2 + SENTINELS)
    const ours = [
      ...['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'],
      ...args,
    ]
    const servers: PrivateRedis[] = []
    const sentinels: PrivateRedis[] = []
    const set = new SentinelSet(servers, sentinels)
    try {
      servers.push(await PrivateRedis.start({ port: primaryPort, args: ours }))
      const follow = ['--replicaof', '127.0.0.1', String(primaryPort)]
      servers.push(await PrivateRedis.start({ port: replicaPort, args: [...ours, ...follow] }))
      const [, replica] = servers
      await until(async () =>
        /master_link_status:up/.test((await replica?.client.info('replication')) ?? ''),
      )
      const config = [
        `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
        `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
        `sentinel failover-timeout ${NAME} 3000`,
        '',
      ].join('\n')
      for (const port of ports) {
        sentinels.push(await PrivateRedis.start({ port, role: 'sentinel', config }))
      }
      await until(() => set.#known(1), 30_000)
    } catch (error) {
      await set.close()
      throw error
    }
    return set
  }

  /** The backend of a config. */
  get backend() {
    const nodes = this.sentinels.map(({ port }) => `127.0.0.1:${port}`)
    return { sentinel: { name: NAME, nodes } }
  }

  /** The server that most sentinels take for the primary. */
  async primary(): Promise<PrivateRedis> {
    const votes = await Promise.all(
      this.sentinels.map(async ({ client }) => {
        const reply = await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
        return Array.isArray(reply) ? Number(reply[1]) : 0
      }),
    )
    const elected = this.servers.find(
      ({ port }) => votes.filter((vote) => vote === port).length > SENTINELS / 2,
    )
    if (elected === undefined) throw new Error('the sentinels do not agree')
    return elected
  }

  /** The server that is not the primary. */
  async replica(): Promise<PrivateRedis> {
    const primary = await this.primary()
    const other = this.servers.find((server) => server !== primary)
    if (other === undefined) throw new Error('there is no other server')
    return other
  }

  /** Waits until most sentinels name another primary than this one. */
  async failedOver(from: PrivateRedis): Promise<void> {
    await until(async () => (await this.primary().catch(() => from)) !== from, 30_000)
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((one) => one.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Whether each sentinel knows so many replicas, and the other sentinels. */
  async #known(replicas: number): Promise<boolean> {
    const infos = await Promise.all(
      this.sentinels.map(({ client }) => client.call('INFO', 'sentinel')),
    )
    return infos.every((info) => String(info).includes(`slaves=${replicas},sentinels=${SENTINELS}`))
  }
}
