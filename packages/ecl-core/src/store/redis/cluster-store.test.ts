import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Cluster } from 'ioredis'
import type { Batch } from '../../batch.ts'
import { type Clock, systemClock } from '../../clock.ts'
import { resolveGroups } from '../../config/resolve-groups.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import { silentLogger } from '../../logger.ts'
import { exerciseCounterStore } from '../../testing/exercise-counter-store.ts'
import { exerciseWindowQueue } from '../../testing/exercise-window-queue.ts'
import { ManualTimeRedis, TEST_TAG } from '../../testing/manual-time-redis.ts'
import type { PrivateRedis } from '../../testing/private-redis.ts'
import { RedisCluster } from '../../testing/redis-cluster.ts'
import { queueOf } from '../../testing/suite/queue-suite.ts'
import { until } from '../../testing/until.ts'
import type { CounterStore, WindowRef } from '../counter-store.ts'
import { openStore } from '../open-store.ts'
import { applyScript } from './lua-scripts.generated.ts'
import { slotOf } from './slots.ts'

/** Groups that are on different nodes of three. */
const NAMES = ['{a}', '{b}', '{c}'] as const
const GROUP = { events: ['hit'], intervals: ['400000h', '1s'] }
const GROUPS = { '{a}': GROUP, '{b}': GROUP, '{c}': GROUP } as const

const RUNNER = { describe, it, beforeAll, beforeEach, afterAll }

async function startOneNode(): Promise<ManualTimeRedis> {
  const cluster = await RedisCluster.start({ primaries: 1 })
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('bug: no node')
  return ManualTimeRedis.on(node, cluster.backend)
}

for (const layout of ['keys', 'hash'] as const) {
  exerciseCounterStore(
    RUNNER,
    `RedisClusterStore, layout ${layout},`,
    async () => {
      const redis = await startOneNode()
      return {
        open: () => new TaggedStore(redis.open()),
        setTime: (ms) => redis.setTime(ms),
        clear: () => redis.clear(),
        close: () => redis.close(),
      }
    },
    layout,
  )
}

exerciseWindowQueue(RUNNER, 'ClusterWindowQueue', startOneNode)

