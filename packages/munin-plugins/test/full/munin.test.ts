import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { type DayWindow, STEP_SECONDS, windowsOfADay } from './a-day.ts'
import { MuninWorld, PLUGINS, run } from './munin-world.ts'

const ECL_CONFIG = `groups:
  requests:
    events: [hit, miss, 404, /api/ip, error]
    intervals: [5s, 5m]
  jobs:
    events: [done]
    intervals: [1h]
  urls:
    events: [/]
    auto_declare_events: true
    intervals: [5m]
  odd:
    events: [a b, "a:b", root, timeout, label, graph_title, address, "<b>", "a\\\\b", "100%"]
    intervals: [5m]
`
/** Each event of `requests` with its field. */
const FIELDS = { hit: 'hit', miss: 'miss', 404: '_404', '/api/ip': '_x2fapi_x2fip', error: 'error' }
/** Longer than everything here takes. */
const TIMEOUT_MS = 120_000

let redis: PrivateRedis
let munin: MuninWorld

beforeAll(async () => {
  redis = await PrivateRedis.start()
  munin = await MuninWorld.create()
  const config = join(redis.directory, 'ecl.yml')
  writeFileSync(config, `redis: {path: ${redis.socket}}\n${ECL_CONFIG}`)
  munin.configure(config, '[ecl_requests]\nenv.error_critical 50\nenv.hit_warning 1\n')
}, TIMEOUT_MS)
afterAll(async () => {
  await munin.close()
  await redis.close()
})

/** What loggers and a master have left of a window that has just ended. */
async function count(
  group: string,
  seconds: number,
  counts: Record<string, number>,
): Promise<number> {
  const end = Math.floor(Date.now() / 1000 / seconds) * seconds
  const key = `${group}:${seconds === 3600 ? '1h' : '5m'}`
  const values = Object.entries(counts).map(([event, n]) => [`${key}:last:${event}`, n])
  await redis.client.mset(
    Object.fromEntries([
      ...values,
      [`${key}:cur:@ts`, end],
      [`${key}:cur:@by`, end],
      [`${key}:last:@ts`, end - seconds],
    ]),
  )
  return end
}

/** What follows takes some seconds, and is all about one window. */
async function awayFromBoundary(): Promise<void> {
  const leftMs = STEP_SECONDS * 1000 - (Date.now() % (STEP_SECONDS * 1000))
  if (leftMs < 30_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 100))
}

describe('munin-run', () => {
  beforeAll(async () => {
    await awayFromBoundary()
    for (const name of ['ecl_', 'ecl_jobs_1h', 'ecl_urls']) munin.link('ecl_', name)
  }, TIMEOUT_MS)

  it('gets counts, back-dated to the end of their window', async () => {
    const end = await count('jobs', 3600, { done: 77 })
    const { code, stdout } = await munin.muninRun('ecl_jobs_1h')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `done.value ${end}:77\n` })
  })

  it('gets autoconf, suggest and config', async () => {
    expect(await munin.muninRun('ecl_', 'autoconf')).toMatchObject({ code: 0, stdout: 'yes\n' })
    expect(await munin.muninRun('ecl_', 'suggest')).toMatchObject({
      stdout: 'requests\njobs\nurls\nodd\n',
    })
    const { stdout } = await munin.muninRun('ecl_jobs_1h', 'config')
    expect(stdout).toContain('graph_vlabel events per hour\n')
    expect(stdout).not.toContain('.value')
  })

  it('keeps the field of an event that no longer happens', async () => {
    const end = await count('urls', STEP_SECONDS, { '/': 3, '/a b': 5 })
    const both = await munin.muninRun('ecl_urls')
    expect(both.stdout).toBe(`_x2f.value ${end}:3\n_x2fa_x20b.value ${end}:5\n`)
    await redis.client.del('urls:5m:last:/a b')
    const one = await munin.muninRun('ecl_urls')
    expect(one.stdout).toBe(`_x2f.value ${end}:3\n_x2fa_x20b.value ${end}:0\n`)
  })
})

it(
  'is linked as munin-node-configure says',
  async () => {
    const { stdout, stderr } = await munin.nodeConfigure('--shell', '--libdir', PLUGINS)
    expect(stderr).toBe('')
    const links = stdout.split('\n').filter((line) => line.startsWith('ln '))
    expect(links.map((line) => line.split('/').at(-1))).toEqual(
      expect.arrayContaining(["ecl_requests'", "ecl_odd'"]),
    )
  },
  TIMEOUT_MS,
)

