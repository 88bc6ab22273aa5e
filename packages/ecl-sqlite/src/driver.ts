import { createRequire, isBuiltin } from 'node:module'
import { StoreError } from 'ecl-core'
import type { Driver } from './thread/messages.ts'

const BUILT_IN = 'node:sqlite'
const PACKAGE = '@photostructure/sqlite'

/**
 * Finds what this Node has for SQLite: its own from 22.13 on, or else a package.
 *
 * @throws StoreError where there is neither
 */
export function findDriver(): Driver {
  const here = import.meta.url
  if (isBuiltin(BUILT_IN)) return { name: BUILT_IN, from: here }
  // A bundled command has this file inside; then the package is where that of this file is.
  const found = resolveFrom(here, PACKAGE) ?? resolveFrom(resolveFrom(here, 'ecl-sqlite'), PACKAGE)
  if (found !== undefined) return { name: found, from: here }
  throw new StoreError(
    'STORE_REFUSED',
    `a store in an SQLite file needs, on Node ${process.versions.node}, the package ${PACKAGE}: ` +
      `"npm install ${PACKAGE}@1", or use Node 22.13 or newer, which has SQLite built in`,
  )
}

function resolveFrom(file: string | undefined, name: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return createRequire(file).resolve(name)
  } catch {
    return undefined
  }
}
