import { SLOTS, slotOf } from '../store/redis/slots.ts'
import { freePorts } from './free-ports.ts'
import { PrivateRedis } from './private-redis.ts'
import { until } from './until.ts'

/** How a private cluster is set up. */
export interface RedisClusterOptions {
  /** How many nodes have slots. Default: 3. */
  readonly primaries?: number
  /** How many replicas each of them has. Default: 0. */
  readonly replicas?: number
  /** Arguments of each redis-server besides ours. */
  readonly args?: readonly string[]
}

/** So long a node is silent until the others take it for dead. */
const NODE_TIMEOUT_MS = 1000

/** A Redis Cluster of one's own on the loopback interface. */
export class RedisCluster {
  /** The nodes that began as primaries, and then the replicas, those of the first primary first. */
  readonly nodes: readonly PrivateRedis[]

  private constructor(nodes: readonly PrivateRedis[]) {
    this.nodes = nodes
  }

  /** Starts nodes, joins them, and waits until all slots are served and all replicas are in step. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { primaries = 3, replicas = 0, args = [] } = options
    const ports = await freePorts(primaries * (1 + replicas))
    const started = await Promise.allSettled(
      ports.map((port) =>
        PrivateRedis.start({
          port,
          args: [
            ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
            ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
            ...['--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'],
            ...args,
          ],
        }),
      ),
    )
    const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const cluster = new RedisCluster(nodes)
    try {
      for (const one of started) if (one.status === 'rejected') throw one.reason
      await cluster.#join(primaries, replicas)
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  /** The backend of a config. */
  get backend(): { readonly cluster: readonly string[] } {
    return { cluster: this.nodes.map(({ port }) => `127.0.0.1:${port}`) }
  }

  /** The node that serves a key now, as the nodes that live agree. */
  async primaryOf(key: string): Promise<PrivateRedis> {
    const slot = slotOf(key)
    for (const node of this.nodes) {
      const slots = await node.client.call('CLUSTER', 'SLOTS').catch(() => [])
      for (const range of Array.isArray(slots) ? slots : []) {
        const [first, last, [, port]] = range
        const found = this.nodes.find((one) => one.port === port)
        if (first <= slot && slot <= last && found !== undefined) return found
      }
    }
    throw new Error(`no node serves ${key}`)
  }

  /** The text under a key; null where there is none. */
  async get(key: string): Promise<string | null> {
    return (await this.primaryOf(key)).client.get(key)
  }

  /** The node's own name within the cluster. */
  async idOf(node: PrivateRedis): Promise<string> {
    return String(await node.client.call('CLUSTER', 'MYID'))
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #join(primaries: number, replicas: number): Promise<void> {
    const [first] = this.nodes
    if (first === undefined) throw new Error('a cluster has at least one node')
    const owners = this.nodes.slice(0, primaries)
    await Promise.all(
      owners.map(async ({ client }, index) => {
        const from = Math.floor((SLOTS * index) / primaries)
        const to = Math.floor((SLOTS * (index + 1)) / primaries)
        const slots = Array.from({ length: to - from }, (_, i) => from + i)
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
        await client.call('CLUSTER', 'ADDSLOTS', ...slots)
      }),
    )
    for (const { port } of this.nodes) {
      if (port !== first.port) await first.client.call('CLUSTER', 'MEET', '127.0.0.1', port)
    }
    await this.#all((info) => info.includes(`cluster_known_nodes:${this.nodes.length}\r`))
    for (const [index, replica] of this.nodes.slice(primaries).entries()) {
      const owner = owners[Math.floor(index / replicas)]
      if (owner === undefined) throw new Error('bug: a replica of nothing')
      await replica.client.call('CLUSTER', 'REPLICATE', await this.idOf(owner))
      await until(async () => (await replica.client.info()).includes('master_link_status:up'))
    }
    await this.#all((info) => info.includes('cluster_state:ok'))
    const expected = primaries * (3 + replicas)
    await until(async () => {
      // Each range has two numbers and its nodes; all nodes have to know of all replicas.
      const known = await Promise.all(
        this.nodes.map(({ client }) => client.call('CLUSTER', 'SLOTS')),
      )
      return known.every((slots) => Array.isArray(slots) && slots.flat(1).length === expected)
    })
  }

  async #all(holds: (info: string) => boolean): Promise<void> {
    await until(async () => {
      const infos = this.nodes.map(({ client }) => client.call('CLUSTER', 'INFO'))
      return (await Promise.all(infos)).every((info) => holds(String(info)))
    }, 30_000)
  }
}
