import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { openStore, resolveGroups } from 'ecl-core'
import { type PrivateRedis, until } from 'ecl-core/testing'
import { Fixture } from './fixture.ts'
import { runToEnd } from './running-command.ts'

const fixture = new Fixture()
const MASTER = fileURLToPath(new URL('../bin/ecl-master.cjs', import.meta.url))
const NOBODY = 65_534

/** A number that a server counts. */
async function counted(redis: PrivateRedis, section: string, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await redis.client.info(section))?.[1] ?? 0)
}

const refusals = (redis: PrivateRedis) => counted(redis, 'errorstats', /MISCONF:count=(\d+)/)
const connections = (redis: PrivateRedis) =>
  counted(redis, 'stats', /total_connections_received:(\d+)/)

async function unableToSave(redis: PrivateRedis): Promise<void> {
  mkdirSync(join(redis.directory, 'dump.rdb'))
  await redis.client.config('SET', 'save', '3600 1')
  await redis.client.bgsave()
  await until(async () => (await redis.client.info()).includes('rdb_last_bgsave_status:err'))
}

describe('a master that may read and not write', () => {
  it('says once that the disk of Redis is full, and once that it is not any more', async () => {
    const redis = await fixture.startRedis()
    const config = fixture.configFor(redis)
    await unableToSave(redis)
    expect(await runToEnd('--check', config)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/refuses writes since it cannot save to disk/),
    })
    const master = fixture.startMaster(config)
    await master.logged(/refuses writes/)
    const before = await refusals(redis)
    await until(async () => (await refusals(redis)) >= before + 4)
    expect(master.log.map(({ msg }) => msg)).toEqual([
      'ecl-master rotates g 1s',
      expect.stringContaining('refuses writes'),
    ])
    await redis.client.config('SET', 'stop-writes-on-bgsave-error', 'no')
    await master.logged(/is back after/)
    await master.end('SIGTERM')
  })

  it('connects to a replica in growing pauses, and says once what it is', async () => {
    const redis = await fixture.startRedis()
    const config = fixture.configFor(redis)
    await redis.client.replicaof('127.0.0.1', 6)
    expect(await runToEnd('--check', config)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/is a replica of 127\.0\.0\.1:6; masters need the primary/),
    })
    const master = fixture.startMaster(config)
    await master.logged(/read-only replica/)
    const before = await connections(redis)
    const startedMs = performance.now()
    await until(async () => (await connections(redis)) >= before + 8)
    const seconds = (performance.now() - startedMs) / 1000
    // Of pauses up to 2 s; before they grew, it was 25 in each second.
    expect(seconds).toBeGreaterThan(1.5)
    expect(master.log.map(({ msg }) => msg)).toEqual([
      'ecl-master rotates g 1s',
      expect.stringContaining('read-only replica'),
    ])
    await redis.client.call('REPLICAOF', 'NO', 'ONE')
    await master.logged(/is back after/)
    await master.end('SIGTERM')
  })

  it('says once that it may not write an SQLite file, and tries again no more often than it looks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecl-refused-'))
    const config = join(folder, 'ecl.yml')
    const file = join(folder, 'counts.db')
    writeFileSync(config, 'store: sqlite:counts.db\ngroups: {g: {events: [a], intervals: [1s]}}\n')
    const [group] = resolveGroups({ g: { events: ['a'], intervals: ['1s'] } })
    const interval = group?.intervals[0]
    if (group === undefined || interval === undefined) throw new Error('no group')
    // Who may not write can read while somebody has it open who may.
    const store = openStore(`sqlite:${file}`)
    await store.rotate(group, interval)
    chmodSync(file, 0o444)
    chmodSync(folder, 0o755)
    const isRoot = process.getuid?.() === 0
    const master = spawn(process.execPath, [MASTER, config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    })
    let log = ''
    master.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    const over = new Promise((resolve) => master.once('close', resolve))
    try {
      await until(() => log.includes('may not be written'))
      const saidAt = Date.now()
      await until(() => Date.now() > saidAt + 2000)
      expect(log.trimEnd().split('\n')).toEqual([
        expect.stringContaining('ecl-master rotates g 1s'),
        expect.stringContaining('may not be written'),
      ])
    } finally {
      master.kill('SIGKILL')
      await over
      await store.close()
      rmSync(folder, { recursive: true })
    }
  })
})
