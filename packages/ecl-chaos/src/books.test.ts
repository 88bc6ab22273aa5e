import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { type Account, checkBooks } from './books.ts'
import { LoggerTruth } from './truth.ts'

/** A logger that has logged five events. */
function logger(): LoggerTruth {
  const truth = new LoggerTruth('logger 0', { web: { events: ['hit'], intervals: ['2s'] } })
  truth.logged({ t: 'log', at: 1000, counts: { web: { hit: 5 } } })
  truth.clients.set('host/1/a', 'web')
  return truth
}

const account = (given: Partial<Account> = {}): Account => ({
  ...{
    clientId: 'host/1/a',
    number: 3,
    lastUse: 1 as EpochSeconds,
    closed: true,
    acknowledged: false,
  },
  ...{ through: 2 as EpochSeconds, lossUntil: 0 as EpochSeconds },
  ...{ logged: 5, applied: 5, unsent: 0, refused: 0, late: 0, replayed: 0 },
  ...given,
})
const check = (of: Account, by = logger()) => checkBooks(new Map([['web', [of]]]), [by])

describe('checkBooks', () => {
  it('is content when the books balance, and agree with the logger', () => {
    expect(check(account())).toEqual([])
    expect(check(account({ applied: 4, refused: 1 }))).toEqual([])
  })

  it.each([
    ['one too few applied', { applied: 4 }],
    ['one too many applied', { applied: 6 }],
    ['something unsent when it closed', { applied: 4, unsent: 1 }],
    ['another total than the logger has', { logged: 4, applied: 4 }],
    ['a client that nobody knows', { clientId: 'host/2/b' }],
  ])('finds %s', (_, given) => {
    expect(check(account(given)).length).toBeGreaterThan(0)
  })

  it('asks less of a logger that was killed, but never finds more applied than logged', () => {
    expect(check(account({ closed: false, applied: 2 }))).toEqual([])
    expect(check(account({ closed: false, applied: 6 }))).toHaveLength(1)
  })
})
