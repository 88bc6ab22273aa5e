import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ClosedWindow, HistoryStore } from 'ecl-history'
import { openHistory } from 'ecl-history'
import { run, runInShell } from './history-process.ts'
import { at, closed } from './history-windows.ts'

const DAY = 86_400
/** Node with a clock that is 400 days ahead. */
const AHEAD = `NODE_OPTIONS='--import "data:text/javascript,const now=Date.now;Date.now=()=>now()+400*86400000"'`

describe('what is older than it is to be kept', () => {
  let folder: string
  let config: string
  let history: HistoryStore

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
    config = join(folder, 'ecl.yml')
    writeFileSync(
      config,
      'store: sqlite:counts.db\nhistory: {store: "sqlite:history.db", keep: {5s: 30d}}\ngroups: {g: {events: [a], intervals: [5s]}}\n',
    )
    history = openHistory(`sqlite:${join(folder, 'history.db')}`)
  })
  afterEach(async () => {
    await history.close()
    rmSync(folder, { recursive: true })
  })

  /** Archives windows that began so many days ago. */
  const archiveOf = (daysAgo: readonly number[]) => {
    const now = Math.floor(Date.now() / 5000) * 5
    return history.archive(
      daysAgo.map((days): ClosedWindow => closed(now - 10 - days * DAY - at(0), { a: 1 })),
    )
  }
  const exported = async () => (await run(config, 'export')).stdout.split('\n').length - 1

  it('is removed by prune, which says what', async () => {
    await archiveOf([45, 40, 29, 20, 1, 0])
    expect(await run(config, 'prune')).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^steps rolled up: \d+, windows removed: 2\nremoved: 2 windows of g 5s from before \S+Z\n$/,
      ),
      stderr: '',
    })
    expect(await exported()).toBe(4)
  })

  it('is removed by archive, which says what in its log', async () => {
    await archiveOf([45, 40, 29, 20, 1, 0])
    const { code, stderr } = await run(config, 'archive', '--once')
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/removed 2 windows of g 5s from before /),
    ])
  })

  it('is left by an archiver whose clock is 400 days ahead, and what comes then is kept', async () => {
    await archiveOf([29, 20, 1, 0])
    const { code, stderr } = await runInShell(`${AHEAD} $history '${config}' archive --once`)
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('removed')])
    expect(await archiveOf([0.5])).toEqual({ expired: 0 })
    expect(await exported()).toBe(5)
  })

  it('is left where a clock may have jumped, unless an operator insists', async () => {
    await archiveOf([400, 380, 370, 0])
    const { code, stderr } = await run(config, 'prune')
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(
        /windows of g 5s from before \S+ are left, .*"ecl-history CONFIG prune --force"/,
      ),
    ])
    expect(await exported()).toBe(4)
    expect(await run(config, 'prune', '--force')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('windows removed: 3\n'),
    })
    expect(await exported()).toBe(1)
  })
})
