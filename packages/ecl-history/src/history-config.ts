import {
  ConfigError,
  type GroupSpec,
  type HistorySpec,
  type LoadedConfig,
  loadConfig,
  resolveGroups,
  resolveHistory,
} from 'ecl-core'

/** A config that says where closed windows are kept. */
export interface HistoryConfigFile {
  readonly groups: readonly GroupSpec[]
  readonly backend: LoadedConfig['backend']
  readonly history: HistorySpec
  readonly warnings: readonly string[]
}

/** Reads a config. @throws ConfigError, also where it has no history */
export async function loadHistoryConfig(file: string): Promise<HistoryConfigFile> {
  const { groups, backend, history, warnings } = await loadConfig(file)
  if (history === undefined) {
    throw new ConfigError([
      `${file}: history: is missing; write where windows are kept, such as history: {store: sqlite:history.db}`,
    ])
  }
  return { groups: resolveGroups(groups), backend, history: resolveHistory(history), warnings }
}