/** The plugin as it is, in a wrapper that tells a day's windows before its own. */
function linkWithHistory(windows: readonly DayWindow[]): void {
  mkdirSync(munin.path('real'))
  symlinkSync(join(PLUGINS, 'ecl_'), munin.path('real', 'ecl_requests'))
  const lines = windows.flatMap(({ at, counts }) =>
    Object.entries(FIELDS).map(([event, field]) => `${field}.value ${at}:${counts[event]}\n`),
  )
  writeFileSync(munin.path('history'), lines.join(''))
  const wrapper = munin.path('plugins', 'ecl_requests')
  writeFileSync(
    wrapper,
    `#!/bin/sh
answer=$(${munin.path('real', 'ecl_requests')} "$@") || exit
printf '%s\\n' "$answer" | grep -v '\\.value '
cat ${munin.path('history')}
printf '%s\\n' "$answer" | grep '\\.value '
`,
  )
  chmodSync(wrapper, 0o755)
}

async function rrdValues(file: string, from: number, to: number): Promise<Map<number, number>> {
  const { stdout } = await run(
    'rrdtool',
    ...['fetch', file, 'AVERAGE', '-r', `${STEP_SECONDS}`],
    ...['-s', `${from - STEP_SECONDS}`, '-e', `${to - STEP_SECONDS}`],
  )
  const rows = stdout.matchAll(/^(\d+): (\S+)$/gm)
  return new Map([...rows].map(([, at, value]) => [Number(at), Number(value)]))
}

describe('a day in Munin', () => {
  let windows: DayWindow[]

  beforeAll(async () => {
    await awayFromBoundary()
    windows = windowsOfADay(Math.floor(Date.now() / 1000 / STEP_SECONDS) * STEP_SECONDS)
    linkWithHistory(windows.slice(0, -1))
    munin.link('ecl_', 'ecl_odd')
    // It draws all groups, which the other links here do, too.
    rmSync(munin.path('plugins', 'ecl_'))
    await count('requests', STEP_SECONDS, windows.at(-1)?.counts ?? {})
    await count('odd', STEP_SECONDS, { 'a b': 1, 'a:b': 2, root: 3, timeout: 4, address: 5 })
    await munin.startNode()
    await munin.runMaster()
  }, TIMEOUT_MS)

  it('is in the RRDs, each count in its window', async () => {
    const first = windows[0]?.at ?? 0
    const last = windows.at(-1)?.at ?? 0
    for (const [event, field] of Object.entries(FIELDS)) {
      const values = await rrdValues(munin.rrd('ecl_requests', field), first, last)
      const counted = new Map(windows.map(({ at, counts }) => [at, counts[event]]))
      expect(values).toEqual(counted)
    }
  })

  it('has the last value that the plugin itself has read', async () => {
    const { stdout } = await run('rrdtool', 'lastupdate', munin.rrd('ecl_requests', 'hit'))
    const last = windows.at(-1)
    expect(stdout.trim().split('\n').at(-1)).toBe(`${last?.at}: ${last?.counts['hit']}`)
    const jobs = await run('rrdtool', 'lastupdate', munin.rrd('ecl_jobs_1h', 'done'))
    expect(jobs.stdout).toMatch(/: 77\n$/)
  })

  it('has a curve for each event, whatever its name', async () => {
    const names = ['a_x20b', 'a_x3ab', '_x72oot', 'timeout', '_x61ddress']
    for (const [i, field] of names.entries()) {
      const { stdout } = await run('rrdtool', 'lastupdate', munin.rrd('ecl_odd', field))
      expect(stdout).toMatch(new RegExp(`: ${i + 1}\\n$`))
    }
    const data = readFileSync(munin.path('master', 'datafile'), 'utf8')
    for (const label of ['root', 'label', 'graph_title', 'address', '<b>', 'a\\b', '100%']) {
      expect(data.match(/^.*:ecl_odd\.\w+\.label .*$/gm)?.join('\n')).toContain(`.label ${label}`)
    }
  })

  it('is drawn', () => {
    const { ECL_MUNIN_GRAPH: keep } = process.env
    for (const service of ['ecl_requests', 'ecl_jobs_1h', 'ecl_urls', 'ecl_odd']) {
      const picture = readFileSync(munin.png(service, 'day'))
      expect(picture.subarray(1, 4).toString()).toBe('PNG')
      expect(picture.length).toBeGreaterThan(2000)
    }
    if (keep !== undefined) copyFileSync(munin.png('ecl_requests', 'day'), keep)
  })

  it('warns where a level is passed', () => {
    const limits = readFileSync(munin.path('master', 'limits'), 'utf8')
    expect(limits).toMatch(/;ecl_requests;hit;state warning$/m)
    expect(limits).toMatch(/;ecl_requests;error;state ok$/m)
  })

  it('left no complaint in the logs', () => {
    for (const name of ['munin-update.log', 'munin-graph.log', 'munin-html.log']) {
      const log = readFileSync(munin.path('master', name), 'utf8')
      const complaints = log.split('\n').filter((line) => /\[(?:WARN|ERROR|FATAL)/.test(line))
      // It tunes an RRD before it makes it.
      expect(complaints.filter((line) => !line.includes('[ERROR] Tuning '))).toEqual([])
    }
  })
})
