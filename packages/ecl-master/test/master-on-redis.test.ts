import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { EventCountLogger, type GroupsConfig } from 'ecl-core'
import { PrivateRedis, type PrivateRedisOptions, TcpProxy, until } from 'ecl-core/testing'
import { Master, type RotatedWindow } from 'ecl-master'
import { RecordingLogger } from './recording-logger.ts'

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']
const SECOND = { g: { events: ['a'], intervals: ['1s'] } } as const
const DYNAMIC = { d: { events: ['base'], intervals: ['1s'], auto_declare_events: true } } as const
const HOUR = { g: { events: ['a'], intervals: ['1h'] } } as const
const HOUR_S = 3600

let closing: (() => Promise<unknown>)[]
let logger: RecordingLogger
let redis: PrivateRedis

async function startRedis(options?: PrivateRedisOptions): Promise<void> {
  redis = await PrivateRedis.start(options)
  closing.push(() => redis.close())
}

function startMaster(groups: GroupsConfig): { master: Master; rotated: RotatedWindow[] } {
  const master = new Master(groups, redis.backend, { logger })
  const rotated: RotatedWindow[] = []
  master.on('rotated', (window) => rotated.push(window))
  closing.push(() => master.stop())
  master.start()
  return { master, rotated }
}

async function stored(key: string): Promise<string | null> {
  return redis.client.get(key)
}

/** By the server's clock, in seconds. */
async function now(): Promise<number> {
  const [seconds = 0, microseconds = 0] = (await redis.client.time()).map(Number)
  return seconds + microseconds / 1e6
}

/** Waits until a window of so many seconds has been turned over, and runs on for long. */
function early(lengthS: number, part = 0.4): Promise<void> {
  return until(async () => {
    const run = ((await now()) % lengthS) / lengthS
    return run > part / 3 && run < part
  })
}

/** What a Python master leaves when it has just turned a window over: the time of day, and nothing of ours. */
async function rotateAsPython(key: string, at: number): Promise<void> {
  await redis.client.set(`${key}:cur:@ts`, Math.floor(at))
}

beforeEach(() => {
  closing = []
  logger = new RecordingLogger()
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
})

describe('masters on a real Redis', () => {
  it('turn over all other groups where the user may do nothing with one, and say which', async () => {
    await startRedis()
    await redis.client.call('ACL', 'SETUSER', 'some', 'reset', 'on', '>x', '+@all', '~g:*')
    const groups = { denied: SECOND.g, ...SECOND, other: SECOND.g }
    const login = { ...redis.backend, username: 'some', password: 'x' }
    const master = new Master(groups, login, { logger })
    closing.push(() => master.stop())
    const rotated: RotatedWindow[] = []
    master.on('rotated', (window) => rotated.push(window))
    master.start()
    await until(() => rotated.length >= 2)
    expect(new Set(rotated.map(({ group }) => group))).toEqual(new Set(['g']))
    const said = logger.complaints.filter((line) => line.includes('not turned over'))
    expect(said).toEqual([
      expect.stringMatching(/^warn: .*group "denied": the user may not do this; check its ACL/),
      expect.stringMatching(/^warn: .*group "other": the user may not do this; check its ACL/),
    ])
  })

  it('turn each window over once between them, within a quarter of a second', async () => {
    await startRedis()
    const all = [startMaster(SECOND), startMaster(SECOND)].map(({ rotated }) => rotated)
    const rotated = () => all.flat()
    await until(() => rotated().length >= 3)
    const starts = rotated()
      .map(({ start }) => start)
      .sort((a, b) => a - b)
    const [first = 0] = starts
    expect(starts).toEqual(starts.map((_, index) => first + index))
    for (const { lagMs } of rotated()) {
      expect(lagMs).toBeGreaterThanOrEqual(0)
      expect(lagMs).toBeLessThan(250)
    }
  })

  it('move what was counted, and tell it when it has settled', async () => {
    await startRedis()
    const { master } = startMaster(SECOND)
    const settled: bigint[] = []
    master.on('settled', ({ counts }) => settled.push(counts.get('a') ?? -1n))
    const ecl = new EventCountLogger(SECOND, redis.backend, { logger })
    closing.push(() => ecl.close())
    for (let i = 0; i < 5; i++) ecl.getGroup('g').log('a')
    await until(() => settled.includes(5n))
    expect(settled.filter((count) => count !== 0n)).toEqual([5n])
  })

  it('stop at once while the server does not answer', async () => {
    await startRedis()
    const proxy = await TcpProxy.start({ path: redis.socket })
    closing.push(() => proxy.close())
    proxy.silence(true)
    const master = new Master(SECOND, { host: '127.0.0.1', port: proxy.port }, { logger })
    master.start()
    await until(() => proxy.connections === 1)
    const startedMs = performance.now()
    await master.stop()
    expect(performance.now() - startedMs).toBeLessThan(200)
    expect(logger.lines).toEqual([])
  })
})

