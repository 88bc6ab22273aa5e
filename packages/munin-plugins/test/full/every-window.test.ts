import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { openHistory } from 'ecl-history'
import { MuninWorld, run } from './munin-world.ts'

const SECONDS = 5
/** Longer than everything here takes. */
const TIMEOUT_MS = 120_000

let redis: PrivateRedis
let munin: MuninWorld
let store: string

beforeAll(async () => {
  redis = await PrivateRedis.start()
  munin = await MuninWorld.create()
  store = `sqlite:${join(redis.directory, 'history.db')}`
  const config = join(redis.directory, 'ecl.yml')
  writeFileSync(
    config,
    `redis: {path: ${redis.socket}}
history: {store: "${store}"}
groups: {web: {events: [hit], intervals: [5s]}}
`,
  )
  munin.configure(config)
  munin.link('ecl_', 'ecl_web')
  await munin.startNode()
}, TIMEOUT_MS)
afterAll(async () => {
  await munin.close()
  await redis.close()
})

/** Archives windows, each with a count of its own. @returns their ends */
async function archive(from: number, to: number): Promise<number[]> {
  const starts = Array.from({ length: (to - from) / SECONDS }, (_, n) => from + n * SECONDS)
  const history = openHistory(store)
  await history.archive(
    starts.map((start) => ({
      ...{ group: 'web', interval: '5s', publishedMs: 1, revision: 1, part: 1, parts: 1 },
      ...{ start: start as EpochSeconds, end: (start + SECONDS) as EpochSeconds },
      ...({ completeness: 'complete', late: 0n, total: countOf(start) } as const),
      counts: new Map([['hit', countOf(start)]]),
    })),
  )
  await history.close()
  return starts.map((start) => start + SECONDS)
}

function countOf(start: number): bigint {
  return BigInt((start / SECONDS) % 1000)
}

/** What the RRD holds of windows, by their ends. */
async function rrdValues(ends: readonly number[]): Promise<(readonly [number, number])[]> {
  const [first, last] = [Math.min(...ends), Math.max(...ends)]
  const { stdout } = await run(
    'rrdtool',
    ...['fetch', munin.rrd('ecl_web', 'hit'), 'AVERAGE', '-r', `${SECONDS}`],
    ...['-s', `${first - SECONDS}`, '-e', `${last - SECONDS}`],
  )
  const rows = [...stdout.matchAll(/^(\d+): (\S+)$/gm)]
  return rows.map(([, at, value]) => [Number(at), Number(value)] as const)
}

it(
  'puts every window of five seconds into the RRD, at its end, and goes on where it was',
  async () => {
    const begin = Math.floor(Date.now() / 1000 / SECONDS) * SECONDS - 500
    const ends = await archive(begin, begin + 300)
    await munin.runMaster()
    // The same windows are told once more, and those that have come since.
    ends.push(...(await archive(begin + 300, begin + 450)))
    await munin.runMaster()
    // An RRD knows a value from the one before it.
    const known = ends.slice(1)
    expect(await rrdValues(known)).toEqual(
      known.map((end) => [end, Number(countOf(end - SECONDS))]),
    )
    const log = readFileSync(munin.path('master', 'munin-update.log'), 'utf8')
    const complaints = log.split('\n').filter((line) => /\[(?:WARN|ERROR|FATAL)/.test(line))
    expect(complaints.filter((line) => !line.includes('[ERROR] Tuning '))).toEqual([])
  },
  TIMEOUT_MS,
)
