import type { QueueBounds } from '../store/window-queue.ts'
import type { HistoryConfig } from './config-types.ts'
import { parseDuration } from './duration.ts'

/** A week: long enough for a database that nobody has missed over a holiday. */
const DEFAULT_UNARCHIVED_SECONDS = 7 * 86_400
/** Of 100 events each, some 200 MB in Redis. */
const DEFAULT_UNARCHIVED_ENTRIES = 100_000

const EACH_MINUTE = '* * * * *'

/** A history as the rest of the system sees it: checked, with defaults filled in. */
export interface HistorySpec {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly store: string
  /** For how many seconds windows or steps are kept, by their length as spelled; what is not named, for ever. */
  readonly retention: ReadonlyMap<string, number>
  /** What may wait in each queue for an archiver. */
  readonly bounds: QueueBounds
  /** When windows are rolled up and removed: a cron expression, in UTC. */
  readonly maintenance: string
}

/** Fills in the defaults of a history that `loadConfig` has checked. */
export function resolveHistory(history: HistoryConfig): HistorySpec {
  const { store, keep = {}, keep_unarchived: bounds = {}, maintenance = EACH_MINUTE } = history
  const retention = Object.entries(keep).map(([length, time]) => [length, secondsOf(time)] as const)
  return {
    store,
    retention: new Map(retention),
    maintenance,
    bounds: {
      seconds: bounds.time === undefined ? DEFAULT_UNARCHIVED_SECONDS : secondsOf(bounds.time),
      entries: bounds.entries ?? DEFAULT_UNARCHIVED_ENTRIES,
    },
  }
}

/** A length of time that has been checked before. */
function secondsOf(text: string): number {
  const parsed = parseDuration(text)
  if ('problem' in parsed) throw new Error(`bug: "${text}" ${parsed.problem}`)
  return parsed.seconds
}
