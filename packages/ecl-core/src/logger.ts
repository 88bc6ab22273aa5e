import { StderrLines } from './stderr-lines.ts'

/**
 * Where messages go: the shape of pino, so that a service can hand in its own logger, or a child of it.
 */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

const stderr = new StderrLines((lines) =>
  stderr.write(`ecl: warning: ${lines} log lines dropped, as they could not be written\n`),
)

/** Writes a line to stderr, as the default logger does. */
export function writeLine(line: string): void {
  stderr.write(`${line}\n`)
}

/**
 * The default: warnings and errors as plain lines on stderr, nothing below. Never waits for who reads them: what is not read
 * for long is dropped, with a line that says how many.
 */
export const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn(_details, message) {
    writeLine(`ecl: warning: ${message}`)
  },
  error(_details, message) {
    writeLine(`ecl: error: ${message}`)
  },
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A logger whose own failures stay its own: one that throws must not make counts be lost. */
export function harmless(logger: Logger): Logger {
  const careful =
    (level: keyof Logger) =>
    (details: object, message: string): void => {
      try {
        logger[level](details, message)
      } catch {
        // There is nobody left to tell.
      }
    }
  return {
    debug: careful('debug'),
    info: careful('info'),
    warn: careful('warn'),
    error: careful('error'),
  }
}
