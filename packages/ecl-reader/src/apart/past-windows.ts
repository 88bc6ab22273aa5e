import { existsSync } from 'node:fs'
import { type EpochSeconds, silentLogger, sqliteFile, type WindowRef } from 'ecl-core'
import { type HistoryStore, openHistory } from 'ecl-history'

/** Counts of windows that have been turned over long since, by their starts. Those that are not known are not there. */
export type PastWindows = ReadonlyMap<EpochSeconds, ReadonlyMap<string, bigint>>

/** Which windows are asked for: those that begin in a time. */
export interface PastRange {
  readonly from: EpochSeconds
  readonly to: EpochSeconds
  /** Undefined for all. */
  readonly events?: readonly string[] | undefined
}

/**
 * Reads windows from the history that a config names. It is bundled by itself: what it takes to speak to a database would
 * cost every start of the reader.
 *
 * @param store `sqlite:PATH` or `postgres://…`
 * @returns one answer for each question, in their order
 * @throws Error where the database cannot be reached or refuses
 */
export async function readPast(
  store: string,
  questions: readonly (readonly [window: WindowRef, range: PastRange])[],
): Promise<PastWindows[]> {
  // To read is no reason to make a file.
  const file = sqliteFile(store)
  if (file !== undefined && !existsSync(file)) return questions.map(() => new Map())
  const history = openHistory(store, { logger: silentLogger })
  try {
    const answers: PastWindows[] = []
    for (const [window, range] of questions) answers.push(await readOne(history, window, range))
    return answers
  } finally {
    await history.close()
  }
}

async function readOne(
  history: HistoryStore,
  { group, interval }: WindowRef,
  { from, to, events }: PastRange,
): Promise<PastWindows> {
  const query = { group: group.name, interval: interval.spec, from, to }
  const windows = new Map<EpochSeconds, Map<string, bigint>>()
  for await (const { start } of history.windows(query)) windows.set(start, new Map())
  for await (const { start, event, sum } of history.rows({ ...query, events })) {
    windows.get(start)?.set(event, sum)
  }
  return windows
}
