import { Command, CommanderError, InvalidArgumentError } from 'commander'

/** In the place of an event: take the events from stdin. */
const STDIN = '-'

/** What is to be logged. */
export interface LogRequest {
  /** The config file's name. */
  readonly config: string
  readonly group: string
  /** One event so many times, or what stdin says. */
  readonly source: { readonly event: string; readonly count: number } | 'stdin'
}

/** What the command line says. `answered` and `wrong` are dealt with: commander has printed what there was to say. */
export type Parsed =
  | { readonly status: 'request'; readonly request: LogRequest }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong' }

/** Reads the command line; prints help, version, and what is wrong with it. */
export function parseArguments(argv: readonly string[]): Parsed {
  const command = commandLine()
  try {
    command.parse(argv)
    // The texts as given are in `args`; `processedArgs`, without types, has the count as a number.
    const [config = '', group = '', event = '', count] = command.args
    if (event === STDIN && count !== undefined) {
      command.error("error: COUNT cannot be used with '-': each line of stdin counts once")
    }
    const source = event === STDIN ? 'stdin' : { event, count: wholeNumber(count ?? '1') }
    return { status: 'request', request: { config, group, source } }
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    // commander's own exit code for wrong usage is 1, which here means another thing.
    return { status: caught.exitCode === 0 ? 'answered' : 'wrong' }
  }
}

function commandLine(): Command {
  return new Command('ecl-log-event')
    .description('Logs an event to Event Count Logger, and waits until it is stored.')
    .argument('<config>', 'YAML file with the groups and the connection')
    .argument('<group>', "the event's group")
    .argument('<event>', 'the event; "-" reads events from stdin, one a line, until its end')
    .argument('[count]', 'how many of it, 1 by default; a negative number corrects', wholeNumber)
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText(
      'after',
      '\nExit codes: 0 stored, 1 config, group or event at fault, 2 wrong usage,\n3 not stored: the store cannot be reached or refuses.',
    )
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('A whole number of less than 16 digits is expected.')
}
