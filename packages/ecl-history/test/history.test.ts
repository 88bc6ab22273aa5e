import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { History, type HistoryRequest, type HistoryStep, openHistory, type Step } from 'ecl-history'
import { all, closed } from './history-windows.ts'

const WINDOW = 300
/** The windows begin at this instant, a midnight of UTC, days before the clocks are put back in Europe. */
const FIRST = closed(0, {}).start
const DAYS = 40
/** Every fifth hour is missing. */
const isKept = (n: number) => Math.floor(n / 12) % 5 !== 4

let directory: string
let store: ReturnType<typeof openHistory>
let history: History
const windows = Array.from({ length: DAYS * 288 }, (_, n) =>
  closed(n * WINDOW, { [`e${n % 3}`]: n, all: 1 }, { seconds: WINDOW, interval: '5m' }),
).filter((_, n) => isKept(n))
const total = windows.reduce((sum, window) => sum + window.total, 0n)
const END = FIRST + DAYS * 86_400

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  store = openHistory(`sqlite:${join(directory, 'history.db')}`)
  await store.archive(windows)
  history = new History(store)
})
afterAll(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})

/** Asked for when everything has long been over. */
function ask(request: Partial<HistoryRequest>): Promise<HistoryStep[]> {
  const time = { from: FIRST, to: END, now: END + 60 }
  return all(history.query({ group: 'g', interval: '5m', ...time, ...request }))
}

describe('History', () => {
  it.each<[string, Step]>([
    ['one by one', { unit: 'window' }],
    ['by the hour', { unit: 'seconds', seconds: 3600 }],
    ['by seven hours', { unit: 'seconds', seconds: 25_200 }],
    ['by the day', { unit: 'day' }],
    ['by the week', { unit: 'week' }],
    ['by the month', { unit: 'month' }],
    ['at once', { unit: 'all' }],
  ])('has each window in one step, and every missing one, %s', async (_, step) => {
    const steps = await ask({ step, zone: 'Europe/Prague' })
    const sum = (of: (one: HistoryStep) => bigint) => steps.reduce((n, one) => n + of(one), 0n)
    expect(sum((one) => BigInt(one.windows))).toBe(BigInt(windows.length))
    expect(sum((one) => BigInt(one.expected))).toBe(BigInt(DAYS * 288))
    expect(sum((one) => one.total)).toBe(total)
    expect(sum(({ rows }) => rows.reduce((n, row) => n + row.sum, 0n))).toBe(total)
    for (const [i, { start }] of steps.entries()) if (i > 0) expect(start).toBe(steps[i - 1]?.end)
  })

  it('has the events that are asked for, and the largest of all steps', async () => {
    const step: Step = { unit: 'day' }
    const zone = 'Europe/Prague'
    const names = (steps: HistoryStep[]) => [
      ...new Set(steps.flatMap(({ rows }) => rows.map(({ event }) => event))),
    ]
    expect(names(await ask({ step, zone, events: ['all', 'e1', 'none'] }))).toEqual(['all', 'e1'])
    const {
      sums: [first],
    } = await history.sums({
      group: 'g',
      interval: '5m',
      from: FIRST,
      to: END,
      top: 1,
    })
    expect(names(await ask({ step, zone, top: 1 }))).toEqual([first?.[0]])
    expect(names(await ask({ step, events: [] }))).toEqual([])
  })

  it('misses nothing from before the first window, nor what has ended just now', async () => {
    const late = { from: 0, to: END + 86_400, now: END + 900 }
    const steps = await ask(late)
    expect(steps[0]?.start).toBe(FIRST)
    // Windows of the last hour are missing, and three that have ended since, of which one has had no time.
    expect(steps.at(-1)?.end).toBe(END + 600)
    expect(steps.slice(-3).map((one) => [one.windows, one.expected])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
  })

  it('knows nothing of what was never archived', async () => {
    expect(await ask({ group: 'other' })).toEqual([])
    expect(await ask({ from: FIRST - 86_400, to: FIRST })).toEqual([])
  })

  it('refuses what is no interval, and a step that is none of it', async () => {
    await expect(ask({ interval: 'soon' })).rejects.toThrow('"soon" is not an interval')
    const step: Step = { unit: 'seconds', seconds: 420 }
    await expect(ask({ step })).rejects.toThrow('a step of 7m is no multiple of windows of 5m')
  })
})
