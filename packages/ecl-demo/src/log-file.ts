import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type LoggedRequest, parseLine } from './access-log.ts'
import { DemoError } from './errors.ts'
import { fit } from './render.ts'
import { Tally } from './tally.ts'

/** The groups that an access log is counted in. */
export const STATUS = 'status'
/** See STATUS. */
export const PATHS = 'paths'

/** A log file that can be counted. */
export interface LogFile {
  readonly file: string
  /** Its size when it was found: what is appended later is not read. */
  readonly bytes: number
}

/** What a log holds, by a direct count. */
export interface LogCount extends LogFile {
  readonly lines: number
  readonly tally: Tally
  /** Lines in another format. */
  readonly unreadable: number
  /** The first of them. */
  readonly example: string | undefined
}

/**
 * Counts a log directly, without ECL.
 *
 * @throws DemoError when it cannot be read, or holds no request
 */
export async function countLog(name: string): Promise<LogCount> {
  const log = await findLog(name)
  const tally = new Tally()
  let lines = 0
  let unreadable = 0
  let example: string | undefined
  for await (const line of linesOf(log)) {
    lines++
    const request = parseLine(line)
    if (request !== undefined) countRequest(request, (group, event) => tally.add(group, event))
    else if (unreadable++ === 0) example = `line ${lines}: "${fit(line, 60)}"`
  }
  if (tally.total === 0) {
    const what = example === undefined ? 'it is empty' : `${example} is none`
    throw new DemoError(`"${name}" holds no line in Common or Combined Log Format: ${what}`)
  }
  return { ...log, lines, tally, unreadable, example }
}

/** Logs a request in both groups. */
export function countRequest(
  { status, path }: LoggedRequest,
  log: (group: string, event: string) => void,
): void {
  log(STATUS, status)
  log(PATHS, path)
}

/** The lines of a log. @throws DemoError when it cannot be read */
export async function* linesOf({ file, bytes }: LogFile): AsyncGenerator<string> {
  if (bytes === 0) return
  const input = createReadStream(file, { end: bytes - 1 })
  // readline ends silently when its input fails.
  let failure: NodeJS.ErrnoException | undefined
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  input.once('error', (error) => {
    failure = error
    lines.close()
  })
  try {
    yield* lines
  } finally {
    input.destroy()
  }
  if (failure !== undefined) throw unreadableError(file, failure)
}

/** Looks for a file from where npm was started, too: it runs scripts at the root. */
async function findLog(name: string): Promise<LogFile> {
  const started = process.env['INIT_CWD']
  const places = [resolve(name), ...(started === undefined ? [] : [resolve(started, name)])]
  let failure: unknown
  for (const file of places) {
    try {
      const stats = await stat(file)
      if (stats.isDirectory()) throw new DemoError(`"${name}" is a directory, not a log file`)
      if (!stats.isFile()) {
        throw new DemoError(`"${name}" is not a regular file: it is read several times`)
      }
      return { file, bytes: stats.size }
    } catch (error) {
      if (error instanceof DemoError) throw error
      failure ??= error
    }
  }
  throw unreadableError(name, failure as NodeJS.ErrnoException)
}

function unreadableError(name: string, error: NodeJS.ErrnoException): DemoError {
  if (error.code === 'ENOENT') return new DemoError(`"${name}": there is no such file`)
  if (error.code === 'EACCES') return new DemoError(`"${name}" cannot be read: permission denied`)
  return new DemoError(`"${name}" cannot be read: ${error.message}`)
}
