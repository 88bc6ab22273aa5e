import { Command, CommanderError } from 'commander'
import { ConfigError, StoreError } from 'ecl-core'
import { check, runDaemon, runOnce } from './daemon.ts'

/** Exit codes that all commands share. */
const EXIT = { done: 0, atFault: 1, usage: 2, unreachable: 3 } as const

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
    .option('-v, --verbose', 'log every window that is turned over')
    .option('--once', 'rotate what is due, and exit')
    .option('--check', 'check the config and the connection, and exit')
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText(
      'after',
      '\nSIGTERM and SIGINT end it, SIGHUP reads the config again.\nExit codes: 0 done, 1 config at fault, 2 wrong usage, 3 Redis cannot be reached or refuses.',
    )
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}

async function main(): Promise<number> {
  const command = commandLine()
  try {
    command.parse()
    const [file = ''] = command.args
    const options = command.opts<Options>()
    const verbose = options.verbose === true
    if (options.check) await check(file)
    else if (options.once) await runOnce(file, verbose)
    else await runDaemon(file, verbose)
    return EXIT.done
  } catch (caught) {
    if (caught instanceof CommanderError) return caught.exitCode === 0 ? EXIT.done : EXIT.usage
    if (caught instanceof ConfigError || caught instanceof StoreError) {
      process.stderr.write(`${caught.message}\n`)
      return caught instanceof ConfigError ? EXIT.atFault : EXIT.unreachable
    }
    throw caught
  }
}

void main().then((code) => {
  process.exitCode = code
})
