import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { openHistory } from 'ecl-history'
import { type Answer, ask, plugin } from './shell.ts'

const GROUPS = `groups:
  web:
    events: [hit, error, /, /ips, 400_bad_request, "a:b", a b, root]
    intervals: [5s, 1h]
  web_5s:
    events: [x]
    intervals: [1h]
  urls:
    events: [/]
    auto_declare_events: true
    intervals: [1h]
    python_writers: false
`
const HOUR = 3600

let redis: PrivateRedis
let config: string
let state: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = join(redis.directory, 'ecl.yml')
  writeFileSync(config, `redis: {path: ${redis.socket}}\n${GROUPS}`)
  mkdirSync(join(redis.directory, 'plugins'))
})
beforeEach(() => {
  state = join(redis.directory, 'state')
})
afterEach(async () => {
  rmSync(state, { recursive: true, force: true })
  await redis.client.flushall()
})
afterAll(() => redis.close())

/** Runs the plugin by a link. */
function munin(link: string, question = '', env: Record<string, string> = {}): Promise<Answer> {
  const file = join(redis.directory, 'plugins', link)
  rmSync(file, { force: true })
  symlinkSync(plugin('ecl_'), file)
  return ask(file, question, { config, MUNIN_PLUGSTATE: state, ...env })
}

/** A window of an hour that has ended, as loggers and a master leave it. @returns its end */
async function count(group: string, counts: Record<string, number>, hoursAgo = 0): Promise<number> {
  const end = (Math.floor(Date.now() / 1000 / HOUR) - hoursAgo) * HOUR
  const values = Object.entries(counts).map(([event, n]) => [`${group}:1h:last:${event}`, n])
  const start = { [`${group}:1h:last:@ts`]: end - HOUR, [`${group}:1h:cur:@ts`]: end }
  await redis.client.mset({ ...Object.fromEntries(values), ...start, [`${group}:1h:cur:@by`]: end })
  await redis.client.sadd(`${group}:1h:last:@ids`, ...Object.keys(counts))
  return end
}

