/**
 * How a store in a file is written: `sqlite:PATH`. Where a path has a `?`, it is written as `%3F`, since what follows one
 * looks like options, as those of SQLite's own URIs, of which there are none; a `%` before `3F` or `25` is written as `%25`.
 */

const SCHEME = 'sqlite:'

/** The file that a backend names; undefined where it is no store in a file. May be empty. */
export function sqliteFile(backend: string): string | undefined {
  return pathOf(backend)?.replace(/%(3F|25)/gi, (escape) => decodeURIComponent(escape))
}

/** The backend that names a file. */
export function sqliteBackend(file: string): string {
  return SCHEME + file.replace(/%(?=3F|25)|\?/gi, (character) => encodeURIComponent(character))
}

/** As written. */
function pathOf(backend: string): string | undefined {
  return backend.startsWith(SCHEME) ? backend.slice(SCHEME.length) : undefined
}

/** What is wrong with the path of a backend in a file, to follow its name; undefined where nothing is. */
export function pathProblem(backend: string, expected: string): string | undefined {
  const path = pathOf(backend) ?? ''
  if (path.trim() === '') return `names no file; ${expected}`
  if (path.startsWith('//')) return `is no URL; ${expected}`
  if (path === ':memory:') return `must be a file, which all processes can open; ${expected}`
  const query = path.indexOf('?')
  if (query === -1) return undefined
  return `has options behind "?", of which there are none; remove them, or write a "?" of the file's name as %3F`
}

/** Why a store cannot be meant, to follow its name; undefined where it can. */
export function storeProblem(backend: string): string | undefined {
  const expected = 'write sqlite:PATH, such as sqlite:counts.db'
  const file = sqliteFile(backend)
  if (file === undefined) {
    if (/^rediss?:/i.test(backend)) return 'names a Redis; write its URL as "redis: …" instead'
    if (/^sqlite:/i.test(backend)) return `is not in small letters; ${expected}`
    return `is not a store that there is; ${expected}, or remove it and write "redis: …"`
  }
  const url = file.startsWith('//') ? ', or sqlite:/var/lib/ecl/counts.db' : ''
  return pathProblem(backend, expected + url)
}
