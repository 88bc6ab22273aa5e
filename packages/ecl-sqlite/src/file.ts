/**
 * SQLite as this Node has it, and files of it that many processes share: for packages of this project that keep something
 * else in such a file than counts.
 */
import { createRequire } from 'node:module'
import { findDriver } from './driver.ts'
import { describeProblem, type SqliteProblem } from './sqlite-problem.ts'
import type { SqliteModule } from './thread/driver-api.ts'
import { failureOf } from './thread/failures.ts'

export type { Database, SqliteModule, Statement } from './thread/driver-api.ts'
export { errcodeOf, isBusy } from './thread/failures.ts'
export { bigintIn, numberIn, textIn } from './thread/rows.ts'
export { type FileKind, SqliteFile, withBigInts } from './thread/sqlite-file.ts'

/**
 * Loads the module that speaks the API of `node:sqlite`.
 *
 * @throws StoreError where there is none
 */
export function loadDriver(): SqliteModule {
  const { name, from } = findDriver()
  const emitWarning = process.emitWarning.bind(process)
  // "SQLite is an experimental feature", says Node's own.
  process.emitWarning = () => {}
  try {
    return createRequire(from)(name)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Says what an error of a file means. */
export function problemOf(caught: unknown, file: string): SqliteProblem {
  return describeProblem(failureOf(caught, file))
}