describe('a Redis Cluster', () => {
  let cluster: RedisCluster
  const countOf = async (name: string) => Number(await cluster.get(`${name}:400000h:cur:hit`))

  beforeAll(async () => {
    cluster = await RedisCluster.start({ primaries: 3 })
  })
  afterAll(() => cluster?.close())

  it('has all scripts on each node, when they are loaded by hand, and where a master looks', async () => {
    const store = openStore(cluster.backend, { logger: silentLogger })
    const flush = () => Promise.all(cluster.nodes.map(({ client }) => client.script('FLUSH')))
    const loaded = () =>
      Promise.all(cluster.nodes.map(({ client }) => client.script('EXISTS', applyScript.sha1)))
    try {
      await flush()
      expect((await store.loadScripts?.())?.servers).toHaveLength(3)
      expect(String(await loaded())).toBe('1,1,1')
      await flush()
      store.keepScriptsLoaded?.()
      const groups = resolveGroups(GROUPS)
      await store.windows(
        groups.flatMap((group) => group.intervals.map((interval) => ({ group, interval }))),
      )
      expect(String(await loaded())).toBe('1,1,1')
    } finally {
      await store.close()
    }
  })

  it('has the groups of these tests on different nodes', async () => {
    const nodes = await Promise.all(NAMES.map((name) => cluster.primaryOf(name)))
    expect(new Set(nodes).size).toBe(3)
    for (const name of [...NAMES, 'x', 'a{b}c', '{}{b}', 'é{ü}']) {
      expect(await cluster.nodes[0]?.client.call('CLUSTER', 'KEYSLOT', name)).toBe(slotOf(name))
    }
  })

  it('counts groups that are on different nodes, and reads them', async () => {
    const ecl = new EventCountLogger(GROUPS, cluster.backend, { logger: silentLogger })
    for (const [index, name] of NAMES.entries()) {
      const group = ecl.getGroup(name)
      group.log('hit', index + 1)
      expect(await group.flush()).toEqual({ unsentEvents: 0 })
      expect(await countOf(name)).toBe(index + 1)
      expect(await group.getCounts('400000h', { current: true })).toEqual({ hit: index + 1 })
    }
    expect(await ecl.close()).toEqual({ unsentEvents: 0 })
  })

  it('keeps windows of groups that are on different nodes until they are archived', async () => {
    const store = openStore(cluster.backend)
    const queue = queueOf(store)
    const refs = resolveGroups(GROUPS).flatMap((group) =>
      group.intervals.slice(1).map((interval) => ({ group, interval })),
    )
    const turned = async ({ group, interval }: WindowRef) => {
      const { status } = await store.rotate(group, interval)
      return status === 'rotated'
    }
    const bounds = { seconds: 1000, entries: 1000 }
    for (const ref of refs) {
      await until(() => turned(ref))
      const published = await queue.publish(ref, { final: true, bounds })
      expect(published.status).toBe('published')
    }
    const taken = await queue.take(refs, 'x', 10)
    expect(new Set(taken.map(({ ref }) => ref.group.name))).toEqual(new Set(NAMES))
    await queue.renew(taken, 'x')
    const [first] = taken
    if (first === undefined) throw new Error('nothing was taken')
    await queue.reject(first, 'for a test')
    await queue.acknowledge(taken.slice(1))
    const [letter] = await queue.deadLetters(refs, 10)
    expect(letter && (await queue.replay(letter))).toBe(true)
    expect((await queue.take(refs, 'y', 10)).map(({ ref }) => ref)).toEqual([first.ref])
    await queue.leave(refs, 'x', [])
    const states = await queue.state(refs)
    expect(states.map(({ length }) => length)).toEqual(refs.map((ref) => +(ref === first.ref)))
    expect(states.flatMap(({ archivers }) => archivers.map(({ name }) => name))).not.toContain('x')
    await store.close()
  })

  it('tells an archiver for how long loggers keep what they have sent', async () => {
    const store = openStore({ ...cluster.backend, loss_window: 17 })
    const queue = queueOf(store)
    const [group] = resolveGroups({ '{u}': { events: ['hit'], intervals: ['1s'] } })
    const [interval] = group?.intervals ?? []
    if (group === undefined || interval === undefined) throw new Error('bug: no group')
    const ref = { group, interval }
    const bounds = { seconds: 1000, entries: 1000 }
    const current = async () => Number(await cluster.get('{u}:1s:cur:@ts'))
    const turn = async () => {
      await queue.publish(ref, { final: true, bounds })
      return (await store.rotate(group, interval, { onlyPublished: true })).status === 'rotated'
    }
    await store.rotate(group, interval, { onlyPublished: true })
    await until(turn)
    const start = await current()
    const node = await cluster.primaryOf('{u}')
    await node?.client.set('{u}:1s:cur:@run', 'another')
    await until(() => Date.now() >= (start + 2) * 1000)
    await until(turn)
    await queue.publish(ref, { final: true, bounds })
    const taken = await queue.take([ref], 'x', 10)
    const windows = taken.flatMap(({ window }) => window ?? [])
    const told = windows.filter(({ undone }) => undone !== undefined)
    expect(told).toMatchObject([{ start, undone: { lossWindowMs: 17_000 } }])
    await store.close()
  })

  it('is found from any one node, and by an ioredis client for clusters', async () => {
    const [, second] = cluster.nodes
    const address = { host: '127.0.0.1', port: second?.port ?? 0 }
    const client = new Cluster([address], { keyPrefix: 'p:', lazyConnect: true })
    for (const backend of [client, { cluster: [`127.0.0.1:${address.port}`] }]) {
      const ecl = new EventCountLogger(GROUPS, backend, { logger: silentLogger })
      for (const name of NAMES) {
        ecl.getGroup(name).log('hit')
        expect(await ecl.getGroup(name).flush()).toEqual({ unsentEvents: 0 })
      }
      await ecl.close()
    }
    client.disconnect()
    expect(await cluster.get('p:{b}:400000h:cur:hit')).toBe('1')
  })

  it('rotates groups on different nodes, and tells of each by the clock of its node', async () => {
    const store = openStore(cluster.backend, { logger: silentLogger })
    const windows = resolveGroups(GROUPS).flatMap((group) =>
      group.intervals.map((interval) => ({ group, interval })),
    )
    for (const { group, interval } of windows) await store.rotate(group, interval)
    const { states } = await store.windows(windows)
    expect(states).toHaveLength(windows.length)
    for (const [index, state] of states.entries()) {
      const seconds = windows[index]?.interval.seconds ?? 1
      expect(state).toMatchObject({ foreign: false })
      expect((state.current ?? 1) % seconds).toBe(0)
    }
    // All but the group of the node that has answered first.
    expect(states.filter(({ storeTimeMs = 0 }) => storeTimeMs > 1e12)).toHaveLength(4)
    await store.adoptForeignEvents(windows)
    expect(await store.windows([])).toMatchObject({ states: [] })
    expect(await store.warnings()).toEqual([
      'Redis keeps nothing on disk: a restart loses all counts; set "appendonly yes", or "save"',
    ])
    await store.close()
  })

  /** Windows of three groups that are on one node, in different slots. */
  async function windowsOfOneNode(): Promise<WindowRef[]> {
    const home = await cluster.primaryOf('{a}')
    const names: string[] = ['{a}']
    for (let n = 0; names.length < 3; n++) {
      if ((await cluster.primaryOf(`{a${n}}`)) === home) names.push(`{a${n}}`)
    }
    const groups = resolveGroups(Object.fromEntries(names.map((name) => [name, GROUP])))
    return groups.flatMap((group) => group.intervals.map((interval) => ({ group, interval })))
  }

  it('looks at windows of several groups of one node, which are in different slots', async () => {
    const windows = await windowsOfOneNode()
    const store = openStore(cluster.backend, { logger: silentLogger })
    for (const { group, interval } of windows) await store.rotate(group, interval)
    for (const publications of [false, true]) {
      const { states } = await store.windows(windows, { publications })
      for (const [index, { current = 1, failure }] of states.entries()) {
        expect([failure, current % (windows[index]?.interval.seconds ?? 1)]).toEqual([undefined, 0])
      }
    }
    await store.close()
  })

  it('looks at the windows of all others of a node while the slot of one of its groups is on the move', async () => {
    const windows = await windowsOfOneNode()
    const store = openStore(cluster.backend, { logger: silentLogger })
    for (const { group, interval } of windows) await store.rotate(group, interval)
    const moving = windows.at(-1)?.group.name ?? ''
    const from = await cluster.primaryOf(moving)
    const to = cluster.nodes.find((node) => node !== from)
    if (to === undefined) throw new Error('bug: no other node')
    const slot = slotOf(moving)
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await cluster.idOf(to))
    try {
      // The marks of what has not been published yet are not there, and could be where the slot is on its way to.
      const { states } = await store.windows(windows, { publications: true })
      states.forEach((state, index) => {
        if (windows[index]?.group.name !== moving) expect(state.failure).toBeUndefined()
        else expect(state.failure?.message).toContain(`group "${moving}": its slot is on its way`)
      })
    } finally {
      await from.client.call('CLUSTER', 'SETSLOT', slot, 'STABLE')
    }
    await store.close()
  })

  it('leaves nodes alone that have no group of ours', async () => {
    let halfMinuteOver = () => {}
    const after: Clock['after'] = (ms, callback) => {
      if (ms !== 30_000) return systemClock.after(ms, callback)
      halfMinuteOver = callback
      return { cancel() {} }
    }
    const store = openStore(cluster.backend, {
      logger: silentLogger,
      // No time passes, so that nodes are not asked where the slots are by the way.
      clock: { ...systemClock, monotonicMs: () => 0, after },
    })
    const [group] = resolveGroups({ '{a}': GROUP })
    const home = await cluster.primaryOf('{a}')
    if (group === undefined) throw new Error('bug: no group')
    await store.accounts(group)
    await store.warnings()
    const connections = () =>
      Promise.all(
        cluster.nodes.map(
          async ({ client }) =>
            String(await client.client('LIST')).split(' addr=127.0.0.1').length - 1,
        ),
      )
    expect(await connections()).toEqual([1, 1, 1])
    halfMinuteOver()
    expect(await connections()).toEqual([1, 1, 1])
    await store.accounts(group)
    halfMinuteOver()
    const wanted = cluster.nodes.map((node) => (node === home ? 1 : 0))
    await until(async () => String(await connections()) === String(wanted))
    await store.warnings()
    expect(await connections()).toEqual([1, 1, 1])
    await store.close()
  })

  it('needs two rights more than a single Redis', async () => {
    const rights =
      '~{*}:* +eval +evalsha +time +get +mset +hget +hset +hdel +hrandfield +incrby +sadd'
    for (const { client } of cluster.nodes) {
      const all = [
        ...rights.split(' '),
        '+scard',
        '+sismember',
        '+unlink',
        '+cluster|slots',
        '+cluster|nodes',
      ]
      await client.call('ACL', 'SETUSER', 'ecl', 'on', '>secret', ...all)
    }
    const login = { username: 'ecl', password: 'secret' }
    const ecl = new EventCountLogger(
      GROUPS,
      { ...cluster.backend, ...login },
      { logger: silentLogger },
    )
    const before = await countOf('{c}')
    ecl.getGroup('{c}').log('hit')
    expect(await ecl.getGroup('{c}').flush()).toEqual({ unsentEvents: 0 })
    expect(await countOf('{c}')).toBe(before + 1)
    await ecl.close()
  })

  it('refuses groups without a hash tag, all at once', () => {
    const groups = { web: GROUP, '{a}': GROUP, api: GROUP }
    expect(() => new EventCountLogger(groups, cluster.backend)).toThrow(
      /the name "web" has no part in braces.*name the group "\{web\}".*\n.*"api"/,
    )
  })

  it('is refused, with the remedy, where one Redis is expected', async () => {
    const groups = { web: GROUP, '{a}': GROUP }
    const port = cluster.nodes[0]?.port ?? 0
    const ecl = new EventCountLogger(groups, { port }, { logger: silentLogger })
    for (const name of ['web', '{a}'] as const) {
      await expect(ecl.getGroup(name).getCounts('400000h')).rejects.toThrow(
        /a node of a Redis Cluster; name nodes of it under "redis.cluster".* write the group "web" as "\{web\}"$/,
      )
    }
    await ecl.close()
  })

  it('is told from a single Redis', async () => {
    const single = await ManualTimeRedis.start({ port: (cluster.nodes[0]?.port ?? 0) + 1 })
    try {
      const backend = { cluster: [`127.0.0.1:${single.server.port}`] }
      const ecl = new EventCountLogger(GROUPS, backend, { logger: silentLogger })
      await expect(ecl.getGroup('{b}').getCounts('400000h')).rejects.toThrow(
        /no node of a Redis Cluster; write host and port/,
      )
      await ecl.close()
    } finally {
      await single.close()
    }
  })

  it('counts exactly while slots move to another node and back', async () => {
    const name = '{b}'
    const ecl = new EventCountLogger(GROUPS, cluster.backend, { logger: silentLogger })
    const group = ecl.getGroup(name)
    const before = await countOf(name)
    let logged = 0
    let logging = true
    const load = (async () => {
      while (logging) {
        group.log('hit')
        logged++
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })()
    for (let i = 0; i < 4; i++) await moveSlot(cluster, name)
    logging = false
    await load
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    expect((await countOf(name)) - before).toBe(logged)
    expect(logged).toBeGreaterThan(100)
    await ecl.close()
  })
})

