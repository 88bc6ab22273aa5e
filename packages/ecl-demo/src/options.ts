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
  /** The URL of a Redis to count in, or a private one of the demo's; undefined for a file. */
  readonly redis: string | undefined
}

/** What `redis` is for a Redis of the demo's own. */
export const PRIVATE = 'private'

/** What --help prints. */
export const HELP = `Usage: npm run demo -- [options]

Starts two masters, an archiver, and three services that log events, which meet in one SQLite file;
prints what ecl-reader says as each window closes, and at the end compares what was logged with what
was counted and archived, and prints the history. Leaves nothing behind but that: .cache/demo

Options:
  --input FILE  count an access log (Common or Combined Log Format) instead: its requests by
                status code and by path, replayed over the time given by --seconds;
                there is a small one to try: packages/ecl-demo/sample/access.log
  --seconds N   how long events are logged: 1 to 3600 (default: 20)
  --window N    length of a window in seconds: 1 to 30 (default: 5)
  --redis [URL] count in Redis: in the empty database that the URL names, such as
                redis://localhost:6379/15, or in a private Redis that the demo starts
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
  const { values } = parse(withRedis(args))
  if (values.help === true) return undefined
  if (values.redis !== undefined && !/^(private|rediss?:\/\/.+)$/.test(values.redis)) {
    throw new UsageError('--redis takes a URL, such as redis://localhost:6379/15, or nothing')
  }
  if (values.input === '') throw new UsageError('--input needs the name of a file')
  return {
    input: values.input,
    seconds: wholeNumber('--seconds', values.seconds, 20, 3600),
    window: wholeNumber('--window', values.window, 5, 30),
    redis: values.redis,
  }
}

/** `--redis` alone means a private one; parseArgs knows no options whose value may be left out. */
function withRedis(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1]
    return arg === '--redis' && !/^rediss?:/.test(next ?? '') ? `--redis=${PRIVATE}` : arg
  })
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: 'string' },
        seconds: { type: 'string' },
        window: { type: 'string' },
        redis: { type: 'string' },
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
