import type { Report, WindowReport } from './report.ts'

/** More digits would tell of noise only. */
const DIGITS = 6

/** How long a window lasted, or has lasted so far, in seconds; more than 0. */
export function elapsedSeconds(
  { interval, storeTimeMs }: Pick<Report, 'interval' | 'storeTimeMs'>,
  { which, start }: Pick<WindowReport, 'which' | 'start'>,
): number {
  if (which === 'last' || start === undefined) return interval.seconds
  return Math.max(0.001, storeTimeMs / 1000 - start)
}

/** A count per second, in six digits. */
export function perSecond(count: bigint, seconds: number): number {
  return Number((Number(count) / seconds).toPrecision(DIGITS))
}
