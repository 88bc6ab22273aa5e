/**
 * Reads lines of access logs in Common or Combined Log Format, also with the client's fields removed.
 */

/** What is counted of a request. */
export interface LoggedRequest {
  /** Three digits. */
  readonly status: string
  /** With its query; `NO_PATH` or `BAD_PATH` where there is none that could name an event. */
  readonly path: string
}

/** Stands for the path of a request that has none, such as `"-"` of a connection that sent nothing. */
export const NO_PATH = '(no path)'
/** Stands for a path that cannot name an event. */
export const BAD_PATH = '(bad path)'

/** … [time] "request" status … In the request, quotes are escaped by a backslash. */
const LINE = /^.*?\[[^[\]]*\] "((?:[^"\\]|\\.)*)" (\d{3})(?: |$)/
/** ecl-core's rules: reserved names start with "@", and a control character would break a line of output. */
const NO_EVENT = /^@|[\u0000-\u001f\u007f-\u009f]/

/**
 * Reads one line, without its line break.
 *
 * @returns undefined for a line in another format
 */
export function parseLine(line: string): LoggedRequest | undefined {
  const [, request, status] = LINE.exec(line) ?? []
  if (request === undefined || status === undefined) return undefined
  return { status, path: pathOf(request) }
}

/** The path of a request line such as `GET /a?b HTTP/1.1`; what `awk '{print $7}'` prints of the log's line. */
function pathOf(request: string): string {
  const path = request.split(' ').filter((word) => word !== '')[1]
  if (path === undefined) return NO_PATH
  return NO_EVENT.test(path) ? BAD_PATH : path
}
