/** What commands say where some queues cannot be read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis, RedisCluster, until } from 'ecl-core/testing'
import { run } from './history-process.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-bad-queues-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a config with these groups. @returns its name */
function configOf(redis: string, ...groups: readonly string[]): string {
  const file = join(folder, 'ecl.yml')
  const each = groups.map((name) => `  "${name}": {events: [a], intervals: [5s, 5m]}\n`)
  const history = 'history: {store: "sqlite:history.db"}\n'
  writeFileSync(file, `redis: ${redis}\n${history}groups:\n${each.join('')}`)
  return file
}

describe('where a key of one queue is no queue', () => {
  let redis: PrivateRedis
  let config: string

  beforeAll(async () => {
    redis = await PrivateRedis.start()
    config = configOf(`{path: ${redis.socket}}`, 'web', 'shop')
    for (const key of ['closed', 'dead']) await redis.client.set(`@history:web:5m:${key}`, 'x')
    await redis.client.mset({ 'web:5s:cur:@ts': 10, 'web:5s:last:@ts': 5, 'web:5s:last:a': 1 })
    await run(config, 'migrate')
  })
  afterAll(() => redis.close())

  it.each(['status', 'dead', 'archive --status'])(
    '%s tells of the others, and names it, with exit code 3',
    async (command) => {
      const { code, stdout, stderr } = await run(config, ...command.split(' '))
      expect({ code, stdout }).toEqual({
        code: 3,
        stdout:
          command === 'dead'
            ? ''
            : ['web 5s', 'shop 5s', 'shop 5m']
                .map((name) => `${name}: nothing waits; 0 archived, 0 rejected, 0 dropped\n`)
                .join(''),
      })
      expect(stderr).toMatch(/^ecl-history: series "web 5m" is left out: .*WRONGTYPE.*\n$/)
    },
  )

  it('verify tells of the others, and names it, with exit code 3', async () => {
    const may = ['resetkeys', '~web:*', '~shop:5m:*', '~shop:@*', '~@history:*']
    await redis.client.call('ACL', 'SETUSER', 'default', ...may)
    try {
      const { code, stdout, stderr } = await run(config, 'verify')
      expect(code).toBe(3)
      expect(stdout.match(/^\w+ \w+/gm)).toEqual(['web 5s', 'web 5m', 'shop 5m'])
      expect(stderr).toMatch(/^ecl-history: series "shop 5s" is left out: .*NOPERM.*\n$/)
    } finally {
      await redis.client.call('ACL', 'SETUSER', 'default', 'allkeys')
    }
  })
})

it('tells of the queues on the other nodes where one of a cluster is away, and names those on it', async () => {
  const cluster = await RedisCluster.start()
  try {
    const groups = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `{${name}}`)
    const nodes = JSON.stringify(cluster.backend.cluster)
    const config = configOf(`{cluster: ${nodes}}`, ...groups)
    const ended = async () => run(config, 'status')
    const whole = await ended()
    expect(whole).toMatchObject({ code: 0, stderr: '' })
    expect(whole.stdout.split('\n')).toHaveLength(13)
    for (const node of cluster.nodes) {
      await node.client.config('SET', 'cluster-require-full-coverage', 'no')
    }
    await cluster.nodes[1]?.kill()
    await until(async () => (await ended()).code === 3, 15_000)
    const { stdout, stderr } = await ended()
    const told = groups.filter((name) => stdout.includes(`${name} 5m: nothing waits`))
    const named = groups.filter((name) => stderr.includes(`series "${name} 5m" is left out: `))
    expect(told.length).toBeGreaterThan(0)
    expect(named.length).toBeGreaterThan(0)
    expect([...told, ...named].sort()).toEqual(groups)
  } finally {
    await cluster.close()
  }
}, 40_000)
