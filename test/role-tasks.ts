/** What each role of docs/security.md does, by the methods of a store, so that hundreds of tasks take seconds. */
import { expect } from '@jest/globals'
import { type CounterStore, type GroupSpec, openStore, resolveGroups, silentLogger } from 'ecl-core'
import { HandClient, type PrivateRedis } from 'ecl-core/testing'

/** Its window began in 2015, and the one before in 1970. */
const INTERVAL = '400000h'
const BEFORE = 0
const ROOMY = { seconds: 1e10, entries: 1000 }

/** A server without data, and a store on it that a role has opened. */
export interface Scene {
  readonly redis: PrivateRedis
  readonly store: CounterStore
  /** The same role's, at a node of a cluster. */
  readonly atNode: CounterStore
}

/** Throws where something does not work. */
export type Task = (scene: Scene) => Promise<void>

function groupOf(settings: Readonly<Record<string, unknown>>): GroupSpec {
  const shared = { events: ['hit'], intervals: [INTERVAL], python_writers: false }
  const [group] = resolveGroups({ requests: { ...shared, ...settings } })
  if (group === undefined) throw new Error('no group')
  return group
}

const STATIC = groupOf({})
const DYNAMIC = groupOf({ auto_declare_events: true, max_events: 3 })
const HASHED = groupOf({ auto_declare_events: true, max_events: 3, layout: 'hash' })
const WITH_PYTHON = groupOf({ auto_declare_events: true, max_events: 3, python_writers: undefined })

function refOf(group: GroupSpec) {
  const [interval] = group.intervals
  if (interval === undefined) throw new Error('no interval')
  return { group, interval }
}

const key = (name: string) => `requests:${INTERVAL}:${name}`

