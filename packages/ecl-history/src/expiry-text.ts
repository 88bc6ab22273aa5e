import { instantIso } from './query/time-text.ts'
import type { Expiry, Maintained } from './store/history-store.ts'

/** What was removed, for people; one text each. */
export function expiredTexts({ expired }: Maintained): string[] {
  return expired.map((one) => `${one.removed} ${whatOf(one)} from before ${timeOf(one)}`)
}

/** What is old and was left, and from when on something is kept after all, for people; one text each. */
export function doubtTexts({
  refused,
  restored,
}: Pick<Maintained, 'refused' | 'restored'>): string[] {
  return [
    ...refused.map(
      (one) =>
        `${whatOf(one)} from before ${timeOf(one)} are left, though older than "keep" says: nothing is known of the older half of the time since then. ` +
        'Is the clock of the counters\' store or of the database wrong? If not, run "ecl-history CONFIG prune --force"',
    ),
    ...restored.map(
      (one) =>
        `${whatOf(one)} are kept from ${timeOf(one)} on, and were only from a time on that is still to come: a clock was wrong once`,
    ),
  ]
}

function whatOf({ group, interval, stepSeconds }: Expiry): string {
  const windows = `windows of ${group} ${interval}`
  return stepSeconds === undefined ? windows : `steps of ${stepSeconds} s of the ${windows}`
}

function timeOf({ keptFrom }: Expiry): string {
  return instantIso(keptFrom, 'UTC')
}
