import type { TimeRange } from '../../query/runs.ts'
import type { Step } from '../../query/step.ts'

const DAY = 86_400
/** Steps that people think in, shorter than a day. */
const NICE_SECONDS = [1, 2, 5, 10, 15, 20, 30]
  .flatMap((n) => [n, n * 60])
  .concat([1, 2, 3, 4, 6, 12].map((n) => n * 3600))

/**
 * The shortest step with which a time fits into so many columns of a chart.
 *
 * @param wanted the step that was asked for, which may be made longer; undefined for none
 */
export function chartStep(
  { from, to }: TimeRange,
  wanted: Step | undefined,
  windowSeconds: number,
  columns: number,
): Step {
  // Days and longer ones are few enough, or so many that nobody can tell what is meant.
  if (wanted !== undefined && wanted.unit !== 'seconds' && wanted.unit !== 'window') return wanted
  const least = wanted?.unit === 'seconds' ? wanted.seconds : windowSeconds
  // A step more than that is there where the time begins and ends within one.
  const fits = (seconds: number) => (to - from) / seconds + 1 <= columns
  if (fits(least))
    return least === windowSeconds ? { unit: 'window' } : { unit: 'seconds', seconds: least }
  const nice = NICE_SECONDS.sort((a, b) => a - b).find((one) => one % least === 0 && fits(one))
  if (nice !== undefined) return { unit: 'seconds', seconds: nice }
  if (DAY % windowSeconds === 0 && fits(DAY)) return { unit: 'day' }
  // Whole days where that is possible: roll-ups, which may be all that is kept, fit into them.
  const unit = DAY % least === 0 ? DAY : least
  const multiple = Math.ceil((to - from) / (columns - 1) / unit)
  return { unit: 'seconds', seconds: multiple * unit }
}
