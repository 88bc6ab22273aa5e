/**
 * How a store in a file is written: `sqlite:PATH`.
 */

const SCHEME = 'sqlite:'

/** The file that a backend names; undefined where it is no store in a file. May be empty. */
export function sqliteFile(backend: string): string | undefined {
  return backend.startsWith(SCHEME) ? backend.slice(SCHEME.length) : undefined
}

/** The backend that names a file. */
export function sqliteBackend(file: string): string {
  return `${SCHEME}${file}`
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
  if (file.trim() === '') return `names no file; ${expected}`
  if (file.startsWith('//')) return `is no URL; ${expected}, or sqlite:/var/lib/ecl/counts.db`
  if (file === ':memory:') return `must be a file, which all processes can open; ${expected}`
  return undefined
}
