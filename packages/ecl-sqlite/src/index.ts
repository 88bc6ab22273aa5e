import type { Clock, CounterStore, Logger } from 'ecl-core'
import { SqliteStore } from './sqlite-store.ts'

export { SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'

/**
 * Makes a store in a file: what `ecl-core` calls for `sqlite:PATH`. The file is opened, or made, with the first call.
 *
 * @param file its name
 * @param options where messages go, the machine's clock, and whether to make the file where there is none
 */
export function openSqlite(
  file: string,
  options: { readonly logger: Logger; readonly clock: Clock; readonly create?: boolean },
): CounterStore {
  return new SqliteStore({ file, ...options })
}
