import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { RedisCluster, SentinelSet } from 'ecl-core/testing'

const GROUP = { events: ['a', 'b'], intervals: ['400000h'] }
/** More than a cluster has nodes, so that some are on one node, in different slots. */
const GROUPS = Object.fromEntries(['{g}', '{h}', '{i}', '{j}', '{k}'].map((name) => [name, GROUP]))
const MASTER = 'packages/ecl-master/bin/ecl-master.cjs'
const READER = 'packages/ecl-reader/bin/ecl-reader.cjs'
const LOG_EVENT = 'packages/ecl-log-event/bin/ecl-log-event.cjs'
const SHORT_LIVED = 'test/programs/short-lived.mjs'
/** Nothing listens there. */
const DEAD_NODE = '127.0.0.1:1'

function run(program: string, ...args: readonly string[]) {
  const file = fileURLToPath(new URL(`../../${program}`, import.meta.url))
  const startedMs = performance.now()
  return new Promise<{ code: unknown; stdout: string; stderr: string; tookMs: number }>(
    (resolve) => {
      execFile(process.execPath, [file, ...args], { timeout: 15_000 }, (error, stdout, stderr) => {
        const tookMs = performance.now() - startedMs
        resolve({ code: error === null ? 0 : error.code, stdout, stderr, tookMs })
      })
    },
  )
}

describe.each([
  [
    'sentinels',
    () => SentinelSet.start(),
    ({ sentinel }: { sentinel?: { name: string; nodes: readonly string[] } }) => ({
      sentinel: { ...sentinel, nodes: [DEAD_NODE, ...(sentinel?.nodes ?? [])] },
    }),
    { sentinel: { name: 'mymaster', nodes: [DEAD_NODE] } },
  ],
  [
    'a cluster',
    () => RedisCluster.start(),
    ({ cluster = [] }: { cluster?: readonly string[] }) => ({ cluster: [DEAD_NODE, ...cluster] }),
    { cluster: [DEAD_NODE] },
  ],
] as const)('commands and programs with %s', (_, start, withDeadNode, dead) => {
  const folder = mkdtempSync(join(tmpdir(), 'ecl-topology-'))
  const config = join(folder, 'ecl.yml')
  const down = join(folder, 'down.yml')
  let servers: SentinelSet | RedisCluster

  beforeAll(async () => {
    servers = await start()
    const redis = withDeadNode(servers.backend)
    writeFileSync(config, JSON.stringify({ redis, groups: GROUPS }))
    writeFileSync(down, JSON.stringify({ redis: dead, groups: GROUPS }))
  })
  afterAll(async () => {
    await servers?.close()
    rmSync(folder, { recursive: true })
  })

  it('log, rotate and read, though one of the nodes that are named is dead', async () => {
    expect((await run(LOG_EVENT, config, '{g}', 'a', '3')).code).toBe(0)
    expect((await run(MASTER, config, '--once')).code).toBe(0)
    expect(await run(MASTER, config, '--check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('5 windows to rotate; the store answers'),
    })
    expect(await run(READER, config, '-g', '{g}', '--current')).toMatchObject({
      code: 0,
      stdout: 'a:3\nb:0\n',
    })
  })

  it('are not kept alive, and flush at an ordinary end', async () => {
    const { tookMs: idleMs } = await run(SHORT_LIVED, config, 'nothing')
    for (const thing of ['log', 'log, flush, idle', 'log, read']) {
      const { code, tookMs } = await run(SHORT_LIVED, config, thing)
      expect(code).toBe(0)
      expect(tookMs - idleMs).toBeLessThan(3000)
    }
    const { stdout } = await run(READER, config, '-g', '{g}', '--current')
    expect(stdout).toBe('a:11\nb:10\n')
  })

  it('say within 5 s that nobody is there', async () => {
    const { code, stderr, tookMs } = await run(READER, down, '-g', '{g}')
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/^ecl-reader: Redis at .*ECONNREFUSED/),
    ])
    expect(tookMs).toBeLessThan(3000)
    const { stdout } = await run(SHORT_LIVED, down, 'read')
    expect(stdout).toBe('STORE_UNAVAILABLE\n')
  })
})
