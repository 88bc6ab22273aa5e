import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type * as EclSqlite from 'ecl-sqlite'
import { asError, StoreError } from '../errors.ts'

/** Files that are read at the same time while a package is loaded, at most. */
const FILES_AT_ONCE = 20

/**
 * Loads the package that keeps counts in a file. Only programs whose config asks for it need it.
 *
 * @param file the file, for messages
 * @throws StoreError where the package is missing or cannot be loaded
 */
export async function loadSqlite(file: string): Promise<typeof EclSqlite> {
  try {
    requireFreeFiles()
    return await import('ecl-sqlite')
  } catch (caught) {
    const error = asError(caught)
    const missing = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw new StoreError(
      'STORE_REFUSED',
      missing
        ? `SQLite file ${file}: the package ecl-sqlite is not installed; run "npm install ecl-sqlite", and start this program again`
        : `SQLite file ${file}: the package ecl-sqlite cannot be loaded: ${error.message}`,
      { cause: error },
    )
  }
}

/**
 * Node looks only once for a package, and never reads a module again that it could not read once. So it is not asked to while the process has no files to
 * spare, which may pass.
 *
 * @throws Error EMFILE or ENFILE
 */
function requireFreeFiles(): void {
  const opened: number[] = []
  try {
    while (opened.length < FILES_AT_ONCE) opened.push(openSync(devNull, 'r'))
  } finally {
    for (const file of opened) closeSync(file)
  }
}
