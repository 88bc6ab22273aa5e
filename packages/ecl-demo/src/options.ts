import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

/** What the command line asks for. */
export interface Options {
  /** An access log to be counted instead of simulated services. */
  readonly input: string | undefined
  /** How long events are logged. */
  readonly seconds: number
  /** Length of a window in seconds. */
  readonly window: number
}

/** What --help prints. */
export const HELP = `Usage: npm run demo -- [options]

Starts a private Redis, two masters and three services that log events, prints what ecl-reader says
as each window closes, and at the end compares what was logged with what was counted.
Leaves nothing behind.

Options:
  --input FILE  count an access log (Common or Combined Log Format) instead: its requests by
                status code and by path, replayed over the time given by --seconds;
                there is a small one to try: packages/ecl-demo/sample/access.log
  --seconds N   how long events are logged: 1 to 3600 (default: 20)
  --window N    length of a window in seconds: 1 to 30 (default: 5)
  -h, --help    print this

Exit codes: 0 counted to the unit; 1 not so, or something failed; 2 wrong use; 130 interrupted.
`

/**
 * Reads the command line.
 *
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args)
  if (values.help === true) return undefined
  if (values.input === '') throw new UsageError('--input needs the name of a file')
  return {
    input: values.input,
    seconds: wholeNumber('--seconds', values.seconds, 20, 3600),
    window: wholeNumber('--window', values.window, 5, 30),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: 'string' },
        seconds: { type: 'string' },
        window: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    // Node's message has the fault in its first line, and advice of no use here behind it.
    throw new UsageError(
      (error instanceof Error ? error.message : String(error)).replace(/\n.*/s, ''),
    )
  }
}

function wholeNumber(name: string, text: string | undefined, preset: number, max: number): number {
  if (text === undefined) return preset
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number
  throw new UsageError(`${name}: "${text}" is not a whole number from 1 to ${max}`)
}
