import { pathProblem, sqliteFile } from './sqlite-backend.ts'

/**
 * How the database of a history is written: `sqlite:PATH`, or the URL of a PostgreSQL.
 */

/** Why a database cannot be meant, to follow its name; undefined where it can. Never quotes it: it may hold a password. */
export function historyStoreProblem(store: string): string | undefined {
  const expected = 'write sqlite:PATH, such as sqlite:history.db, or postgres://USER@HOST/DATABASE'
  if (sqliteFile(store) !== undefined) return pathProblem(store, expected)
  if (!/^postgres(ql)?:\/\//.test(store)) return `is no database that there is; ${expected}`
  if (isAddress(store)) return undefined
  return `is not a valid URL; ${expected}, with special characters of a password as %XX`
}

/** Whether it is clear where the parts of a URL end, and all of them can be decoded. */
function isAddress(store: string): boolean {
  try {
    // Without a host: a socket, whose folder comes behind the "?", or is PostgreSQL's own.
    const url = new URL(store.replace(/(\/\/[^/?#]*@|\/\/)\//, '$1localhost/'))
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part)
    // A password with "/" or "#" in it would be taken for a host and a port, and the rest for a database.
    return !url.pathname.includes('@') && url.hash === ''
  } catch {
    return false
  }
}