/** Does something as a user who may do all. */
export async function asAdmin<T>(
  redis: PrivateRedis,
  work: (store: CounterStore) => Promise<T>,
): Promise<T> {
  const store = openStore(redis.backend, { logger: silentLogger })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** What both windows hold. */
async function stored(redis: PrivateRedis, group: GroupSpec) {
  const { interval } = refOf(group)
  const { cur, last } = await asAdmin(redis, (store) => store.read(group, interval, 'both'))
  return [cur, last].map((window) => Object.fromEntries(window?.counts ?? []))
}

/** Counts as if in the window before. */
function countBefore(
  redis: PrivateRedis,
  group: GroupSpec,
  counts: Readonly<Record<string, bigint>>,
) {
  return asAdmin(redis, async (store) => {
    await redis.client.mset(key('cur:@ts'), BEFORE, key('cur:@by'), BEFORE)
    await new HandClient(store, group, 'admin/1/a').send(BEFORE, counts)
  })
}

/** With a registration, a bound to be reached, an old client to be removed, and foreign values to be replaced. */
function countsIn(group: GroupSpec): Task {
  return async ({ redis, store }) => {
    await redis.client.set(key(group.layout === 'hash' ? 'cur' : 'cur:@ids'), 'foreign')
    await redis.client.hset('requests:@clients', 'old/1/a', '7 1000000000 1 0 0 0 0 0 0 0 0')
    const { storeTimeMs } = await store.windows([refOf(group)])
    const client = new HandClient(store, group)
    await client.register()
    expect(await redis.client.hexists('requests:@clients', 'old/1/a')).toBe(0)
    const dynamic: Record<string, bigint> = group.dynamic ? { a: 1n, b: 1n, c: 1n, d: 1n } : {}
    for (const events of [{ hit: 2n }, dynamic]) {
      const sent = await client.send(storeTimeMs / 1000, events)
      expect(sent).toMatchObject({ status: 'applied', failures: [] })
    }
    const other = group.dynamic ? { a: 1n, b: 1n, other: 2n } : {}
    expect((await stored(redis, group))[0]).toEqual({ hit: 2n, ...other })
  }
}

/** A window that has been published is to be published again. */
const countsLate: Task = async ({ redis, store }) => {
  await countBefore(redis, STATIC, { hit: 1n })
  await asAdmin(redis, (admin) => admin.rotate(STATIC, refOf(STATIC).interval))
  await redis.client.set(key('last:@published'), 'as it was')
  const sent = await new HandClient(store, STATIC).send(BEFORE, { hit: 1n })
  expect(sent).toMatchObject({ placements: ['last'] })
  expect(await redis.client.exists(key('last:@published'))).toBe(0)
}

/** A node that answers for one Redis is recognised before it is asked for a key. */
const knowsNodes: Task = async ({ atNode }) => {
  const ask = async () => {
    await atNode.warnings()
    await atNode.warnings()
  }
  await expect(ask()).rejects.toThrow('"redis.cluster"')
}

/** What services, readers and archivers run. */
const loadsScripts: Task = async ({ redis, store }) => {
  await redis.client.script('FLUSH')
  store.keepScriptsLoaded?.()
  await store.tryOut?.([refOf(STATIC)])
  expect(await store.loadScripts?.()).toMatchObject({ servers: [expect.any(String)] })
}

const begins: Task = async ({ redis, store }) => {
  await store.windows([refOf(STATIC)])
  expect(await store.rotate(STATIC, refOf(STATIC).interval)).toMatchObject({ status: 'begun' })
  expect(await redis.client.mget(key('cur:hit'), key('last:hit'))).toEqual(['0', '0'])
}

/** Twice, so that `last` has an event that `cur` has not. */
function rotates(group: GroupSpec): Task {
  return async ({ redis, store }) => {
    const { interval } = refOf(group)
    for (const counts of [
      { hit: 1n, a: 2n },
      { hit: 3n, b: 4n },
    ]) {
      await redis.client.del('requests:@clients')
      await countBefore(redis, group, counts)
      expect(await store.rotate(group, interval)).toMatchObject({ status: 'rotated' })
    }
    expect(await stored(redis, group)).toEqual([{ hit: 0n }, { hit: 3n, b: 4n }])
    expect((await redis.client.keys('*')).filter((name) => name.endsWith(':a'))).toEqual([])
  }
}

const findsPythonEvents: Task = async ({ redis, store }) => {
  const found = () => store.adoptForeignEvents([refOf(WITH_PYTHON)])
  expect(await found()).toMatchObject({ groups: [] })
  expect(await redis.client.get('requests:@foreign')).toBe('none')
  await redis.client.set(key('cur:python'), '5')
  expect(await found()).toMatchObject({ groups: ['requests'] })
  expect(await redis.client.smembers(key('cur:@ids'))).toEqual(['python'])
}

const warnsOfEviction: Task = async ({ store }) => {
  expect(await store.warnings()).toContainEqual(expect.stringContaining('maxmemory-policy'))
}

/** By which command says the server. */
function reads(group: GroupSpec, command: string): Task {
  const options = { completeness: group.dynamic }
  return async ({ redis, store }) => {
    await countBefore(redis, group, { hit: 2n })
    await redis.client.config('RESETSTAT')
    const { interval } = refOf(group)
    const { cur } = await store.read(group, interval, 'both', options)
    expect(Object.fromEntries(cur?.counts ?? [])).toEqual({ hit: 2n })
    expect(await redis.client.info('commandstats')).toMatch(
      new RegExp(`cmdstat_${command}:calls=[1-9]`),
    )
  }
}

/** As before a master has loaded them again. */
const readsWithoutScripts: Task = async (scene) => {
  await scene.redis.client.script('FLUSH')
  await reads(DYNAMIC, 'multi')(scene)
}

const readsPythonEvents: Task = async ({ redis, store }) => {
  await redis.client.set(key('cur:python'), '5')
  const { cur } = await store.read(WITH_PYTHON, refOf(WITH_PYTHON).interval, 'cur')
  expect(cur?.counts.get('python')).toBe(5n)
}

const readsBooks: Task = async ({ redis, store }) => {
  await countBefore(redis, STATIC, { hit: 2n })
  expect((await store.accounts(STATIC)).clients).toHaveLength(1)
}

const acknowledgesClients: Task = async ({ redis, store }) => {
  await redis.client.hset('requests:@clients', 'old/1/a', '7 1000000000 0 0 0 9 9 0 0 0 0')
  expect((await store.accounts(STATIC)).clients).toHaveLength(1)
  expect(await store.acknowledgeClient(STATIC, 'old/1/a')).toBe('acknowledged')
}

function queueOf({ history }: CounterStore) {
  if (history === undefined) throw new Error('no queue')
  return history
}

/** Publishes one more version of a window. */
async function publishOn(redis: PrivateRedis, store: CounterStore, entries = ROOMY.entries) {
  const ref = refOf(STATIC)
  if ((await redis.client.exists(key('last:@ts'))) === 0) {
    await countBefore(redis, STATIC, { hit: 2n })
    await asAdmin(redis, (admin) => admin.rotate(STATIC, ref.interval))
  }
  await redis.client.del(key('last:@published'))
  return queueOf(store).publish(ref, { final: true, bounds: { ...ROOMY, entries } })
}

/** Somebody else who reads the stream, so that entries stay in it. */
async function shareStream(redis: PrivateRedis): Promise<string> {
  for (const name of await redis.client.keys('*')) {
    if ((await redis.client.type(name)) !== 'stream') continue
    await redis.client.xgroup('CREATE', name, 'others', '0')
    return name
  }
  throw new Error('no stream')
}

const publishes: Task = async ({ redis, store }) => {
  expect(await publishOn(redis, store)).toMatchObject({ status: 'published', dropped: 0 })
  expect(await publishOn(redis, store, 1)).toMatchObject({ dropped: 1 })
  const queue = await asAdmin(redis, (admin) => queueOf(admin).state([refOf(STATIC)]))
  expect(queue).toMatchObject([{ length: 1, dropped: 1 }])
}

/** What is archived and waits for somebody else is no loss. */
const publishesBesideOthers: Task = async ({ redis, store }) => {
  await asAdmin(redis, async (admin) => {
    await publishOn(redis, admin)
    await queueOf(admin).take([refOf(STATIC)], 'x', 1)
    await shareStream(redis)
    await queueOf(admin).acknowledge(await queueOf(admin).reclaim([refOf(STATIC)], 'x', 1, 0))
  })
  expect(await publishOn(redis, store, 1)).toMatchObject({ status: 'published', dropped: 0 })
}

const archives: Task = async ({ redis, store }) => {
  const queue = queueOf(store)
  const refs = [refOf(STATIC)]
  expect(await queue.take(refs, 'x', 1)).toEqual([])
  for (let n = 0; n < 3; n++) await asAdmin(redis, (admin) => publishOn(redis, admin))
  const taken = await queue.take(refs, 'x', 3)
  const [first, second, third] = taken
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('no entry')
  await queue.renew([first], 'x')
  await queue.reject(first, 'for a test')
  const [letter] = await queue.deadLetters(refs, 1)
  expect(letter && (await queue.replay(letter))).toBe(true)
  await queue.leave(refs, 'x', [second])
  const DAY_MS = 86_000_000
  expect(await queue.reclaim(refs, 'y', 10, DAY_MS)).toMatchObject([{ id: second.id }])
  await queue.acknowledge([second, third])
  await queue.leave(refs, 'x', [])
  expect(await queue.state(refs)).toMatchObject([{ length: 1, rejected: 1, archived: 2 }])
}

const archivesBesideOthers: Task = async ({ redis, store }) => {
  const queue = queueOf(store)
  const refs = [refOf(STATIC)]
  await asAdmin(redis, (admin) => publishOn(redis, admin))
  const stream = await shareStream(redis)
  await queue.acknowledge(await queue.take(refs, 'x', 1))
  expect(await redis.client.xlen(stream)).toBe(1)
  expect(await queue.state(refs)).toMatchObject([{ length: 0 }])
}

export const SERVICE = [
  ...[countsIn(STATIC), countsIn(DYNAMIC), countsIn(HASHED), countsLate, knowsNodes],
]
export const MASTER = [
  ...[loadsScripts, begins, rotates(DYNAMIC), rotates(HASHED), findsPythonEvents],
  ...[warnsOfEviction, knowsNodes],
]
export const READER = [
  ...[reads(STATIC, 'multi'), reads(DYNAMIC, 'evalsha_ro'), reads(HASHED, 'hscan'), readsBooks],
  ...[readsWithoutScripts, readsPythonEvents, knowsNodes],
]
export const READER_BEFORE_7 = [
  ...[reads(STATIC, 'multi'), reads(DYNAMIC, 'multi'), reads(HASHED, 'hscan'), readsBooks],
  ...[readsPythonEvents, knowsNodes],
]
export const PUBLISHER = [publishes, publishesBesideOthers]
export const ARCHIVER = [archives, archivesBesideOthers, knowsNodes]
export const ACKNOWLEDGER = [acknowledgesClients]
