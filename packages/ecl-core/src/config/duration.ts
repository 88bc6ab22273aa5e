/** Seconds of each unit; a year has 365 days. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
}
const PATTERN = /^(\d+(?:\.\d+)?|\.\d+)([smhdwy])$/i
/** Far below the loss of whole numbers, and longer than anybody plans for. */
const MAX_SECONDS = 1000 * 365 * 86_400

/** A length of time. */
export interface Duration {
  readonly seconds: number
}

/** Why a text is no length of time, in words that complete `"5x" …`. */
export interface NotADuration {
  readonly problem: string
}

/** Reads a length of time such as `12h`, `2d` or `1.5y`: at least a second, up to a thousand years. */
export function parseDuration(text: string): Duration | NotADuration {
  const match = PATTERN.exec(text)
  const unit = UNIT_SECONDS[match?.[2]?.toLowerCase() ?? '']
  if (match?.[1] === undefined || unit === undefined) {
    return { problem: 'is no length of time; write a number and s, m, h, d, w or y, such as "14d"' }
  }
  const seconds = Math.round(Number(match[1]) * unit)
  if (seconds < 1) return { problem: 'is shorter than a second' }
  if (seconds > MAX_SECONDS) return { problem: 'is longer than a thousand years' }
  return { seconds }
}
