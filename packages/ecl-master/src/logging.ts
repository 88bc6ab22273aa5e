import type { Logger } from 'ecl-core'
import { destination, type Logger as Pino, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'

/**
 * The daemon's log on stderr: JSON lines for the journal or a collector, plain lines on a terminal.
 *
 * @param verbose also what is routine, such as every window that is turned over
 */
export function openLog(verbose: boolean): Logger {
  const level = verbose ? 'debug' : 'info'
  // Synchronous: a line about a failure must be out before the process ends.
  const stderr = destination({ fd: 2, sync: true })
  if (process.stderr.isTTY !== true) return pino({ level, name: 'ecl-master' }, stderr)
  const format = prettyFactory({
    colorize: (process.env['NO_COLOR'] ?? '') === '',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,hostname,name',
    hideObject: true,
  })
  const log: Pino = pino({ level }, { write: (line: string) => void stderr.write(format(line)) })
  return log
}