describe('after a crash of the server', () => {
  it('a rotation that was undone is done again', async () => {
    await startRedis({ args: DURABLE })
    await early(2)
    const groups = { g: { events: ['a'], intervals: ['2s'] } }
    const start = Math.floor((await now()) / 2) * 2
    // As it was before the boundary, on disk.
    await redis.client.mset({
      'g:2s:cur:@ts': start - 2,
      'g:2s:cur:@by': start - 2,
      'g:2s:cur:a': 7,
      'g:2s:last:a': 1,
    })
    await redis.client.config('SET', 'appendonly', 'no')
    const { rotated } = startMaster(groups)
    await until(() => rotated.length === 1)
    expect(await stored('g:2s:last:a')).toBe('7')
    await redis.kill()
    await redis.start()
    const upMs = performance.now()
    await until(() => rotated.length >= 2)
    expect(performance.now() - upMs).toBeLessThan(1500)
    expect(rotated[1]?.start).toBe(start - 2)
    expect(await stored('g:2s:last:a')).toBe('7')
    expect(logger.complaints.filter((line) => line.includes('no master'))).toEqual([])
  })

  it('one line tells of the outage, and one of its end', async () => {
    await startRedis({ args: DURABLE })
    startMaster(HOUR)
    await until(async () => (await stored('g:1h:cur:@ts')) !== null)
    await redis.kill()
    await until(() => logger.complaints.length > 0)
    let attempts = 0
    rmSync(redis.socket)
    const refusing = createServer((socket) => {
      attempts++
      socket.destroy()
    }).listen(redis.socket)
    await until(() => attempts === 4)
    await new Promise((resolve) => refusing.close(resolve))
    expect(logger.complaints).toEqual([expect.stringMatching(/is redis-server running/)])
    await redis.start()
    const backs = () => logger.lines.filter((line) => line.includes('is back after'))
    await until(() => backs().length > 0)
    await until(async () => (await stored('g:1h:cur:@ts')) !== null)
    expect(backs()).toHaveLength(1)
  })
})

describe('beside programs of the Python original', () => {
  it('a master lets a Python master go first, says so once, and moves nothing twice', async () => {
    await startRedis({ args: DURABLE })
    await early(2, 0.1)
    const groups = { g: { events: ['a'], intervals: ['2s'] } }
    const start = Math.floor((await now()) / 2) * 2
    // It rotated late in the window before, so that its time is not a multiple of the interval's length.
    await rotateAsPython('g:2s', start - 1)
    await redis.client.mset({ 'g:2s:cur:@by': start - 4, 'g:2s:cur:a': 7, 'g:2s:last:a': 1 })
    const { rotated } = startMaster(groups)
    // The other one is a little late, too.
    await until(async () => (await now()) > start + 0.3)
    expect(rotated).toEqual([])
    await redis.client.mset({ 'g:2s:last:a': 7, 'g:2s:cur:a': 0 })
    await rotateAsPython('g:2s', start)
    await until(async () => (await now()) > start + 1.2)
    expect(rotated).toEqual([])
    expect(await stored('g:2s:last:a')).toBe('7')
    expect(logger.complaints).toEqual([expect.stringMatching(/Python ecl_master/)])
    // Then it does so no more.
    await until(() => rotated.length === 1)
    expect(rotated[0]?.start).toBe(start)
    expect(rotated[0]?.lagMs).toBeGreaterThanOrEqual(500)
    expect(await stored('g:2s:last:a')).toBe('0')
  })

  it("its writers' dynamic events are moved, and gone the window after", async () => {
    await startRedis({ args: DURABLE })
    await redis.client.incrby('d:1s:last:left', 9)
    const { rotated } = startMaster(DYNAMIC)
    await early(1)
    await redis.client.incrby('d:1s:cur:py:1 ü', 4)
    await redis.client.incrby('d:1s:cur:base', 2)
    const before = rotated.length
    await until(() => rotated.length > before)
    expect(await redis.client.mget('d:1s:last:py:1 ü', 'd:1s:last:base')).toEqual(['4', '2'])
    expect(await stored('d:1s:cur:py:1 ü')).toBeNull()
    await until(() => rotated.length > before + 1)
    const keys = await redis.client.keys('d:1s:*[^@]*')
    expect(keys.filter((key) => !/:@|:base$/.test(key))).toEqual([])
  })

  it('their events stay where they are with python_writers: false', async () => {
    await startRedis({ args: DURABLE })
    const groups = { d: { ...DYNAMIC.d, python_writers: false } }
    const { rotated } = startMaster(groups)
    await early(1)
    await redis.client.incrby('d:1s:cur:py', 4)
    await until(() => rotated.length > 1)
    expect(await stored('d:1s:cur:py')).toBe('4')
  })
})

