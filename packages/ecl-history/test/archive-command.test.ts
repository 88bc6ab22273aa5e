import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type EpochSeconds, EventCountLogger } from 'ecl-core'
import { PrivateRedis, until } from 'ecl-core/testing'
import { LEVEL, RunningCommand } from '../../ecl-master/test/running-command.ts'
import { openHistory } from '../src/open-history.ts'
import type { HistoryWindow } from '../src/store/history-store.ts'

const BIN = fileURLToPath(new URL('../bin/ecl-history.cjs', import.meta.url))
const GROUPS = { g: { events: ['a', 'b'], intervals: ['1s'] } } as const

describe('ecl-history archive', () => {
  let folder: string
  let closing: (() => unknown)[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
    closing = []
  })
  afterEach(async () => {
    for (const close of closing.reverse()) await close()
    rmSync(folder, { recursive: true })
  })

  /** Writes a config. @returns its name */
  function config(store: string, history = 'history: {store: "sqlite:history.db"}'): string {
    const file = join(folder, 'ecl.yml')
    writeFileSync(file, `${store}\ngroups: ${JSON.stringify(GROUPS)}\n${history}\n`)
    return file
  }

  function start(command: RunningCommand): RunningCommand {
    closing.push(() => {
      command.child.kill('SIGKILL')
      return command.ended
    })
    return command
  }

  const startMaster = (file: string) => start(new RunningCommand([file]))
  const startArchiver = (file: string, ...args: string[]) =>
    start(new RunningCommand([file, 'archive', ...args], [process.execPath, BIN]))

  async function kept(group = 'g'): Promise<HistoryWindow[]> {
    const history = openHistory(`sqlite:${join(folder, 'history.db')}`)
    try {
      const [from, to] = [0 as EpochSeconds, 1e10 as EpochSeconds]
      const windows: HistoryWindow[] = []
      await history.migrate()
      const query = { group, interval: '1s', from, to }
      for await (const window of history.windows(query)) windows.push(window)
      return windows
    } finally {
      await history.close()
    }
  }

  /** Logs, and waits until it is in a window that is kept. */
  async function logAndWait(backend: ConstructorParameters<typeof EventCountLogger>[1]) {
    const ecl = new EventCountLogger(GROUPS, backend)
    ecl.getGroup('g').log('a', 41)
    await ecl.close()
    await until(async () => (await kept()).some(({ total }) => total === 41n))
  }

  it('keeps what a master has published, on Redis, and ends with 0 on SIGTERM', async () => {
    const redis = await PrivateRedis.start()
    closing.push(() => redis.close())
    const file = config(`redis: {path: ${redis.socket}}`)
    startMaster(file)
    const archiver = startArchiver(file, '-v')
    await logAndWait(redis.backend)
    const { code, tookMs } = await archiver.end('SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(2000)
    expect(archiver.messages(LEVEL.warn)).toEqual([])
    // A batch that is under way is finished after that, and says so.
    expect(archiver.messages(LEVEL.info)).toContainEqual(
      expect.stringMatching(/^archived [1-9]\d*, rejected 0 in all$/),
    )
    const state = await startArchiver(file, '--status').ended
    expect(state.code).toBe(0)
    expect(state.stdout).toMatch(/^g 1s: .*; \d+ archived, 0 rejected, 0 dropped$/m)
  })

  it('keeps what a master has published, on a store in a file', async () => {
    const file = config('store: sqlite:counts.db')
    startMaster(file)
    startArchiver(file)
    await logAndWait(`sqlite:${join(folder, 'counts.db')}`)
    expect((await kept()).every(({ windows }) => windows === 1)).toBe(true)
  })

  it('archives what is there, once, and ends', async () => {
    const file = config('store: sqlite:counts.db')
    startMaster(file)
    const ecl = new EventCountLogger(GROUPS, `sqlite:${join(folder, 'counts.db')}`)
    closing.push(() => ecl.close())
    ecl.getGroup('g').log('a', 41)
    await until(async () => {
      const { code, stderr } = await startArchiver(file, '--once').ended
      expect([code, stderr]).toEqual([0, expect.stringContaining('archived what was there')])
      return (await kept()).some(({ total }) => total === 41n)
    })
  })

  it('says what is wrong, and which exit code that is', async () => {
    const ended = (file: string, ...args: string[]) => startArchiver(file, ...args).ended
    const nowhere = `redis: {path: ${join(folder, 'none.sock')}}`
    expect(await ended(config(nowhere, ''))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ecl\.yml: history: is missing; write where windows are kept/),
    })
    const unreachable = { code: 3, stderr: expect.stringContaining('there is no such socket') }
    expect(await ended(config(nowhere), '--status')).toMatchObject(unreachable)
    const cron = 'history: {store: "sqlite:h.db", maintenance: 61 * * * *}'
    expect(await ended(config('store: sqlite:counts.db', cron))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('history.maintenance: '),
    })
    expect((await ended(config(nowhere), 'x')).code).toBe(2)
  })

  it('reads the config again on SIGHUP: a new group is archived', async () => {
    const file = config('store: sqlite:counts.db')
    startMaster(file)
    const archiver = startArchiver(file)
    await archiver.logged(/^ecl-history archives g 1s$/)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        'groups: {',
        'groups: {"h":{"events":["a"],"intervals":["1s"]},',
      ),
    )
    startMaster(file)
    archiver.child.kill('SIGHUP')
    await archiver.logged(/^ecl-history archives h 1s, g 1s$/)
    await until(async () => (await kept('h')).length > 0)
    await archiver.logged(/^archived \d+, rejected 0 in all$/)
    expect(archiver.messages(LEVEL.error)).toEqual([])
    expect((await archiver.end('SIGTERM')).code).toBe(0)
  })

  it.each([
    ['that is broken', 'store: sqlite:counts.db\ngroups: {g: {intervals: [5x]}}\n', /5x/],
    [
      'with no history any more',
      `store: sqlite:counts.db\ngroups: ${JSON.stringify(GROUPS)}\n`,
      /history: is missing/,
    ],
    [
      'with no times of maintenance',
      `store: sqlite:counts.db\ngroups: ${JSON.stringify(GROUPS)}\nhistory: {store: "sqlite:history.db", maintenance: 61 * * * *}\n`,
      /history\.maintenance: /,
    ],
  ])('keeps the old config in the place of one %s, with one line', async (_, text, complaint) => {
    const file = config('store: sqlite:counts.db')
    startMaster(file)
    const archiver = startArchiver(file)
    await until(async () => (await kept()).length > 0)
    writeFileSync(file, text)
    archiver.child.kill('SIGHUP')
    await archiver.logged(/the config stays as it was/)
    expect(archiver.messages(LEVEL.error)).toEqual([expect.stringMatching(complaint)])
    const before = (await kept()).length
    await until(async () => (await kept()).length > before)
    expect((await archiver.end('SIGTERM')).code).toBe(0)
  })

  it('waits for a store that is not there at start, and ends in time all the same', async () => {
    const archiver = startArchiver(config(`redis: {path: ${join(folder, 'none.sock')}}`))
    await archiver.logged(/there is no such socket/)
    const { code, tookMs } = await archiver.end('SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(5000)
  })
})
