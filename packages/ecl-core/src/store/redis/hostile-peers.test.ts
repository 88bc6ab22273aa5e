import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { RedisConfig } from '../../config/config-types.ts'
import { resolveGroups } from '../../config/resolve-groups.ts'
import { StoreError } from '../../errors.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import { HostilePeer, LIES, TRICKS, type Trick } from '../../testing/hostile-peer.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { RedisCluster } from '../../testing/redis-cluster.ts'
import { SentinelSet } from '../../testing/sentinel-set.ts'
import type { ProxyTarget } from '../../testing/tcp-proxy.ts'
import { until } from '../../testing/until.ts'
import { openStore } from '../open-store.ts'

const GROUPS = { '{web}': { events: ['hit'], intervals: ['400000h'] } } as const
const USER = { username: 'u', password: 'secret' }
const RIGHTS = ['on', `>${USER.password}`, '~*', '&*', '+@all'] as const

/** Of what a connection may take in before it is given up, with what is on its way in the system's buffers. */
const MOST_BYTES_PER_TRY = 24 * 1024 ** 2

interface Client {
  /** Does what it does once; rejects with a StoreError where that fails. */
  use(): Promise<void>
  close(): Promise<unknown>
}

/** What uses a Redis, as a library; the commands are made of these. */
const CLIENTS: Readonly<Record<string, (backend: RedisConfig) => Client>> = {
  'a service': (backend) => {
    const ecl = new EventCountLogger(GROUPS, backend, { logger: silentLogger })
    const group = ecl.getGroup('{web}')
    return {
      use: async () => {
        group.log('hit')
        const { unsentEvents } = await group.flush({ timeoutMs: 7000 })
        if (unsentEvents > 0) throw new StoreError('STORE_UNAVAILABLE', `${unsentEvents} unsent`)
      },
      close: () => ecl.close({ timeoutMs: 10 }),
    }
  },
  'a reader': (backend) => {
    const ecl = new EventCountLogger(GROUPS, backend, { logger: silentLogger })
    return {
      use: async () => void (await ecl.getGroup('{web}').getCounts('400000h')),
      close: () => ecl.close({ timeoutMs: 10 }),
    }
  },
  'a master': (backend) => {
    const store = openStore(backend, { logger: silentLogger })
    const [group] = resolveGroups(GROUPS)
    const interval = group?.intervals[0]
    if (group === undefined || interval === undefined) throw new Error('bug: no group')
    return {
      use: async () => {
        const { states } = await store.windows([{ group, interval }])
        for (const { failure } of states) if (failure !== undefined) throw failure
        await store.rotate(group, interval)
      },
      close: () => store.close(),
    }
  },
}

interface Outcome {
  /** What became of it while the peer was hostile. */
  readonly hostile: string
  readonly tricks: number
  readonly bytesPerTry: number
  /** What became of it when the peer was good again. */
  readonly healed: string
}

interface Server {
  readonly target: ProxyTarget
  readonly backendAt: (port: number) => RedisConfig
  readonly close: () => Promise<void>
}

/** One client of one peer that plays a trick until it repents. */
async function play(
  { target, backendAt }: Server,
  open: (backend: RedisConfig) => Client,
  at: RegExp | undefined,
  trick: Trick,
): Promise<Outcome> {
  await using peer = await HostilePeer.start({ target, trick, ...(at && { at }) })
  const client = open(backendAt(peer.port))
  const outcomeOf = () =>
    client.use().then(
      () => 'works',
      (caught: unknown) =>
        caught instanceof StoreError ? 'is a store error' : `no store error: ${String(caught)}`,
    )
  let hostile = await outcomeOf()
  // On a machine that is busy, a sentinel may be given up before.
  await until(async () => {
    if (peer.tricks === 0) hostile = await outcomeOf()
    return peer.tricks > 0
  }, 60_000)
  peer.repent()
  let healed = ''
  await until(async () => {
    healed = await outcomeOf()
    return healed === 'works'
  }, 30_000).catch(() => undefined)
  await client.close()
  const { tricks, bytes } = peer
  return { hostile, tricks, bytesPerTry: bytes / Math.max(1, tricks), healed }
}

async function startOne(): Promise<Server> {
  const redis = await PrivateRedis.start()
  await redis.client.acl('SETUSER', USER.username, ...RIGHTS)
  return {
    target: { path: redis.socket },
    backendAt: (port) => ({ host: '127.0.0.1', port, db: 1, ...USER }),
    close: () => redis.close(),
  }
}

