import {
  type CounterStore,
  type HistorySpec,
  type Logger,
  openStore,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import { loadHistoryConfig } from '../history-config.ts'

/** Where windows come from, and where they go. */
export interface ArchiveSetUp {
  readonly store: CounterStore
  readonly queue: WindowQueue
  /** All intervals of all groups. */
  readonly windows: readonly WindowRef[]
  readonly history: HistorySpec
  readonly warnings: readonly string[]
}

/**
 * Reads what a config says of the history. Nothing connects yet.
 *
 * @param options whether to make the store of the counters where it is a file and not there
 * @throws ConfigError, also where it has none
 */
export async function setUp(
  file: string,
  logger: Logger,
  { create = true }: { readonly create?: boolean } = {},
): Promise<ArchiveSetUp> {
  const { groups, backend, history, warnings } = await loadHistoryConfig(file)
  const store = openStore(backend, { logger, create })
  store.checkGroups?.(groups)
  const { history: queue } = store
  if (queue === undefined) throw new Error('bug: a store of a config without a queue of windows')
  const windows = groups.flatMap((group) =>
    group.intervals.map((interval) => ({ group, interval })),
  )
  return { store, queue, windows, history, warnings }
}
