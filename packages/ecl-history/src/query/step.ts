import { formatLength } from './length.ts'

/** How the windows of a time are put together. */
export type Step =
  /** Not at all: each window by itself. */
  | { readonly unit: 'window' }
  /** As one. */
  | { readonly unit: 'all' }
  /** By so many seconds; where that divides a day, counted from the midnights of a time zone, else from the epoch. */
  | { readonly unit: 'seconds'; readonly seconds: number }
  /** By days, weeks from Monday, or months of a time zone, however long each of them is. */
  | { readonly unit: 'day' | 'week' | 'month' }

/** Why a text is not a step, in words that complete `"x" …`. */
export interface NotAStep {
  readonly problem: string
}

const SECONDS = /^(\d{1,9})([smh])$/
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
const CALENDAR: Readonly<Record<string, Step>> = {
  '1d': { unit: 'day' },
  '1w': { unit: 'week' },
  '1mo': { unit: 'month' },
  all: { unit: 'all' },
}

/** Reads a step such as `5m`, `1h`, `1d`, `1w`, `1mo` or `all`. */
export function parseStep(text: string): Step | NotAStep {
  const calendar = CALENDAR[text]
  if (calendar !== undefined) return calendar
  const [, number, unit] = SECONDS.exec(text) ?? []
  const seconds = Number(number) * (UNIT_SECONDS[unit ?? ''] ?? 0)
  if (seconds > 0) return { unit: 'seconds', seconds }
  return {
    problem: 'is no step; write a number and s, m or h, such as "1h", or 1d, 1w, 1mo, or all',
  }
}

/** Why windows of so many seconds cannot be put together by a step; undefined where they can. */
export function stepProblem(step: Step, windowSeconds: number): string | undefined {
  if (step.unit !== 'seconds' || step.seconds % windowSeconds === 0) return undefined
  return `a step of ${formatLength(step.seconds)} is no multiple of windows of ${formatLength(windowSeconds)}`
}
