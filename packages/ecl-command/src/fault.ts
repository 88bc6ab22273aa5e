import { asError, ConfigError, StoreError } from 'ecl-core'
import { EXIT, type ExitCode } from './exit.ts'
import { tell } from './output.ts'

/** Says in a command's name what went wrong, and which exit code that is. */
export function tellFault(command: string, caught: unknown): ExitCode {
  const { message } = asError(caught)
  // A fault of the config opens with the file's name and line.
  tell(caught instanceof ConfigError ? message : `${command}: ${message}`)
  return caught instanceof StoreError ? EXIT.unreachable : EXIT.atFault
}
