import { Argument, Command, CommanderError } from 'commander'
import type { Settings } from './graph.ts'
import type { Wanted } from './targets.ts'

/** What Munin may ask a plugin. */
const QUESTIONS = ['fetch', 'config', 'autoconf', 'suggest'] as const

/** One of them. */
export type Question = (typeof QUESTIONS)[number]

/** What is asked, by command line and environment. */
export interface MuninRequest {
  readonly question: Question
  /** The config file's name. */
  readonly config: string
  readonly wanted: Wanted
  readonly settings: Settings
  /** Whether `config` is to be answered with the values, too. */
  readonly dirtyConfig: boolean
  /** Where dynamic groups' events are remembered; undefined for nowhere. */
  readonly stateDirectory: string | undefined
}

/** As of the reader's other arguments: `answered` and `wrong` are dealt with. */
export type ParsedMunin =
  | { readonly status: 'request'; readonly request: MuninRequest }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong' }

/** Reads the command line, and the environment that munin-node makes of plugin-conf.d. */
export function parseMuninArguments(argv: readonly string[], environment: Settings): ParsedMunin {
  const command = commandLine()
  try {
    command.parse(argv)
    const [config = '', question = ''] = command.args
    const options = command.opts<{ group?: string; interval?: string; link?: string }>()
    return {
      status: 'request',
      request: {
        question: QUESTIONS.find((one) => one === question) ?? 'fetch',
        config,
        wanted: {
          link: options.link ?? 'ecl_',
          groups: given(options.group, environment['group'], environment['groups']),
          interval: given(options.interval, environment['interval']),
        },
        settings: environment,
        dirtyConfig: environment['MUNIN_CAP_DIRTYCONFIG'] === '1',
        stateDirectory: given(environment['MUNIN_PLUGSTATE']),
      },
    }
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    return { status: caught.exitCode === 0 ? 'answered' : 'wrong' }
  }
}

/** The first that is set to something. */
function given(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text.trim() !== '')?.trim()
}

function commandLine(): Command {
  return new Command('ecl-reader')
    .description('Answers as a plugin of Munin; the plugin "ecl_" calls it so.')
    .usage('<config> --format munin [--link <name>] [fetch|config|autoconf|suggest]')
    .argument('<config>', 'YAML file with the groups and the connection')
    .addArgument(
      new Argument('[question]', 'what Munin asks; nothing means fetch').choices([
        '',
        ...QUESTIONS,
      ]),
    )
    .option('--format <format>', 'munin')
    .option('--link <name>', 'name of the link in /etc/munin/plugins, such as ecl_requests_5m')
    .option('-g, --group <groups>', 'instead of what the link names; several in quotes: "a b_1h"')
    .option('-i, --interval <interval>', 'of all groups that do not name one')
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText(
      'after',
      '\nEnvironment, set by env.NAME in plugin-conf.d: group, interval, title, category, warning, critical,' +
        '\nFIELD_warning, FIELD_critical; from munin-node: MUNIN_PLUGSTATE, MUNIN_CAP_DIRTYCONFIG.',
    )
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}