async function startSentinels(): Promise<Server> {
  const set = await SentinelSet.start()
  const [sentinel] = set.sentinels
  await sentinel?.client.acl('SETUSER', USER.username, ...RIGHTS)
  const { name } = set.backend.sentinel
  return {
    target: { port: sentinel?.port ?? 0 },
    backendAt: (port) => ({ sentinel: { name, nodes: [`127.0.0.1:${port}`], ...USER } }),
    close: () => set.close(),
  }
}

async function startCluster(): Promise<Server> {
  const cluster = await RedisCluster.start({ primaries: 1 })
  const [node] = cluster.nodes
  await node?.client.acl('SETUSER', USER.username, ...RIGHTS)
  return {
    target: { port: node?.port ?? 0 },
    backendAt: (port) => ({ cluster: [`127.0.0.1:${port}`], ...USER }),
    close: () => cluster.close(),
  }
}

type Moment = readonly [server: string, when: string, at: RegExp | undefined]

const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  'one Redis': startOne,
  'a sentinel': startSentinels,
  'a node of a cluster': startCluster,
}
const MOMENTS: readonly Moment[] = [
  ['one Redis', 'after connecting', undefined],
  ['one Redis', 'at AUTH', /\r\nauth\r\n/i],
  ['one Redis', 'at SELECT', /\r\nselect\r\n/i],
  ['one Redis', 'at INFO', /\r\ninfo\r\n/i],
  ['one Redis', 'at a command', /\r\n(evalsha(_ro)?|multi|mget)\r\n/i],
  ['a sentinel', 'after connecting', undefined],
  ['a sentinel', 'at AUTH', /\r\nauth\r\n/i],
  ['a sentinel', 'at SENTINEL', /\r\nsentinel\r\n/i],
  ['a sentinel', 'at SUBSCRIBE', /\r\nsubscribe\r\n/i],
  ['a node of a cluster', 'after connecting', undefined],
  ['a node of a cluster', 'at AUTH', /\r\nauth\r\n/i],
  ['a node of a cluster', 'at CLUSTER SLOTS', /\r\nslots\r\n/i],
]

describe('a peer that is hostile', () => {
  const servers = new Map<string, Server>()
  const outcomes = new Map<string, Outcome>()
  const nameOf = (...parts: readonly string[]) => parts.join(', ')

  // All at once, as many of them wait for a time-out.
  beforeAll(async () => {
    await Promise.all(
      Object.entries(SERVERS).map(async ([name, start]) => servers.set(name, await start())),
    )
    const playing: Promise<unknown>[] = []
    for (const [where, when, at] of MOMENTS) {
      const server = servers.get(where)
      if (server === undefined) throw new Error(`bug: no ${where}`)
      for (const [who, open] of Object.entries(CLIENTS)) {
        for (const [what, trick] of Object.entries({ ...TRICKS, ...LIES })) {
          const played = play(server, open, at, trick)
          playing.push(
            played.then((outcome) => outcomes.set(nameOf(where, when, who, what), outcome)),
          )
        }
      }
    }
    await Promise.all(playing)
  }, 120_000)
  afterAll(async () => {
    for (const server of servers.values()) await server.close()
  })

  describe.each(MOMENTS)('%s %s', (where, when) => {
    const whatHappenedTo = (who: string, tricks: object) =>
      Object.keys(tricks).map((what) => ({ what, ...outcomes.get(nameOf(where, when, who, what)) }))

    // A client that need not listen works on.
    const isNeeded = when !== 'at SUBSCRIBE'
    const useless = isNeeded
      ? 'is a store error'
      : expect.stringMatching(/^(works|is a store error)$/)

    it.each(Object.keys(CLIENTS))('makes itself useless to %s until it is good again', (who) => {
      for (const outcome of whatHappenedTo(who, TRICKS)) {
        expect(outcome).toMatchObject({ hostile: useless, healed: 'works' })
        expect(outcome.tricks).toBeGreaterThan(0)
        expect(outcome.bytesPerTry).toBeLessThan(MOST_BYTES_PER_TRY)
      }
    })

    it.each(Object.keys(CLIENTS))('can lie to %s, which works when it is good again', (who) => {
      for (const outcome of whatHappenedTo(who, LIES)) {
        expect(outcome).toMatchObject({
          hostile: expect.stringMatching(/^(works|is a store error)$/),
          healed: 'works',
        })
      }
    })
  })
})
