import { pathProblem, sqliteFile } from './sqlite-backend.ts'

/**
 * How the database of a history is written: `sqlite:PATH`, or the URL of a PostgreSQL.
 */

/** Why a database cannot be meant, to follow its name; undefined where it can. Never quotes it: it may hold a password. */
export function historyStoreProblem(store: string): string | undefined {
  const expected = 'write sqlite:PATH, such as sqlite:history.db, or postgres://USER@HOST/DATABASE'
  if (sqliteFile(store) !== undefined) return pathProblem(store, expected)
  if (!/^postgres(ql)?:\/\//.test(store)) return `is no database that there is; ${expected}`
  // Without a host: a socket, whose folder comes behind the "?", or is PostgreSQL's own.
  if (!URL.canParse(store.replace(/(\/\/[^/?#]*@|\/\/)\//, '$1localhost/'))) {
    return `is not a valid URL; ${expected}, with special characters of a password as %XX`
  }
  return undefined
}
