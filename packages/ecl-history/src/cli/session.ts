import { tell, tellFault } from 'ecl-command'
import type { ExitCode } from 'ecl-command/exit'
import { type CounterStore, openStore, silentLogger, type WindowQueue } from 'ecl-core'
import { type HistoryConfigFile, loadHistoryConfig } from '../history-config.ts'
import { openHistory } from '../open-history.ts'
import type { HistoryStore } from '../store/history-store.ts'

/** The name in which messages are said. */
export const COMMAND = 'ecl-history'

/** What is needed for reading and tending what is in SQL. */
export interface Session extends HistoryConfigFile {
  readonly sql: HistoryStore
}

/** What is needed for looking at where windows come from. */
export interface QueueSession extends HistoryConfigFile {
  readonly counters: CounterStore
  readonly queue: WindowQueue
}

/** Loads the config, opens what is in SQL for the work, and closes it. @returns the exit code; never rejects */
export function withSql(
  file: string,
  work: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withConfig(file, async (config) => {
    // What a store logs is in the error, too, which ends this.
    const sql = openHistory(config.history.store, { logger: silentLogger })
    try {
      return await work({ ...config, sql })
    } finally {
      await sql.close()
    }
  })
}

/** The same for the store of the counters, where windows wait. @returns the exit code; never rejects */
export function withQueue(
  file: string,
  work: (session: QueueSession) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withConfig(file, async (config) => {
    const counters = openStore(config.backend, { logger: silentLogger, create: false })
    try {
      counters.checkGroups?.(config.groups)
      const { history: queue } = counters
      if (queue === undefined) throw new Error('bug: a store of a config without a queue')
      return await work({ ...config, counters, queue })
    } finally {
      await counters.close()
    }
  })
}

async function withConfig(
  file: string,
  work: (config: HistoryConfigFile) => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    const config = await loadHistoryConfig(file)
    for (const warning of config.warnings) tell(warning)
    return await work(config)
  } catch (caught) {
    return tellFault(COMMAND, caught)
  }
}
