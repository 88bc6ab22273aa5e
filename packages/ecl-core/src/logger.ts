/**
 * Where messages go: the shape of pino, so that a service can hand in its own logger, or a child of it.
 */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** The default: warnings and errors as plain lines on stderr, nothing below. */
export const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn(_details, message) {
    process.stderr.write(`ecl: warning: ${message}\n`)
  },
  error(_details, message) {
    process.stderr.write(`ecl: error: ${message}\n`)
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
