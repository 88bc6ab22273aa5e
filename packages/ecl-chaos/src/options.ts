import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind, isFaultKind, type Topology } from './faults.ts'

/** What the command line asks for. */
export interface Options {
  readonly seed: number
  readonly durationMs: number
  readonly loggers: number
  readonly masters: number
  /** 0 for no history. */
  readonly archivers: number
  readonly topology: Topology
  readonly only: readonly FaultKind[] | undefined
  /** A schedule to run again, instead of drawing one. */
  readonly replay: string | undefined
  /** Where the result goes, as JSON. */
  readonly json: string | undefined
  /** Keep the journals of all processes. */
  readonly keep: boolean
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** What --help prints. */
export const HELP = `Usage: npm run chaos -- [options]

Runs loggers, masters and readers around a private Redis, does to them what networks, machines and
operators do, and compares what is counted with a ledger of what was logged. Leaves nothing behind
but the schedule of a run that failed.

Options:
  --seed N       draw the faults from this number (default: another one each time)
  --minutes M    how long faults happen (default: 2)
  --seconds S    the same in seconds, at least 20
  --loggers N    logger processes: 1 to 16 (default: 4)
  --masters M    masters: 1 to 4 (default: 2)
  --archivers A  keep all windows in a history, by so many archivers: 0 to 4 (default: 0)
  --topology T   single, or sentinel: a primary, its replica and three sentinels
  --only A,B     only faults of these kinds
  --replay FILE  the schedule of an earlier run
  --json FILE    write the result there, too
  --keep         keep what each process has written down, to look into what was found
  -h, --help     print this

Kinds of faults:
${kindsInLines()}

Exit codes: 0 every check has passed; 1 one has failed; 2 wrong use; 130 interrupted.
`

/**
 * Reads the command line.
 *
 * @param drawnSeed the seed where none is given
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], drawnSeed: number): Options | undefined {
  const { values } = parse(args)
  if (values.help === true) return undefined
  const seconds = number('--seconds', values.seconds, 20, 86_400)
  const minutes = number('--minutes', values.minutes, 1, 1440)
  return {
    seed: number('--seed', values.seed, 0, 2 ** 32 - 1) ?? drawnSeed,
    durationMs: (seconds ?? (minutes ?? 2) * 60) * 1000,
    loggers: number('--loggers', values.loggers, 1, 16) ?? 4,
    masters: number('--masters', values.masters, 1, 4) ?? 2,
    archivers: number('--archivers', values.archivers, 0, 4) ?? 0,
    topology: topologyOf(values.topology ?? 'single'),
    only: values.only?.split(',').map(kindOf),
    replay: values.replay,
    json: values.json,
    keep: values.keep === true,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: text,
        minutes: text,
        seconds: text,
        loggers: text,
        masters: text,
        archivers: text,
        topology: text,
        only: text,
        replay: text,
        json: text,
        keep: { type: 'boolean' },
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

function topologyOf(text: string): Topology {
  if (text === 'single' || text === 'sentinel') return text
  throw new UsageError(`--topology: "${text}" is neither single nor sentinel`)
}

function kindOf(text: string): FaultKind {
  if (isFaultKind(text)) return text
  throw new UsageError(`--only: "${text}" is no kind of faults`)
}

function number(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`${name}: "${text}" is not a whole number from ${min} to ${max}`)
}

function kindsInLines(): string {
  const lines: string[] = []
  for (const kind of FAULT_KINDS) {
    const last = lines.at(-1)
    if (last === undefined || last.length + kind.length > 90) lines.push(`  ${kind}`)
    else lines[lines.length - 1] = `${last}, ${kind}`
  }
  return lines.join('\n')
}
