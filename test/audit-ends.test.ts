/** What the books say of programs, by how they have ended. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { runToEnd } from '../packages/ecl-master/test/running-command.ts'
import { read } from '../packages/ecl-reader/test/reader-process.ts'

const PROGRAM = fileURLToPath(new URL('programs/ends.mjs', import.meta.url))
/** What is counted after a flush stays in memory. */
const GROUPS = 'groups: {g: {events: [a], intervals: [400000h], sync_interval: 3600}}'

let redis: PrivateRedis
let config: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = join(redis.directory, 'ecl.yml')
  writeFileSync(config, `redis: {path: ${redis.socket}}\n${GROUPS}\n`)
})
afterEach(() => redis.client.flushall())
afterAll(() => redis.close())

/** Runs the program to its end, however that is. @returns what it is called in the books */
async function ends(how: string, file = config): Promise<string> {
  await new Promise((resolve) => execFile(process.execPath, [PROGRAM, file, how], resolve))
  const entries = await redis.client.hgetall('g:@clients')
  const [clientId = ''] = Object.keys(entries)
  return clientId
}

/** Has a logger's last word been so many seconds earlier. */
async function letPass(clientId: string, seconds: number): Promise<void> {
  const entry = (await redis.client.hget('g:@clients', clientId)) ?? ''
  const [number, used, ...rest] = entry.split(' ')
  const earlier = [number, Number(used) - seconds, ...rest].join(' ')
  await redis.client.hset('g:@clients', clientId, earlier)
}

const audit = () => read(config, '--audit')
const acknowledge = (clientId: string) => runToEnd(config, 'acknowledge', clientId)

describe.each([
  'an uncaught throw',
  'an unhandled rejection',
  'process.exit',
  'SIGTERM',
  'SIGKILL',
])('a program that ends by %s, with 1,000 events in memory', (how) => {
  it('leaves books that nobody calls balanced, until an operator acknowledges it', async () => {
    const clientId = await ends(how)
    await letPass(clientId, 11)
    const before = await audit()
    expect(before.code).toBe(4)
    expect(before.stdout).toMatch(/^g, 1 logger: 1 logger silent\n/)
    expect(before.stderr).toContain(`last heard: ${clientId} at 2`)
    expect(before.stderr).toContain('what it counted after that is unknown')
    expect(before.stderr).toContain(`ecl-master ${config} acknowledge `)
    const json = JSON.parse((await read(config, '--audit', '--json')).stdout)
    expect(json).toMatchObject({ balanced: false, missing: 0, surplus: 0, silent: 1 })

    // Once or twice.
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await acknowledge(clientId)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(`"${clientId}", last heard 2`)
      expect(stdout).toContain('what it counted after that stays unknown')
    }
    const after = await audit()
    expect({ code: after.code, stderr: after.stderr }).toEqual({ code: 0, stderr: '' })
    expect(after.stdout).toMatch(/^g, 1 logger: balanced\n/)
    expect(after.stdout).toMatch(/ acknowledged +1000 +1000 +0 +0 +0 +0 +0\n/)
  })
})

it.each(['close', 'nothing left to do'])(
  'a program that ends by %s leaves books that balance',
  async (how) => {
    const clientId = await ends(how)
    await letPass(clientId, 11)
    const { code, stdout, stderr } = await audit()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^g, 1 logger: balanced\n/)
    expect(stdout).toMatch(/ closed +2000 +2000 +0 +0 +0 +0 +0\n/)
    expect(await acknowledge(clientId)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('has said farewell'),
    })
  },
)

it('a logger that fell silent is forgotten with its entry, when the next one registers', async () => {
  // Three of the longest interval, which is to be over.
  const days = join(redis.directory, 'days.yml')
  writeFileSync(days, `redis: {path: ${redis.socket}}\n${GROUPS.replace('400000h', '24h')}\n`)
  const clientId = await ends('SIGKILL', days)
  await letPass(clientId, 3 * 24 * 3600 + 1)
  expect((await read(days, '--audit')).code).toBe(4)
  await ends('close', days)
  const { code, stdout } = await read(days, '--audit')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^g, 1 logger: balanced\n/)
})

describe('ecl-master … acknowledge', () => {
  it('names those who are silent where there is no such logger', async () => {
    expect(await acknowledge('h/1/a')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'ecl-master: no logger "h/1/a" is known; no logger is silent\n',
    })
    const clientId = await ends('SIGKILL')
    await letPass(clientId, 11)
    expect(await acknowledge('h/1/\x1b[31m')).toMatchObject({
      code: 1,
      stderr: `ecl-master: no logger "h/1/\\x1b[31m" is known; silent: ${clientId} (group "g")\n`,
    })
  })

  it('refuses one that may still be alive', async () => {
    const clientId = await ends('SIGKILL')
    const { code, stderr } = await acknowledge(clientId)
    expect(code).toBe(1)
    expect(stderr).toMatch(/was heard \d s ago; acknowledge it when it has been silent for 10 s\n$/)
    expect((await audit()).stdout).toMatch(/ alive +1000 /)
  })

  it.each([
    [['acknowledge']],
    [['forgive', 'h/1/a']],
    [['acknowledge', 'h/1/a', 'h/1/b']],
    [['acknowledge', 'h/1/a', '--once']],
  ])('ends with 2 for %j', async (args) => {
    expect(await runToEnd(config, ...args)).toMatchObject({ code: 2, stdout: '' })
  })
})
