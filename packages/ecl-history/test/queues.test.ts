import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  type CounterStore,
  openStore,
  resolveGroups,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { run } from './history-process.ts'

const GROUPS = { web: { events: ['hit', 'error'], intervals: ['1h'] } }

let redis: PrivateRedis
let store: CounterStore
let queue: WindowQueue
let window: WindowRef
let start: number
let config: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = join(redis.directory, 'ecl.yml')
  writeFileSync(
    config,
    `redis: { path: ${redis.socket} }
history: { store: sqlite:history.db }
groups: { web: { events: [hit, error], intervals: [1h] } }
`,
  )
  store = openStore({ path: redis.socket })
  if (store.history === undefined) throw new Error('Redis keeps no queue')
  queue = store.history
  const [group] = resolveGroups(GROUPS)
  const [interval] = group?.intervals ?? []
  if (group === undefined || interval === undefined) throw new Error('no group')
  window = { group, interval }
  start = Math.floor(Date.now() / 3_600_000) * 3600 - 3600
  await redis.client.mset({
    'web:1h:cur:@ts': start + 3600,
    'web:1h:cur:@by': start + 3600,
    'web:1h:last:@ts': start,
    'web:1h:last:hit': 5,
    'web:1h:last:error': 0,
  })
  await redis.client.sadd('web:1h:last:@ids', 'hit', 'error')
})
afterAll(async () => {
  await store.close()
  await redis.close()
})

const iso = () => new Date(start * 1000).toISOString().replace('.000', '')
const bounds = { seconds: 86_400, entries: 1000 }

/** From the store to SQL and back, in the order in which it happens. */
it('verifies what is archived, waits or differs, and puts back what could not be archived', async () => {
  expect((await run(config, 'migrate')).code).toBe(0)
  expect((await run(config, 'verify')).stdout).toBe(
    `web 1h, window of ${iso()}: waits for a master\n`,
  )
  await queue.publish(window, { final: true, bounds })
  expect(await run(config, 'verify')).toEqual({
    code: 0,
    stdout: `web 1h, window of ${iso()}: waits for an archiver\n`,
    stderr: '',
  })

  const [entry] = await queue.take([window], 'test', 10)
  if (entry === undefined) throw new Error('nothing was published')
  await queue.reject(entry, 'the disk\nis broken')
  const listed = await run(config, 'dead')
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(new RegExp(`^\\S+ web 1h ${iso()}: the disk is broken\\n$`))
  const [id = ''] = listed.stdout.split(' ')
  expect(JSON.parse((await run(config, 'dead', '--format', 'json')).stdout)).toMatchObject({
    id,
    group: 'web',
    start,
    total: 5,
  })
  expect(await run(config, 'verify')).toMatchObject({
    code: 4,
    stdout: `web 1h, window of ${iso()}: is missing in SQL\n  hit: 5 in the store, 0 in SQL\n`,
    stderr: 'ecl-history: SQL is not what the store still knows\n',
  })
  expect(await run(config, 'dead', 'replay', '1-1')).toMatchObject({
    code: 1,
    stdout: 'put back: 0\n',
  })
  expect(await run(config, 'dead', 'replay', id)).toEqual({
    code: 0,
    stdout: 'put back: 1\n',
    stderr: '',
  })
  expect((await run(config, 'dead')).stdout).toBe('')

  expect(await run(config, 'archive', '--once')).toMatchObject({ code: 0, stdout: '' })
  expect(await run(config, 'verify')).toEqual({
    code: 0,
    stdout: `web 1h, window of ${iso()}: the same, 5 of 1 event\n`,
    stderr: '',
  })
  expect((await run(config, '-g', 'web', '--since', '2h')).stdout).toBe(
    `${iso()} error:0\n${iso()} hit:5\n`,
  )

  // By somebody at a redis-cli, of whom nobody knows.
  await redis.client.incrby('web:1h:last:hit', 2)
  const differs = await run(config, 'verify', '--format', 'json')
  expect(differs.code).toBe(4)
  expect(JSON.parse(differs.stdout)).toEqual({
    group: 'web',
    interval: '1h',
    status: 'differs',
    start,
    archived: true,
    differences: [{ event: 'hit', store: 7, sql: 5 }],
  })
})
