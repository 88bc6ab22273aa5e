import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import fc from 'fast-check'
import { type Run, runsOf } from './runs.ts'
import type { Step } from './step.ts'
import { parseInstant } from './time-text.ts'

const PRAGUE = 'Europe/Prague'

function at(text: string, zone = 'UTC'): EpochSeconds {
  const instant = parseInstant(text, zone, 0)
  if (typeof instant !== 'number') throw new Error(instant.problem)
  return instant
}

function runs(from: string, to: string, step: Step, zone = 'UTC', windowSeconds = 5): Run[] {
  return [...runsOf({ from: at(from, zone), to: at(to, zone) }, step, windowSeconds, zone)]
}

const hours = ({ from, to, stepSeconds }: Run) => [(to - from) / 3600, stepSeconds / 3600]

describe('runsOf', () => {
  it('takes windows as they are, from the one that holds the beginning', () => {
    const from = '2026-11-22T10:00:03Z'
    expect(runs(from, '2026-11-22T10:00:11Z', { unit: 'window' })).toEqual([
      { from: at('2026-11-22T10:00:00Z'), to: at('2026-11-22T10:00:15Z'), stepSeconds: 5 },
    ])
  })

  it('takes whole steps, also where the time begins and ends within one', () => {
    const step: Step = { unit: 'seconds', seconds: 3600 }
    expect(runs('2026-11-22T10:37', '2026-11-23T10:37', step)).toEqual([
      { from: at('2026-11-22T10:00'), to: at('2026-11-23T11:00'), stepSeconds: 3600 },
    ])
  })

  it('makes one step of all', () => {
    expect(runs('2026-11-22T10:00:03', '2026-11-22T10:01', { unit: 'all' })).toEqual([
      { from: at('2026-11-22T10:00:00'), to: at('2026-11-22T10:01:00'), stepSeconds: 60 },
    ])
  })

  it('has a day of 25 hours where the clocks are put back, and none of 24 before it gets lost', () => {
    const days = runs('2026-10-23', '2026-10-28', { unit: 'day' }, PRAGUE)
    expect(days.map(hours)).toEqual([
      [48, 24],
      [25, 25],
      [48, 24],
    ])
    expect(days[0]?.from).toBe(at('2026-10-22T22:00:00Z'))
  })

  it('goes on by the hour over the night in which the clocks change, and by six hours anew at midnight', () => {
    expect(
      runs('2026-10-24', '2026-10-27', { unit: 'seconds', seconds: 3600 }, PRAGUE).map(hours),
    ).toEqual([[73, 1]])
    expect(
      runs('2026-10-24', '2026-10-27', { unit: 'seconds', seconds: 21_600 }, PRAGUE).map(hours),
    ).toEqual([
      [48, 6],
      [1, 1],
      [24, 6],
    ])
  })

  it('begins the hours of a zone that is half an hour off when its own begin', () => {
    const [run] = runs(
      '2026-11-22',
      '2026-11-23',
      { unit: 'seconds', seconds: 3600 },
      'Asia/Kolkata',
    )
    expect(run?.from).toBe(at('2026-11-21T18:30:00Z'))
  })

  it('begins weeks on Mondays, and months on their first', () => {
    const [week] = runs('2026-11-22', '2026-11-23', { unit: 'week' })
    expect(week).toMatchObject({ from: at('2026-11-16'), to: at('2026-11-23') })
    const months = runs('2026-01-15', '2026-04-01', { unit: 'month' })
    expect(months.map(({ from }) => from)).toEqual(
      ['2026-01-01', '2026-02-01', '2026-03-01'].map((text) => at(text)),
    )
  })

  it('counts a step that does not divide a day from the epoch', () => {
    const [run] = runs('2026-11-22', '2026-11-23', { unit: 'seconds', seconds: 7 * 3600 }, PRAGUE)
    expect((run?.from ?? 1) % (7 * 3600)).toBe(0)
  })

  it('covers the whole time, without a hole and without an overlap, in whole steps', () => {
    const steps = fc.constantFrom<Step>(
      { unit: 'window' },
      { unit: 'all' },
      { unit: 'day' },
      { unit: 'week' },
      { unit: 'month' },
      ...[60, 3600, 6 * 3600, 7 * 3600].map((seconds) => ({ unit: 'seconds', seconds }) as const),
    )
    const zones = fc.constantFrom('UTC', PRAGUE, 'America/St_Johns', 'Australia/Lord_Howe')
    const times = fc.tuple(fc.nat(3 * 366 * 86_400), fc.integer({ min: 1, max: 90 * 86_400 }))
    fc.assert(
      fc.property(times, steps, zones, ([after, length], step, zone) => {
        const from = (at('2025-01-01') + after) as EpochSeconds
        const to = (from + length) as EpochSeconds
        const all = [...runsOf({ from, to }, step, 5, zone)]
        expect(all[0]?.from).toBeLessThanOrEqual(from)
        expect(all.at(-1)?.to).toBeGreaterThanOrEqual(to)
        for (const [i, run] of all.entries()) {
          expect((run.to - run.from) % run.stepSeconds).toBe(0)
          expect(run.to).toBeGreaterThan(run.from)
          if (i > 0) expect(run.from).toBe(all[i - 1]?.to)
        }
        // Only the first and the last step may reach beyond the time.
        expect((all[0]?.from ?? 0) + (all[0]?.stepSeconds ?? 0)).toBeGreaterThan(from)
        expect((all.at(-1)?.to ?? 0) - (all.at(-1)?.stepSeconds ?? 0)).toBeLessThan(to)
      }),
    )
  })
})
