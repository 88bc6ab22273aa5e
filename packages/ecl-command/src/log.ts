import type { Logger } from 'ecl-core'
import { destination, type Logger as Pino, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'

/**
 * A daemon's log on stderr: JSON lines for the journal or a collector, plain lines on a terminal.
 *
 * @param name the command's
 * @param verbose also what is routine
 */
export function openLog(name: string, verbose: boolean): Logger {
  const options = {
    level: verbose ? 'debug' : 'info',
    name,
    serializers: { err: describeError },
  }
  // Synchronous: a line about a failure must be out before the process ends.
  const stderr = destination({ fd: 2, sync: true })
  // Such as a full disk: the daemon's work has to be done all the same.
  stderr.on('error', () => undefined)
  if (process.stderr.isTTY !== true) return pino(options, stderr)
  const format = prettyFactory({
    colorize: (process.env['NO_COLOR'] ?? '') === '',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,hostname,name',
    hideObject: true,
    errorLikeObjectKeys: [],
  })
  const log: Pino = pino(options, { write: (line: string) => void stderr.write(format(line)) })
  return log
}

/**
 * An error in a log line. Where it came up says something about a bug only; and no other properties, since those of a
 * Redis client hold the command, a password's included.
 */
function describeError(caught: unknown): unknown {
  if (!(caught instanceof Error)) return caught
  const { name: type, message, stack } = caught
  const code = 'code' in caught ? { code: caught.code } : {}
  const isBug =
    caught instanceof TypeError || caught instanceof RangeError || caught instanceof ReferenceError
  return { type, message, ...code, ...(isBug && { stack }) }
}
