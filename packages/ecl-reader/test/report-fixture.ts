import type { Completeness, EpochSeconds } from 'ecl-core'
import type { Report, WindowReport } from '../src/report.ts'

/** A report on `[60, 65)` and what follows, as of its 66th second. */
export function reportWith(
  counts: WindowReport['counts'],
  changes: Partial<Report> = {},
  completeness?: Completeness,
): Report {
  const times = { start: seconds(60), end: seconds(65) }
  return {
    group: 'web',
    interval: { spec: '5s', seconds: 5 },
    windows: [{ which: 'last', ...times, counts, ...(completeness && { completeness }) }],
    both: false,
    current: seconds(65),
    storeTimeMs: 66_000,
    unreadable: [],
    ...changes,
  }
}

/** An instant of Unix time. */
export function seconds(value: number): EpochSeconds {
  return value as EpochSeconds
}
