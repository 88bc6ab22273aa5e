import { Command, CommanderError, Option } from 'commander'

/** What is asked for. */
export type MasterRequest =
  | {
      readonly config: string
      readonly mode: 'daemon' | 'once' | 'check'
      readonly verbose: boolean
    }
  | { readonly config: string; readonly mode: 'acknowledge'; readonly clientId: string }
  | { readonly config: string; readonly mode: 'load-scripts' }

/** What the command line says. `answered` and `wrong` are dealt with: commander has printed what there was to say. */
export type Parsed =
  | { readonly status: 'request'; readonly request: MasterRequest }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong' }

interface Options {
  readonly verbose?: true
  readonly once?: true
  readonly check?: true
}

function commandLine(): Command {
  return new Command('ecl-master')
    .description(
      'Turns the windows of Event Count Logger over at each interval boundary. Any number may run.',
    )
    .argument('<config>', 'YAML file with the groups and the connection')
    .argument(
      '[command]',
      'acknowledge LOGGER: accept that what a silent logger counted after its last word is unknown; load-scripts: load the scripts of this version into Redis, for users who may run no others',
    )
    .argument('[logger]', 'as ecl-reader --audit names it')
    .option('-v, --verbose', 'log every window that is turned over')
    .option('--once', 'rotate what is due, and exit')
    .addOption(
      new Option('--check', 'check the config and the connection, and exit').conflicts('once'),
    )
    .usage(
      '[options] <config>\n       ecl-master <config> acknowledge <logger>\n       ecl-master <config> load-scripts',
    )
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText(
      'after',
      '\nSIGTERM and SIGINT end it, SIGHUP reads the config again.\nExit codes: 0 done, 1 config at fault, 2 wrong usage, 3 the store cannot be reached or refuses.',
    )
    .showHelpAfterError('(--help tells more)')
    .allowExcessArguments(false)
    .exitOverride()
}

/** @param argv as in `process.argv`. Prints help, version and complaints itself */
export function parseArguments(argv: readonly string[]): Parsed {
  const command = commandLine()
  let request: MasterRequest
  try {
    command.parse(argv)
    request = requestFrom(command)
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    return { status: caught.exitCode === 0 ? 'answered' : 'wrong' }
  }
  return { status: 'request', request }
}

/** @throws CommanderError, having said what is wrong */
function requestFrom(command: Command): MasterRequest {
  const [config = '', word, clientId] = command.args
  const { verbose = false, once = false, check = false } = command.opts<Options>()
  if (word === undefined) {
    return { config, mode: check ? 'check' : once ? 'once' : 'daemon', verbose }
  }
  if (word !== 'acknowledge' && word !== 'load-scripts') {
    command.error(`error: "${word}" is no command; there are acknowledge and load-scripts`)
  }
  if (verbose || once || check) command.error(`error: ${word} takes no options`)
  if (word === 'load-scripts') {
    if (clientId !== undefined) command.error('error: load-scripts takes no logger')
    return { config, mode: 'load-scripts' }
  }
  if (clientId === undefined) command.error('error: acknowledge: which logger?')
  return { config, mode: 'acknowledge', clientId }
}