describe('the plugin ecl_', () => {
  it('tells counts at the end of their window, each in a field of its own', async () => {
    const end = await count('web', { hit: 5, error: -2, '/': 3, '/ips': 4, 'a:b': 6, 'a b': 7 })
    expect(await munin('ecl_web_1h')).toEqual({
      code: 0,
      stdout: [
        ['hit', 5],
        ['error', -2],
        ['_x2f', 3],
        ['_x2fips', 4],
        ['_400_bad_request', 0],
        ['a_x3ab', 6],
        ['a_x20b', 7],
        ['_x72oot', 0],
      ]
        .map(([field, n]) => `${field}.value ${end}:${n}\n`)
        .join(''),
      stderr: '',
    })
  })

  it('takes an exact group for its link before a group and an interval', async () => {
    const end = await count('web_5s', { x: 1 })
    expect(await munin('ecl_web_5s')).toMatchObject({ code: 0, stdout: `x.value ${end}:1\n` })
  })

  it('tells the config without asking Redis, and the values with it where Munin can take them', async () => {
    const plain = await munin('ecl_web', 'config')
    expect(plain).toMatchObject({ code: 0, stderr: '' })
    expect(plain.stdout).toContain('graph_vlabel events per hour\n')
    expect(plain.stdout).toContain('a_x20b.label a b\n')
    expect(plain.stdout).not.toContain('.value')
    const end = await count('web', { hit: 5 })
    const dirty = await munin('ecl_web', 'config', { MUNIN_CAP_DIRTYCONFIG: '1' })
    expect(dirty.stdout.startsWith(plain.stdout)).toBe(true)
    expect(dirty.stdout).toContain(`hit.value ${end}:5\n`)
  })

  it('has levels, a title and a category by the environment', async () => {
    const env = { error_warning: '10', critical: ':9', title: 'Shop', category: 'shop' }
    const { stdout } = await munin('ecl_web', 'config', env)
    expect(stdout).toContain('graph_title Shop\ngraph_category shop\n')
    expect(stdout).toContain('error.type GAUGE\nerror.warning 10\nerror.critical :9\n')
  })

  it('draws several groups by one run', async () => {
    const end = await count('web', { hit: 5 })
    await count('web_5s', { x: 1 })
    const { stdout } = await munin('ecl_shop', '', { group: 'web web_5s_1h', interval: '1h' })
    expect(stdout).toMatch(new RegExp(`^multigraph ecl_shop_web\nhit\\.value ${end}:5\n`))
    expect(stdout).toContain(`multigraph ecl_shop_web_5s_1h\nx.value ${end}:1\n`)
  })

  it("keeps a dynamic event's field, without leaving anything else behind", async () => {
    const end = await count('urls', { '/': 1, '/new': 2 })
    expect((await munin('ecl_urls', 'config')).stdout).toContain('_x2fnew.label /new\n')
    await redis.client.flushall()
    await count('urls', { '/': 3 })
    const { stdout } = await munin('ecl_urls')
    expect(stdout).toBe(`_x2f.value ${end}:3\n_x2fnew.value ${end}:0\n`)
    expect(readdirSync(state)).toEqual(['ecl-urls-1h'])
    expect(readFileSync(join(state, 'ecl-urls-1h'), 'utf8')).toBe('"/"\n"/new"\n')
  })

  it('says U where no master has turned the window over, and where Redis is away', async () => {
    const old = await count('web_5s', { x: 1 }, 3)
    const stale = await munin('ecl_web_5s')
    expect(stale).toMatchObject({ code: 0, stdout: `x.value ${old + 3 * HOUR}:U\n` })
    const gone = join(redis.directory, 'gone.yml')
    writeFileSync(gone, `redis: {path: ${redis.directory}/none.sock}\n${GROUPS}`)
    const away = await munin('ecl_web_5s', '', { config: gone })
    expect(away).toMatchObject({ code: 0, stdout: 'x.value U\n' })
    expect(away.stderr).toMatch(/^ecl_web_5s: Redis at .*none\.sock.*\n$/)
  })

  it('fails, and says why in a line, where its link names nothing', async () => {
    const { code, stdout, stderr } = await munin('ecl_nope')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^ecl_nope: "nope" is neither a group .*: web, web_5s, urls\n$/)
  })

  it('suggests its groups', async () => {
    expect(await munin('ecl_', 'suggest')).toMatchObject({ code: 0, stdout: 'web\nweb_5s\nurls\n' })
  })

  it.each([
    ['yes', {}, /^yes\n$/],
    ['no for a config that is missing', { config: '/nowhere/ecl.yml' }, /^no \(.*nowhere.*\)\n$/],
    ['no for a reader that is missing', { ecl_reader: '/nowhere/reader' }, /^no \(.*reader.*\)\n$/],
  ])('answers autoconf with %s, and always ends well', async (_what, env, stdout) => {
    const answer = await munin('ecl_', 'autoconf', env)
    expect(answer.code).toBe(0)
    expect(answer.stdout).toMatch(stdout)
  })

  it('has the markers by which munin-node-configure knows it', () => {
    const text = readFileSync(plugin('ecl_'), 'utf8')
    expect(text).toMatch(/^\s*#%# family=auto$/m)
    expect(text).toMatch(/^\s*#%# capabilities=autoconf suggest$/m)
  })

  it('tells of its own arguments, and of a wrong one', async () => {
    expect(await munin('ecl_web', '--help')).toMatchObject({ code: 0 })
    expect(await munin('ecl_web', 'frob')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('the example', () => {
  it('example_plugin tells the config and the counts, as it stands', async () => {
    const file = join(redis.directory, 'examples.yml')
    const groups = 'requests: {events: [req1, req2, error], intervals: [5m]}'
    writeFileSync(file, `redis: {path: ${redis.socket}}\ngroups: {${groups}}\n`)
    await redis.client.mset({ 'requests:5m:last:req1': 12, 'requests:5m:last:error': -1 })
    const asked = await ask(plugin('example_plugin'), '', { config: file })
    const values = 'error.value -1\nreq1.value 12\nreq2.value 0\n'
    expect(asked).toMatchObject({ code: 0, stdout: values })
    const { stdout } = await ask(plugin('example_plugin'), 'config', { config: file })
    expect(stdout).toContain('graph_vlabel events per 5m\n')
    for (const event of ['req1', 'req2', 'error']) expect(stdout).toContain(`${event}.label `)
  })

  it('example_plugin_dynamic keeps its events, as it stands', async () => {
    const file = join(redis.directory, 'examples.yml')
    const groups = 'urls: {events: [], auto_declare_events: true, intervals: [5m]}'
    writeFileSync(file, `redis: {path: ${redis.socket}}\ngroups: {${groups}}\n`)
    mkdirSync(state)
    const env = { config: file, MUNIN_PLUGSTATE: state }
    const example = plugin('example_plugin_dynamic')
    expect(await ask(example, '', env)).toMatchObject({ code: 0, stdout: '' })
    await redis.client.mset({ 'urls:5m:last:/a:b': 1, 'urls:5m:last:404': 2 })
    const { stdout } = await ask(example, 'config', env)
    expect(stdout).toMatch(/\n_a_b\.label \/a:b\n_404\.label 404\n$/)
    expect((await ask(example, '', env)).stdout).toBe('_a_b.value 1\n_404.value 2\n')
    await redis.client.del('urls:5m:last:404')
    expect((await ask(example, '', env)).stdout).toBe('_a_b.value 1\n_404.value 0\n')
    expect(readdirSync(state)).toEqual(['example_plugin_dynamic-urls'])
  })

  it.each(['example_plugin', 'example_plugin_dynamic'])(
    '%s fails with the reader',
    async (name) => {
      const answer = await ask(plugin(name), '', { config: '/nowhere/ecl.yml' })
      expect(answer).toMatchObject({ code: 1, stdout: '' })
    },
  )
})

it('tells every window of five seconds, where the config has a history', async () => {
  const file = join(redis.directory, 'kept.yml')
  const store = `sqlite:${join(redis.directory, 'history.db')}`
  writeFileSync(file, `redis: {path: ${redis.socket}}\nhistory: {store: "${store}"}\n${GROUPS}`)
  const latest = (Math.floor(Date.now() / 5000) * 5 - 60) as EpochSeconds
  const history = openHistory(store)
  await history.archive(
    [-10, 0].map((after, i) => {
      const start = (latest + after) as EpochSeconds
      const end = (start + 5) as EpochSeconds
      const version = {
        publishedMs: 1,
        revision: i,
        part: 1,
        parts: 1,
        completeness: 'complete' as const,
      }
      const counts = new Map([['hit', BigInt(i + 1)]])
      return {
        group: 'web',
        interval: '5s',
        start,
        end,
        ...version,
        late: 0n,
        total: 1n,
        counts,
      } as const
    }),
  )
  await history.close()
  const { stdout, stderr } = await munin('ecl_web', 'config', {
    config: file,
    interval: '5s',
    MUNIN_CAP_DIRTYCONFIG: '1',
  })
  expect(stderr).toBe('')
  expect(stdout).toContain('\nupdate_rate 5\ngraph_data_size custom 34560, ')
  const hits = [...stdout.matchAll(/^hit\.value (\d+):(\w+)$/gm)].map(([, at, n]) => [
    Number(at),
    n,
  ])
  expect(hits.slice(0, 3)).toEqual([
    [latest - 5, '1'],
    [latest, 'U'],
    [latest + 5, '2'],
  ])
})