describe('a primary of a cluster that was deposed and is cut off, but may be read', () => {
  it('is left within seconds by a reader, which nothing but the other nodes can tell', async () => {
    // Two clusters that know nothing of each other, as the two sides of a network that was cut.
    await using deposed = await RedisCluster.start({ primaries: 1 })
    // Each node has an epoch of its own.
    await using current = await RedisCluster.start({ primaries: 2 })
    await deposed.nodes[0]?.client.set('{a}:400000h:cur:hit', 1)
    await (await current.primaryOf('{a}')).client.set('{a}:400000h:cur:hit', 2)
    let passedMs = 0
    const store = openStore(
      { cluster: [...deposed.backend.cluster, ...current.backend.cluster] },
      {
        logger: silentLogger,
        clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs },
      },
    )
    const [group] = resolveGroups({ '{a}': GROUP })
    const [interval] = group?.intervals ?? []
    if (group === undefined || interval === undefined) throw new Error('bug: no group')
    const hits = async () => (await store.read(group, interval, 'cur')).cur?.counts.get('hit')
    for (const node of current.nodes) node.signal('SIGSTOP')
    expect(await hits()).toBe(1n)
    for (const node of current.nodes) node.signal('SIGCONT')
    expect(await hits()).toBe(1n)
    passedMs += 5000
    await until(async () => (await hits()) === 2n)
    passedMs += 60_000
    expect(await hits()).toBe(2n)
    await store.close()
  })
})

