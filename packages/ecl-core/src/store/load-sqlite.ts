import type * as EclSqlite from 'ecl-sqlite'
import { asError, StoreError } from '../errors.ts'

/**
 * Loads the package that keeps counts in a file. Only programs whose config asks for it need it.
 *
 * @param file the file, for messages
 * @throws StoreError where the package is missing
 */
export async function loadSqlite(file: string): Promise<typeof EclSqlite> {
  try {
    return await import('ecl-sqlite')
  } catch (caught) {
    const error = asError(caught)
    const missing = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw new StoreError(
      'STORE_REFUSED',
      missing
        ? `SQLite file ${file}: the package ecl-sqlite is not installed; run "npm install ecl-sqlite"`
        : `SQLite file ${file}: the package ecl-sqlite cannot be loaded: ${error.message}`,
      { cause: error },
    )
  }
}