describe('a master warns once', () => {
  it('that nothing is kept on disk', async () => {
    await startRedis()
    startMaster(HOUR)
    await until(() => logger.complaints.length > 0)
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until(() => logger.lines.some((line) => line.includes('is back after')))
    expect(logger.complaints).toEqual([
      'warn: Redis keeps nothing on disk: a restart loses all counts; set "appendonly yes", or "save"',
    ])
  })

  it('that counters may be evicted', async () => {
    await startRedis({
      args: [...DURABLE, '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
    })
    startMaster(HOUR)
    await until(() => logger.complaints.length > 0)
    expect(logger.complaints).toEqual([expect.stringMatching(/may evict.*allkeys-lru.*noeviction/)])
  })

  it('of a window in the future, and sets it back', async () => {
    await startRedis({ args: DURABLE })
    const future = Math.floor((await now()) / HOUR_S + 10) * HOUR_S
    await redis.client.mset({ 'g:1h:cur:@ts': future, 'g:1h:cur:@by': future, 'g:1h:cur:a': 5 })
    startMaster(HOUR)
    await until(() => logger.complaints.length > 0)
    expect(logger.complaints).toEqual([expect.stringMatching(/^error: .*a clock was wrong/)])
    expect(Number(await stored('g:1h:cur:@ts'))).toBeLessThanOrEqual(await now())
    expect(await stored('g:1h:cur:a')).toBe('5')
  })

  it('of more events than can be moved quickly', async () => {
    await startRedis({ args: DURABLE })
    const past = Math.floor((await now()) / HOUR_S - 1) * HOUR_S
    const events = Array.from({ length: 20_001 }, (_, i) => `e${i}`)
    await redis.client.mset({ 'd:1h:cur:@ts': past, 'd:1h:cur:@by': past })
    await redis.client.mset(Object.fromEntries(events.map((event) => [`d:1h:cur:${event}`, 1])))
    startMaster({ d: { ...DYNAMIC.d, events: [], intervals: ['1h'] } })
    await until(() => logger.complaints.length > 1)
    expect(logger.complaints).toEqual([
      expect.stringMatching(/programs that leave no index/),
      expect.stringMatching(/20001 events are moved/),
    ])
    expect(await stored('d:1h:last:e20000')).toBe('1')
  })
})

it("a user's logger is not told a password", async () => {
  await startRedis()
  const backend = { path: redis.socket, username: 'bob', password: 's3cr3t' }
  const master = new Master(HOUR, backend, { logger })
  closing.push(() => master.stop())
  master.start()
  await until(() => logger.complaints.length > 0)
  expect(logger.complaints[0]).toContain('password is wrong')
  expect(JSON.stringify(logger.details.map((details) => Object.entries(details)))).not.toContain(
    's3cr3t',
  )
  for (const details of logger.details) {
    const err = 'err' in details ? details.err : undefined
    expect(JSON.stringify(err)).not.toContain('s3cr3t')
    expect(err).not.toHaveProperty('command')
  }
})
