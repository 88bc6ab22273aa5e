/** Munin's own step. */
export const STEP_SECONDS = 300

const DAY_SECONDS = 86_400
/** What Munin's picture of a day shows: 400 windows. */
const SHOWN_SECONDS = 400 * STEP_SECONDS

/** Long enough that the last window is a good one, at whatever hour this runs. */
const OUTAGE_AGO_SECONDS = 6 * 3600

/** Counts of one window of five minutes. */
export interface DayWindow {
  /** Its end. */
  readonly at: number
  readonly counts: Readonly<Record<string, number>>
}

/**
 * The windows of a day and the night before, up to an instant, as those of a web service are: few requests at night, most in the afternoon,
 * some errors, and an outage of ten minutes.
 */
export function windowsOfADay(end: number): DayWindow[] {
  const windows: DayWindow[] = []
  for (let at = end - SHOWN_SECONDS + STEP_SECONDS; at <= end; at += STEP_SECONDS) {
    const hour = (at % DAY_SECONDS) / 3600
    const busy = peak(hour, 15, 5) + 0.6 * peak(hour, 9.5, 2)
    const hits = Math.round((700 + 5200 * busy) * (1 + 0.08 * noise(at)))
    const outage = at > end - OUTAGE_AGO_SECONDS && at <= end - OUTAGE_AGO_SECONDS + 600
    windows.push({
      at,
      counts: {
        hit: outage ? Math.round(hits / 5) : hits,
        miss: Math.round(hits * (0.18 + 0.03 * noise(at + 1))),
        404: Math.round(hits * 0.05 * (1 + 0.5 * noise(at + 2))),
        '/api/ip': Math.round(hits * 0.3 * (1 + 0.15 * noise(at + 3))),
        error: outage ? Math.round(hits * 0.6) : Math.round(Math.max(0, 12 * noise(at + 4))),
      },
    })
  }
  return windows
}

/** From 0 to 1, around an hour of the day. */
function peak(hour: number, at: number, width: number): number {
  const apart = Math.abs(hour - at)
  return Math.exp(-((Math.min(apart, 24 - apart) / width) ** 2))
}

/** From -1 to 1, and always the same for the same seed. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43_758.5453
  return 2 * (value - Math.floor(value)) - 1
}
