import { type Logger, StderrLines } from 'ecl-core'
import { type Logger as Pino, pino } from 'pino'
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
  // pino's own destinations wait for who reads them, or end the process where the disk is full.
  const stderr = new StderrLines((lines) =>
    log.warn({}, `${lines} log lines dropped, as they could not be written`),
  )
  const format = process.stderr.isTTY === true ? plainFormat() : (line: string) => line
  const log: Pino = pino(options, { write: (line: string) => stderr.write(format(line)) })
  return log
}

/** For people. */
function plainFormat(): (line: string) => string {
  return prettyFactory({
    colorize: (process.env['NO_COLOR'] ?? '') === '',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,hostname,name',
    hideObject: true,
    errorLikeObjectKeys: [],
  })
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
