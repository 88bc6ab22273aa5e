import { type Findings, isMapping } from './problem.ts'

/**
 * The rules on the connection that a JSON Schema cannot say. What does not have its shape is left to the schema.
 *
 * @param redis the `redis:` of a config, in the schema's spelling
 */
export function checkRedis(redis: unknown, findings: Findings): void {
  if (typeof redis === 'string') {
    const problem = urlProblem(redis)
    if (problem !== undefined) findings.fault(['redis'], problem)
    return
  }
  if (!isMapping(redis) || redis['path'] === undefined) return
  const beside = ['host', 'port'].filter((key) => redis[key] !== undefined)
  if (beside.length > 0) {
    const others = beside.join(' and ')
    findings.fault(
      ['redis', 'path'],
      `stands beside ${others}; a Unix socket has no host and port, so remove path, or ${others}`,
    )
  }
}

const EXPECTED = 'write redis://HOST:PORT/DB, or rediss://… for TLS'

/** Why a text is not the URL of a Redis. Never quotes it: it may hold a password. */
function urlProblem(text: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  if (scheme === undefined) {
    const socket = text.startsWith('/') ? '"path: …" under redis reaches a Unix socket; ' : ''
    return `is not a URL; ${socket}${EXPECTED}`
  }
  if (!/^rediss?$/i.test(scheme)) {
    const socket = /unix/i.test(scheme) ? '"path: …" under redis reaches a Unix socket; ' : ''
    return `has the scheme ${scheme}://; ${socket}${EXPECTED}`
  }
  if (!URL.canParse(text)) {
    return `is not a valid URL; ${EXPECTED}, with special characters of a password as %XX`
  }
  const { hostname, pathname } = new URL(text)
  if (hostname === '') return `names no host; ${EXPECTED}`
  if (!/^\/?\d*$/.test(pathname)) return `has no database number after the host; ${EXPECTED}`
  return undefined
}
