import { expect } from '@jest/globals'
import type { LedgerInterval } from 'ecl-core/testing'
import { type ServiceReport, windowsOf } from './system.ts'

/** No window was turned over twice, and none after a later one. */
export function expectEachWindowOnce(ledger: ReadonlyMap<string, LedgerInterval>): void {
  for (const { rotated } of ledger.values()) {
    expect(rotated).toEqual([...new Set(rotated)])
    expect(rotated).toEqual(rotated.toSorted((a, b) => a - b))
  }
}

/** All services have got rid of all that they have counted. */
export function expectNothingMissing(reports: readonly ServiceReport[]): void {
  for (const { unsentEvents, stats } of reports) {
    expect(unsentEvents).toBe(0)
    expect(stats).toMatchObject({ rejected: 0, unknown: 0 })
  }
}

/** Each count is in the window in which it was made. */
export function expectEachInItsWindow(
  ledger: ReadonlyMap<string, LedgerInterval>,
  reports: readonly ServiceReport[],
): void {
  for (const [group, interval, lengthS] of [
    ['direct', '1s', 1],
    ['direct', '2s', 2],
    ['cached', '1s', 1],
    ['dynamic', '1s', 1],
  ] as const) {
    const found = ledger.get(`${group}:${interval}`)?.windows ?? []
    const stored = new Map(
      found.map(({ start, counts }) => [
        start,
        new Map([...counts].filter(([, count]) => count !== 0n)),
      ]),
    )
    const logged = windowsOf(reports, group, lengthS)
    expect(logged.size).toBeGreaterThan(1)
    for (const [start, counts] of logged) {
      expect({ group, interval, start, counts: stored.get(start) }).toEqual({
        group,
        interval,
        start,
        counts,
      })
    }
  }
}
