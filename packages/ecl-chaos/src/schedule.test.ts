import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { endOf, FAULT_KINDS } from './faults.ts'
import { type Plan, planFaults, WARM_UP_MS } from './schedule.ts'

const plan = (given: Partial<Plan> = {}): Plan => ({
  ...{ seed: 1, durationMs: 120_000, loggers: 4, masters: 2, readers: 1 },
  ...{ archivers: 0, topology: 'single' },
  ...given,
})
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('planFaults', () => {
  it('is a pure function of the seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(planFaults(plan({ seed }))).toEqual(planFaults(plan({ seed })))
      }),
    )
    expect(planFaults(plan({ seed: 1 }))).not.toEqual(planFaults(plan({ seed: 2 })))
  })

  it('goes forward, begins after the warm-up, and is over in the calm at the end of each minute', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 30_000, max: 150_000 }), (seed, durationMs) => {
        const faults = planFaults(plan({ seed, durationMs }))
        const cycleMs = Math.min(60_000, durationMs)
        // One "expect" for all: each takes longer than the drawing of a fault.
        const wrong = faults.filter(
          (fault, index) =>
            fault.atMs < (faults[index - 1]?.atMs ?? WARM_UP_MS) ||
            Math.floor(fault.atMs / cycleMs) !== Math.floor(endOf(fault) / cycleMs) ||
            endOf(fault) % cycleMs > cycleMs - 14_000,
        )
        expect(wrong).toEqual([])
      }),
    )
  })

  it('strikes only who is there', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 9 }), (seed, loggers) => {
        const archivers = loggers % 3
        const wrong = planFaults(plan({ seed, loggers, archivers })).filter(({ target }) => {
          const [kind, number] = target?.split(' ') ?? []
          const bound =
            { logger: loggers, master: 2, archiver: archivers, reader: 1 }[kind ?? ''] ?? 0
          return kind !== undefined && Number(number) >= bound
        })
        expect(wrong).toEqual([])
      }),
    )
  })

  it('has some thousand faults in ten minutes, of every kind', () => {
    const faults = planFaults(plan({ durationMs: 600_000, archivers: 2 }))
    expect(faults.length).toBeGreaterThan(1500)
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'failover')
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(kinds))
  })

  it('has no other kinds than those that are asked for', () => {
    const faults = planFaults(plan({ only: ['redis-crash', 'cut'] }))
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['redis-crash', 'cut']))
  })
})
