import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { EventCountLogger, loadConfig } from 'ecl-core'
import { PrivateRedis, until } from 'ecl-core/testing'
import { configFile, read } from './reader-process.ts'

let redis: PrivateRedis
let config: string
let loggers: EventCountLogger[] = []

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = configFile(
    redis,
    'ecl.yml',
    // Nothing is kept for a replay, so that what Redis loses is lost.
    `redis: {path: ${redis.socket}, loss_window: 0}
groups:
  web: {events: [a, b], intervals: [5s, 1h]}
  jobs: {events: [done], intervals: [1h]}
`,
  )
})
afterEach(async () => {
  await Promise.all(loggers.map((logger) => logger.close()))
  loggers = []
  await redis.client.flushall()
})
afterAll(() => redis.close())

async function startLogger() {
  const { groups, backend } = await loadConfig(config)
  const ecl = new EventCountLogger(groups, backend, { logger: silent })
  loggers.push(ecl)
  return ecl
}

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
function ignore(): void {}

describe('--audit', () => {
  it('says that the books of living and of closed loggers balance', async () => {
    const [living, closed] = [await startLogger(), await startLogger()]
    living.getGroup('web').log('a', 5)
    closed.getGroup('web').log('b', 2)
    await living.getGroup('web').flush()
    await closed.close()
    const { code, stdout, stderr } = await read(config, '--audit', '-g', 'web', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { at, loggers: books, ...rest } = JSON.parse(stdout)
    const none = { unsent: 0, refused: 0, late: 0, replayed: 0, difference: 0 }
    expect(rest).toEqual({
      group: 'web',
      balanced: true,
      missing: 0,
      surplus: 0,
      silent: 0,
      total: { logged: 7, applied: 7, ...none },
    })
    expect(Math.abs(at - Date.now() / 1000)).toBeLessThan(60)
    expect(books).toHaveLength(2)
    const head = { logger: expect.stringMatching(/^.+\/\d+\/.+$/), lastHeard: expect.any(Number) }
    expect(books).toContainEqual({ ...head, state: 'alive', logged: 5, applied: 5, ...none })
    expect(books).toContainEqual({ ...head, state: 'closed', logged: 2, applied: 2, ...none })
    const table = await read(config, '--audit', '-g', 'web')
    expect(table.stdout).toMatch(/^web, 2 loggers: balanced so far, 1 logger alive\n/)
  })

  it('shows what Redis has lost', async () => {
    const group = (await startLogger()).getGroup('web')
    for (const n of [5, 1]) {
      group.log('a', n)
      await group.flush()
    }
    // It sends the latest batch once more, as that may not have been stored for good.
    await redis.client.flushall()
    group.log('a', 3)
    await group.flush()
    const { code, stdout, stderr } = await read(config, '--audit')
    expect(code).toBe(4)
    expect(stdout).toMatch(/^web, 1 logger: 5 events missing\n/)
    expect(stdout).toMatch(/^total +9 +4 +0 +0 +0 +[01] +5$/m)
    expect(stdout).toMatch(/\njobs: no loggers known\n$/)
    expect(stderr).toMatch(/^ecl-reader: group "web": 5 events missing; .*the store has lost it\n$/)
  })

  it('shows books that somebody has changed, and gives a terminal nothing to obey', async () => {
    const old = Math.floor(Date.now() / 1000) - 3600
    await redis.client.hset('jobs:@clients', {
      'host/7/\x1b[31m\u202e': `3 ${old} 2 ${old} 0 10 12 0 0 0 0`,
      'host/8/b': `3 ${old} 1 ${old} 0 10 9 0 0 0 0`,
      'host/9/\x1b[31m\u202e': `3 ${old} 0 ${old} 0 10 10 0 0 0 0`,
      foreign: 'value',
    })
    const { code, stdout, stderr } = await read(config, '--audit', '-gjobs')
    expect(code).toBe(4)
    expect(stdout).toContain(
      'jobs, 3 loggers: 1 event missing, 2 events too many, 1 logger silent\n',
    )
    expect(stdout).toMatch(/^host\/7\/\\x1b\[31m\\u202e +60m +acknowledged +10 +12 +0 .* -2$/m)
    expect(stderr).toMatch(/^ecl-reader: group "jobs": 1 event missing, 2 events too many, .*\n/)
    expect(stderr).toMatch(/ last heard: host\/9\/\\x1b\[31m\u202e at 2.*\n$/)
  })

  it('counts what a logger still has in memory, or could not add, as found', async () => {
    const ecl = await startLogger()
    await redis.client.hset('web:5s:cur:b', 'not', 'a counter')
    const group = ecl.getGroup('web')
    group.log('a', 1)
    group.log('b', 4)
    await group.flush()
    await until(async () => (await read(config, '--audit', '-gweb')).stdout.includes('balanced'))
    const { total } = JSON.parse((await read(config, '--audit', '-gweb', '--json')).stdout)
    expect(total).toMatchObject({ logged: 5, applied: 1, refused: 4, difference: 0 })
  })

  it('says so where nobody has logged', async () => {
    expect(await read(config, '--audit')).toEqual({
      code: 0,
      stdout: 'web: no loggers known\n\njobs: no loggers known\n',
      stderr: '',
    })
  })

  it.each([
    [2, ['--audit', '-i', '5s'], /'--interval' cannot be used with --audit/],
    [2, ['--audit', '--complete'], /'--complete' cannot be used with --audit/],
    [2, ['--audit', '--defuse-formulas'], /'--defuse-formulas' cannot be used/],
    [2, ['--audit', '--format', 'csv'], /'--format csv' cannot be used with --audit/],
    [2, ['--audit', '--json', '--format', 'table'], /'--format table' cannot be used/],
    [1, ['--audit', '-g', 'nope'], /group "nope" .*: web, jobs/],
  ])('ends with %i for %j', async (code, args, message) => {
    const ended = await read(config, ...args)
    expect(ended.stderr).toMatch(message)
    expect(ended).toMatchObject({ code, stdout: '' })
  })
})
