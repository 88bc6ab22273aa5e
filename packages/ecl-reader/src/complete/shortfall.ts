import type { Report } from '../report.ts'

/** Why what was read is not the complete window that was asked for. */
export type Shortfall =
  /** The window has not been turned over, or there is none at all. */
  | { readonly reason: 'not turned over'; readonly mayPass: true }
  /** No master ran at its end: its counts are in a longer one. */
  | { readonly reason: 'merged'; readonly mayPass: false }
  | { readonly reason: 'pending'; readonly mayPass: true; readonly missing: readonly string[] }
  | { readonly reason: 'partial'; readonly mayPass: false; readonly missing: readonly string[] }
  | {
      readonly reason:
        | 'python writers'
        | 'other counts'
        | 'no clients'
        | 'too many clients'
        | 'not searched'
      readonly mayPass: false
    }

/**
 * Compares what was read with what was asked for.
 *
 * @param asked start of the window that was asked for; a later one will do
 * @returns undefined where it is complete
 */
export function shortfallOf(report: Report, asked: number): Shortfall | undefined {
  const [window] = report.windows
  const completeness = window?.completeness
  if (completeness === undefined) throw new Error('the completeness was not asked for')
  // Whoever turns the window over, nobody will be able to tell.
  if (completeness.status === 'unknown' && completeness.reason === 'python writers') {
    return { reason: completeness.reason, mayPass: false }
  }
  if (report.current === undefined || report.current <= asked) {
    return { reason: 'not turned over', mayPass: true }
  }
  if (window?.start === undefined || window.start < asked) {
    return { reason: 'merged', mayPass: false }
  }
  if (completeness.status === 'complete') return undefined
  if (completeness.status === 'unknown') return { reason: completeness.reason, mayPass: false }
  const { status, missing } = completeness
  return status === 'pending'
    ? { reason: status, mayPass: true, missing }
    : { reason: status, mayPass: false, missing }
}
