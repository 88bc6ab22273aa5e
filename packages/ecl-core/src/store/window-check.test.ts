import { describe, expect, it } from '@jest/globals'
import { FIVE_SECONDS, NOON } from '../testing/hand-client.ts'
import { windowProblem } from './window-check.ts'
import type { ClosedWindow } from './window-queue.ts'

const NOW_MS = (NOON + 7) * 1000
const DAY = 86_400

type Given = Partial<Record<keyof Omit<ClosedWindow, 'undone'>, unknown>>

function problemOf(given: Given, undone?: { next: number; lossWindowMs: number }) {
  const window = {
    ...{ group: 'g', interval: '5s', start: NOON, end: NOON + 5, publishedMs: NOW_MS, revision: 0 },
    ...{ part: 1, parts: 1, completeness: 'complete', late: 0n, total: 0n, counts: new Map() },
    ...given,
    ...(undone && { undone: { mayHoldForeign: false, ...undone } }),
  }
  return windowProblem(window as never, FIVE_SECONDS, NOW_MS)
}

describe('a window of a queue', () => {
  it('is in order as masters publish it', () => {
    expect(problemOf({})).toBeUndefined()
    expect(problemOf({ revision: 7, part: 3, parts: 9 })).toBeUndefined()
    expect(problemOf({}, { next: NOON + 15, lossWindowMs: 2500 })).toBeUndefined()
  })

  it('is in order where it stood for a year, or a clock was set back by an hour', () => {
    const [old, ahead] = [NOON - 365 * DAY, NOON + 3600]
    expect(problemOf({ start: old, end: old + 5 })).toBeUndefined()
    expect(problemOf({ start: ahead, end: ahead + 5, publishedMs: ahead * 1000 })).toBeUndefined()
  })

  const far = NOON + 2 * DAY
  it.each<[string, Given]>([
    ['it is 10 s long', { end: NOON + 10 }],
    ['is no multiple of 5s', { start: NOON + 1, end: NOON + 6 }],
    ["is more than a day ahead of the store's clock", { start: far, end: far + 5 }],
    ['more than two years ago', { start: 0, end: 5 }],
    ['out of range', { start: -5, end: 0 }],
    ['out of range', { revision: 2 ** 60 }],
    ['it was published at 9007199254740990 ms', { publishedMs: 9007199254740990 }],
    ['it has 20000 parts', { parts: 20_000 }],
    ['it is part 3 of 2', { part: 3, parts: 2 }],
  ])('is refused, as %s', (problem, given) => {
    expect(problemOf(given)).toContain(problem)
  })

  it.each([
    [NOON, 1, 'cannot begin at'],
    [NOON + 6, 1, 'cannot begin at'],
    [far, 1, 'cannot begin at'],
    [NOON + 5, -1, 'its loss window is -1 ms'],
  ])('is refused where the next begins at %s, with a loss window of %s ms', (...row) => {
    const [next, lossWindowMs, problem] = row
    expect(problemOf({}, { next, lossWindowMs })).toContain(problem)
  })
})
