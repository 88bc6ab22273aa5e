import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Options {
  /** Curves of how it grows, instead of the comparison. */
  readonly growth: boolean
  readonly quick: boolean
  readonly list: boolean
  /** Cases by their ids; all where it is undefined. */
  readonly only: readonly string[] | undefined
  readonly rounds: number | undefined
  /** Put what was found into the docs. */
  readonly write: boolean
  /** Where everything that was found goes, as JSON. */
  readonly json: string | undefined
  /** A checkout of the Python original. */
  readonly python: string | undefined
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** What --help prints. */
export const HELP = `Usage: npm run bench -- [options]

Measures Event Count Logger beside its peers, on private servers, and prints tables in Markdown.
Wants a machine that does nothing else.

Options:
  --quick        shorter, for a first impression: one round, without the slow cases
  --list         print the cases
  --only A,B     only these cases
  --rounds N     how often each contestant is measured: 1 to 50 (default: 5; 1 with --quick)
  --growth       instead of the comparison, curves of how it grows
  --write        put what was found into docs/benchmarks.md, or with --growth into docs/growth.md
  --json FILE    write what was found there, too
  --python DIR   a checkout of the Python original (CESNET/EventCountLogger), to measure it as well;
                 its interpreter is python3, or what the environment's PYTHON names
  -h, --help     print this

Exit codes: 0 measured, whatever came out; 1 something could not be measured; 2 wrong use; 130 interrupted.
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
  const { growth = false, quick = false, list = false, write = false, json, python } = values
  const only = values.only?.split(',')
  if (write && (quick || only !== undefined)) {
    throw new UsageError('--write: the docs show whole runs, so neither --quick nor --only')
  }
  return { growth, quick, list, write, json, python, only, rounds: roundsOf(values.rounds) }
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        growth: flag,
        quick: flag,
        list: flag,
        write: flag,
        only: text,
        rounds: text,
        json: text,
        python: text,
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

function roundsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 50) return value
  throw new UsageError(`--rounds: "${text}" is not a whole number from 1 to 50`)
}
