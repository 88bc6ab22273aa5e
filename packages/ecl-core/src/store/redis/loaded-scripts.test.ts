/** Users who may run scripts only that somebody else has loaded. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import { groupSpec } from '../../testing/hand-client.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { until } from '../../testing/until.ts'
import { openStore } from '../open-store.ts'
import { applyScript, lookScript } from './lua-scripts.generated.ts'

const INTERVAL = { spec: '400000h', seconds: 1_440_000_000 }
const GROUP = groupSpec({ name: 'g', events: ['hit'], intervals: [INTERVAL] })
const WINDOWS = [{ group: GROUP, interval: INTERVAL }]
const GROUPS = { g: { events: ['hit'], intervals: ['400000h'] } } as const
const NOT_LOADED = /scripts of this version are not loaded.*run "ecl-master CONFIG load-scripts"/

let redis: PrivateRedis
beforeAll(async () => {
  redis = await PrivateRedis.start()
})
afterAll(() => redis.close())
beforeEach(async () => {
  await redis.client.flushall()
  await redis.client.script('FLUSH')
})

/** A user who may do all but what is named. */
async function userWithout(...commands: readonly string[]) {
  const rules = commands.map((command) => `-${command}`)
  await redis.client.call('ACL', 'SETUSER', 'u', 'reset', 'on', '>p', '~*', '+@all', ...rules)
  return { path: redis.socket, username: 'u', password: 'p' }
}

async function areLoaded(): Promise<boolean> {
  const found = await redis.client.script('EXISTS', applyScript.sha1, lookScript.sha1)
  return String(found) === '1,1'
}

it('a logger that may load no script keeps its counts, says what to do, and sends them when it is done', async () => {
  const warnings: string[] = []
  const warn = (_: object, message: string) => warnings.push(message)
  const logger = { ...silentLogger, warn }
  const backend = await userWithout('eval', 'script')
  const ecl = new EventCountLogger(GROUPS, backend, { logger })
  try {
    const group = ecl.getGroup('g')
    group.log('hit', 7)
    const sent = group.flush({ timeoutMs: 20_000 })
    await until(() => warnings.length > 0)
    group.log('hit', 5)
    expect(await redis.client.keys('*')).toEqual([])
    const admin = openStore(redis.backend, { logger: silentLogger })
    expect((await admin.loadScripts?.())?.servers).toEqual([redis.socket])
    await admin.close()
    expect(await sent).toEqual({ unsentEvents: 0 })
    expect(await group.flush({ timeoutMs: 20_000 })).toEqual({ unsentEvents: 0 })
    expect(await redis.client.get('g:400000h:cur:hit')).toBe('12')
    expect(warnings).toEqual([expect.stringMatching(NOT_LOADED)])
  } finally {
    await ecl.close()
  }
})

describe('a store that keeps scripts loaded', () => {
  it('loads all of them at each connection, and again when one is missing', async () => {
    const store = openStore(await userWithout('eval'), { logger: silentLogger })
    try {
      store.keepScriptsLoaded?.()
      await store.windows(WINDOWS)
      await until(areLoaded)
      await redis.client.script('FLUSH')
      await store.windows(WINDOWS)
      expect(await areLoaded()).toBe(true)
      await redis.client.script('FLUSH')
      await redis.client.script('LOAD', lookScript.source)
      await redis.client.client('KILL', 'USER', 'u')
      await until(async () => {
        await store.windows(WINDOWS).catch(() => undefined)
        return areLoaded()
      })
    } finally {
      await store.close()
    }
  })

  it.each([
    ['may not load any', ['script']],
    ['may not even send one whole, and another one loads them', ['script', 'eval']],
  ])('works where its user %s', async (_, commands) => {
    const store = openStore(await userWithout(...commands), { logger: silentLogger })
    try {
      store.keepScriptsLoaded?.()
      if (commands.includes('eval')) {
        await expect(store.windows(WINDOWS)).rejects.toThrow(NOT_LOADED)
        await redis.client.script('LOAD', lookScript.source)
      }
      expect(await store.windows(WINDOWS)).toMatchObject({ states: [{ foreign: false }] })
    } finally {
      await store.close()
    }
  })
})

it('a reader that may not send its script reads in steps until that is loaded', async () => {
  const dynamic = { ...GROUP, dynamic: true }
  await redis.client.mset('g:400000h:cur:hit', 3, 'g:400000h:cur:new', 4)
  await redis.client.sadd('g:400000h:cur:@ids', 'hit', 'new')
  const store = openStore(await userWithout('eval_ro', 'script'), { logger: silentLogger })
  try {
    const read = async () => {
      await redis.client.config('RESETSTAT')
      const { cur } = await store.read(dynamic, INTERVAL, 'cur')
      expect(Object.fromEntries(cur?.counts ?? [])).toEqual({ hit: 3n, new: 4n })
      return /cmdstat_multi:/.test(await redis.client.info('commandstats'))
    }
    expect(await read()).toBe(true)
    const admin = openStore(redis.backend, { logger: silentLogger })
    await admin.loadScripts?.()
    await admin.close()
    expect(await read()).toBe(false)
  } finally {
    await store.close()
  }
})

it('says which right is missing where scripts are to be loaded', async () => {
  const store = openStore(await userWithout('script|load'), { logger: silentLogger })
  try {
    await expect(store.loadScripts?.()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining("'script|load'"),
    })
  } finally {
    await store.close()
  }
})
