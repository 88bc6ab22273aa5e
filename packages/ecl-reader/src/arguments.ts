import { Command, CommanderError, Option } from 'commander'

/** The output formats there are. */
const FORMAT_NAMES = ['plain', 'json'] as const

/** One of them. */
export type FormatName = (typeof FORMAT_NAMES)[number]

/** What is to be printed. */
export interface ReadRequest {
  /** The config file's name. */
  readonly config: string
  readonly group: string
  /** As spelled in the config; undefined for the only one. */
  readonly interval: string | undefined
  readonly which: 'last' | 'current' | 'both'
  readonly format: FormatName
}

/** What the command line says. `answered` and `wrong` are dealt with: commander has printed what there was to say. */
export type Parsed =
  | { readonly status: 'request'; readonly request: ReadRequest }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong' }

interface Options {
  readonly group: string
  readonly interval?: string
  readonly last?: true
  readonly current?: true
  readonly both?: true
  readonly json?: true
  readonly format?: FormatName
}

/** Reads the command line; prints help, version, and what is wrong with it. */
export function parseArguments(argv: readonly string[]): Parsed {
  const command = commandLine()
  try {
    command.parse(argv)
    const [config = ''] = command.args
    const options = command.opts<Options>()
    if (options.json && options.format !== undefined && options.format !== 'json') {
      command.error(`error: option '--json' cannot be used with '--format ${options.format}'`)
    }
    return {
      status: 'request',
      request: {
        config,
        group: options.group,
        // As in the original, so that `-i "$INTERVAL"` may be empty.
        interval: options.interval || undefined,
        which: options.both ? 'both' : options.current ? 'current' : 'last',
        format: options.json ? 'json' : (options.format ?? 'plain'),
      },
    }
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    // commander's own exit code for wrong usage is 1, which here means another thing.
    return { status: caught.exitCode === 0 ? 'answered' : 'wrong' }
  }
}

function commandLine(): Command {
  return new Command('ecl-reader')
    .description('Prints the event counts of a group, as Event Count Logger keeps them in Redis.')
    .argument('<config>', 'YAML file with the groups and the connection')
    .requiredOption('-g, --group <group>', 'the group to print')
    .option('-i, --interval <interval>', 'as spelled in the config; needed where there are several')
    .addOption(
      new Option('--last', 'counts of the last finished window (the default)').conflicts([
        'current',
        'both',
      ]),
    )
    .addOption(new Option('--current', 'counts of the current window, so far').conflicts('both'))
    .option('--both', 'both, as of one instant')
    .addOption(new Option('--format <format>', 'how to print').choices(FORMAT_NAMES))
    .option('--json', 'the same as --format json')
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 config, group, interval or a stored value at fault, 2 wrong usage,\n3 Redis cannot be reached or refuses.' +
        '\n\nWith --format munin it answers as a plugin of Munin: ecl-reader --format munin --help',
    )
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}
