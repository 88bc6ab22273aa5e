import { describe, expect, it } from '@jest/globals'
import { type Claim, checkClaims, claimOf, type Loss } from './claims.ts'
import type { AckedLine, ReadLine } from './journal.ts'
import { LoggerTruth } from './truth.ts'

const groups = { web: { events: ['all', 'hit'], intervals: ['2s'] } }
const NOON = 1_700_000_000 - (1_700_000_000 % 3600)
const at = (seconds: number) => (NOON + seconds) * 1000

/** A logger that was heard at some seconds after noon, and logged so many hits at others. */
function logger(heard: readonly number[], logged: Readonly<Record<number, number>>): LoggerTruth {
  const truth = new LoggerTruth('logger 0', groups)
  for (const [seconds, hit] of Object.entries(logged)) {
    truth.logged({ t: 'log', at: at(Number(seconds)), counts: { web: { hit } } })
  }
  for (const seconds of heard) {
    const line: AckedLine = {
      ...{ t: 'ack', group: 'web', client: 'host/1/a', number: 1, at: null, intervals: [] },
      ...{ counts: [], storeMs: at(seconds), placements: [], failed: [] },
    }
    truth.acked(line)
  }
  return truth
}

const claim = (hit: number, atSeconds = 4): Claim => ({
  ...{ group: 'web', interval: '2s', start: NOON, atMs: at(atSeconds), counts: { hit } },
})
const check = (
  told: Claim,
  loggers: readonly LoggerTruth[],
  inTheEnd: number,
  losses: readonly Loss[] = [],
) =>
  checkClaims(
    [told],
    loggers,
    losses,
    new Map([['web:2s', new Map([[NOON, new Map([['hit', inTheEnd]])]])]]),
    new Map([['web:2s', 2]]),
  ).map((finding) => finding.message)

describe('checkClaims', () => {
  it('is content when all is there that was logged, and stays so', () => {
    expect(check(claim(3), [logger([0.1, 3], { 1: 3 })], 3)).toEqual([])
  })

  it('finds one that is missing, and one that is too much', () => {
    expect(check(claim(2), [logger([0.1, 3], { 1: 3 })], 2)).toHaveLength(1)
    expect(check(claim(4), [logger([0.1, 3], { 1: 3 })], 4)).toHaveLength(1)
  })

  it('finds what has changed since', () => {
    expect(check(claim(3), [logger([0.1, 3], { 1: 3 })], 4)).toHaveLength(1)
  })

  it('does not blame the store for a logger that it had not heard by then', () => {
    expect(check(claim(0), [logger([5], { 1: 3 })], 3)).toEqual([])
    expect(check(claim(0), [logger([3.9], { 1: 3 })], 3)).toHaveLength(1)
  })

  it('does not blame the store for a logger that it took for dead when the window began', () => {
    expect(check(claim(0), [logger([-12], { 1: 3 })], 0)).toEqual([])
    expect(check(claim(0), [logger([-8], { 1: 3 })], 0)).toHaveLength(1)
  })

  it('does not blame the store for one whose registration a crash has just taken away', () => {
    const loss = { fromMs: at(-1), toMs: at(0) }
    expect(check(claim(0), [logger([-0.5], { 1: 3 })], 3, [loss])).toEqual([])
  })

  it('lets a crash change what was read in the time that it took away', () => {
    const loss = { fromMs: at(3.5), toMs: at(4.5) }
    expect(check(claim(3), [logger([0.1, 3], { 1: 3 })], 1, [loss])).toEqual([])
  })
})

describe('claimOf', () => {
  it('is made by a reading that is told to be complete, and by no other', () => {
    const line: ReadLine = {
      ...{ t: 'read', group: 'web', interval: '2s', which: 'last', start: NOON },
      ...{ storeMs: at(4), counts: { hit: 3 }, completeness: 'unknown' },
    }
    expect(claimOf({ ...line, completeness: 'complete' })).toEqual(claim(3))
    expect(claimOf({ ...line, completeness: 'pending' })).toBeUndefined()
    expect(claimOf({ ...line, start: null, completeness: 'complete' })).toBeUndefined()
  })
})