/** Puts all groups into the slot of the clock that is wound by hand. */
class TaggedStore implements CounterStore {
  readonly #store: CounterStore

  constructor(store: CounterStore) {
    this.#store = store
  }

  get lossWindowMs() {
    return this.#store.lossWindowMs
  }

  accounts(group: GroupSpec) {
    return this.#store.accounts(tagged(group))
  }

  acknowledgeClient(group: GroupSpec, clientId: string) {
    return this.#store.acknowledgeClient(tagged(group), clientId)
  }

  get connected() {
    return this.#store.connected
  }

  apply(batch: Batch) {
    return this.#store.apply({ ...batch, group: tagged(batch.group) })
  }

  rotate(group: GroupSpec, interval: Interval) {
    return this.#store.rotate(tagged(group), interval)
  }

  read(...[group, ...rest]: Parameters<CounterStore['read']>) {
    return this.#store.read(tagged(group), ...rest)
  }

  windows(windows: readonly WindowRef[]) {
    return this.#store.windows(windows.map(taggedWindow))
  }

  adoptForeignEvents(...all: Parameters<CounterStore['adoptForeignEvents']>) {
    const [windows, due] = all
    const byRef = new Map(windows.map((ref) => [ref, taggedWindow(ref)]))
    const dueTagged = (due ?? windows).flatMap((ref) => byRef.get(ref) ?? [])
    return this.#store.adoptForeignEvents([...byRef.values()], dueTagged)
  }

