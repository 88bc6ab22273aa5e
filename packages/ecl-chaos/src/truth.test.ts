import { describe, expect, it } from '@jest/globals'
import type { AckedLine } from './journal.ts'
import { LoggerTruth, Truth } from './truth.ts'

const groups = { web: { events: ['all', 'hit'], intervals: ['2s', '1h'] } }
const NOON = 1_700_000_000 - (1_700_000_000 % 3600)
const lengths = new Map([
  ['web:2s', 2],
  ['web:1h', 3600],
])

function logger(): LoggerTruth {
  return new LoggerTruth('logger 0', groups)
}

/** An acknowledgement of so many hits, with a stamp and an answer in seconds after noon. */
function ack(at: number, n: number, ackedAt: number, given: Partial<AckedLine> = {}): AckedLine {
  return {
    ...{ t: 'ack', group: 'web', client: 'host/1/a', number: 2, at: NOON + at },
    ...{ intervals: ['2s', '1h'], counts: [['hit', String(n)]], storeMs: (NOON + ackedAt) * 1000 },
    ...{ placements: ['cur', 'cur'], failed: [] },
    ...given,
  }
}

function log(truth: LoggerTruth, at: number, hit: number, vague?: true): void {
  const line = { t: 'log', at: (NOON + at) * 1000, counts: { web: { hit } } } as const
  truth.logged(vague === true ? { ...line, vague } : line)
}

const totals = (truth: LoggerTruth) => new Truth([truth]).totals().get('web:2s')?.get('hit')
const bounds = (truth: LoggerTruth, start: number) =>
  new Truth([truth])
    .windows(lengths)
    .get('web:2s')
    ?.get(NOON + start)
    ?.get('hit')

describe('Truth', () => {
  it('puts each event into the window in which it was logged', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    log(truth, 1.9, 4)
    log(truth, 2.1, 5)
    expect(bounds(truth, 0)).toEqual({ low: 7, high: 7 })
    expect(bounds(truth, 2)).toEqual({ low: 5, high: 5 })
    expect(totals(truth)).toEqual({ low: 12, high: 12 })
  })

  it('leaves open in which of two windows something is that was logged while the clock was not known', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    log(truth, 2.5, 2, true)
    expect(bounds(truth, 0)).toEqual({ low: 3, high: 5 })
    expect(bounds(truth, 2)).toEqual({ low: 0, high: 2 })
    expect(totals(truth)).toEqual({ low: 5, high: 5 })
  })

  it('takes certainty back where the process was kept from its work', () => {
    const truth = logger()
    log(truth, 1.9, 3)
    truth.slow({ t: 'slow', at: (NOON + 1.9) * 1000, counts: { web: { hit: 3 } } })
    expect(bounds(truth, 0)).toEqual({ low: 0, high: 3 })
    expect(bounds(truth, 2)).toEqual({ low: 0, high: 3 })
  })

  it('expects of a killed logger no less than what was acknowledged, and no more than what it logged', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    log(truth, 0.6, 4)
    truth.acked(ack(0, 3, 1))
    truth.ended = { atMs: 0, killed: true }
    expect(totals(truth)).toEqual({ low: 3, high: 7 })
    expect(bounds(truth, 0)).toEqual({ low: 3, high: 7 })
  })

  it('counts a batch once that was acknowledged again after a crash', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    log(truth, 0.6, 4)
    truth.acked(ack(0, 3, 1))
    truth.acked(ack(0, 3, 3))
    truth.ended = { atMs: 0, killed: true }
    expect(totals(truth)).toEqual({ low: 3, high: 7 })
  })

  it('forgets what a crash has taken from a logger that was gone', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    log(truth, 0.6, 4)
    truth.acked(ack(0, 3, 1))
    truth.acked(ack(0, 4, 2, { number: 3 }))
    truth.ended = { atMs: 0, killed: true }
    truth.forget((NOON + 1.5) * 1000, (NOON + 2.5) * 1000)
    expect(totals(truth)).toEqual({ low: 3, high: 7 })
  })

  it('notes what was put elsewhere, or may have been', () => {
    const truth = logger()
    truth.acked(ack(0, 3, 5, { placements: ['late', 'cur'] }))
    truth.acked(ack(2, 4, 6, { placements: null }))
    truth.acked(ack(4, 5, 7, { mixed: true }))
    const moves = new Truth([truth]).moves()
    expect(moves.get('web:2s')?.get('hit')).toEqual([
      { event: 'hit', stamp: NOON, ackedMs: (NOON + 5) * 1000, n: 3 },
      { event: 'hit', stamp: NOON + 2, ackedMs: (NOON + 6) * 1000, n: 4 },
      { event: 'hit', stamp: NOON + 4, ackedMs: (NOON + 7) * 1000, n: 5 },
    ])
    expect(moves.get('web:1h')?.get('hit')).toHaveLength(2)
  })

  it('does not take for acknowledged what was refused', () => {
    const truth = logger()
    log(truth, 0.5, 3)
    truth.acked(ack(0, 3, 1, { failed: ['2s hit'] }))
    truth.ended = { atMs: 0, killed: true }
    expect(totals(truth)).toEqual({ low: 0, high: 3 })
  })
})
