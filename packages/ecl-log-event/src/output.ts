import { type Logger, visible } from 'ecl-core'

/** Says something on stderr, line by line. */
export function tell(message: string): void {
  const lines = message.split('\n').map(visible)
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** Says something in this command's name. */
export function tellAsCommand(message: string): void {
  tell(`ecl-log-event: ${message}`)
}

/** What the library has to say about the way to Redis. */
export const logger: Logger = {
  debug() {},
  info() {},
  warn: (_details, message) => tellAsCommand(message),
  error: (_details, message) => tellAsCommand(message),
}