  warnings() {
    return this.#store.warnings()
  }

  onConnect(listener: () => void) {
    this.#store.onConnect(listener)
  }

  close() {
    return this.#store.close()
  }
}

function tagged(group: GroupSpec): GroupSpec {
  return { ...group, name: `${TEST_TAG}${group.name}` }
}

function taggedWindow({ group, interval }: WindowRef): WindowRef {
  return { group: tagged(group), interval }
}

/** Moves the slot of a name to the next node, as redis-cli does, with a pause while some keys are here and some there. */
async function moveSlot(cluster: RedisCluster, name: string): Promise<void> {
  const slot = slotOf(name)
  const from = await cluster.primaryOf(name)
  const to = cluster.nodes[(cluster.nodes.indexOf(from) + 1) % cluster.nodes.length]
  if (to === undefined) throw new Error('bug: no other node')
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await cluster.idOf(from))
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await cluster.idOf(to))
  for (;;) {
    const keys = await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)
    const [key]: unknown[] = Array.isArray(keys) ? keys : []
    if (typeof key !== 'string') break
    await new Promise((resolve) => setTimeout(resolve, 20))
    const reply = await from.client.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5000)
    expect(reply).toMatch(/OK|NOKEY/)
  }
  const id = await cluster.idOf(to)
  for (const node of [to, from]) await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
  await until(() => agreed(cluster, name, to))
}

async function agreed(cluster: RedisCluster, name: string, owner: PrivateRedis): Promise<boolean> {
  return (await cluster.primaryOf(name)) === owner
}
