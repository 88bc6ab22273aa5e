import { type Command, CommanderError } from 'commander'
import { parseRange, type Range } from './check/range.ts'
import { commandLine, type Options } from './command-line.ts'
import { DEFAULT_WAIT_SECONDS } from './complete/default-wait.ts'
import { type CompletedOption, completion } from './completion/completion.ts'
import type { ListRequest } from './list.ts'
import type { View } from './view.ts'

/** The output formats there are. */
export const FORMAT_NAMES = ['plain', 'json', 'csv', 'table', 'prometheus'] as const

/** One of them. */
export type FormatName = (typeof FORMAT_NAMES)[number]

/** What is to be printed. */
export interface ReadRequest {
  /** The config file's name. */
  readonly config: string
  /** Undefined for all groups. */
  readonly group: string | undefined
  /** As spelled in the config; undefined for the only one, or with `all` for every one. */
  readonly interval: string | undefined
  /** Whether more than one window may be meant. */
  readonly all: boolean
  readonly which: 'last' | 'current' | 'both'
  /** Undefined where none was asked for: plain lines. */
  readonly format: FormatName | undefined
  /** Which events, in which order. */
  readonly view: View
  /** Whether counts are told per second. */
  readonly rate: boolean
  /** Whether CSV is made safe for a spreadsheet. */
  readonly defuseFormulas: boolean
  /** Whether each window is printed when it has ended, for ever. */
  readonly watch: boolean
  /** For how long a complete window is waited for, ms; undefined where any window will do. */
  readonly completeWithinMs: number | undefined
}

/** Whose books are asked for. */
export interface AuditRequest {
  readonly config: string
  /** Undefined for all groups. */
  readonly group: string | undefined
  readonly format: 'table' | 'json'
}

/** The levels of a monitoring plugin; at least one of them is there. */
export interface Levels {
  readonly warning: Range | undefined
  readonly critical: Range | undefined
}

/** What the command line says. `answered` and `wrong` are dealt with: all has been said. */
export type Parsed =
  | { readonly status: 'read'; readonly request: ReadRequest }
  | { readonly status: 'check'; readonly request: ReadRequest; readonly levels: Levels }
  | { readonly status: 'list'; readonly request: ListRequest }
  | { readonly status: 'audit'; readonly request: AuditRequest }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong'; readonly message: string; readonly check: boolean }

/** Options that make no sense together with levels: the answer of a plugin has one form. */
const NOT_WITH_LEVELS = [
  'all',
  'both',
  'json',
  'format',
  'top',
  'sort',
  'watch',
  'complete',
] as const

/** Options that make no sense together with `--complete`: a window that goes on is not complete. */
const NOT_WITH_COMPLETE = ['current', 'both', 'watch'] as const

/** Options that make no sense together with `--audit`: books are of loggers, not of windows. */
const NOT_WITH_AUDIT = [
  'interval',
  'last',
  'current',
  'both',
  'event',
  'top',
  'sort',
  'rate',
  'defuseFormulas',
  'watch',
  'complete',
  'wait',
  'warning',
  'critical',
] as const

/** Reads the command line; prints help, version, and what is wrong with it. */
export function parseArguments(argv: readonly string[]): Parsed {
  const command = commandLine(FORMAT_NAMES)
  try {
    command.parse(argv)
    return parsedFrom(command)
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    if (caught.exitCode === 0) return { status: 'answered' }
    // commander's own exit code for wrong usage is 1, which here means another thing.
    return { status: 'wrong', message: caught.message, check: asksForCheck(argv) }
  }
}

function parsedFrom(command: Command): Parsed {
  const [config = ''] = command.args
  const options = command.opts<Options>()
  const { list, completion: shell } = options
  if (shell !== undefined) {
    process.stdout.write(completion(shell, completedOptions(command)))
    return { status: 'answered' }
  }
  if (config === '') command.error("error: missing required argument 'config'")
  if (list !== undefined) {
    return { status: 'list', request: { what: list, config, group: options.group } }
  }
  if (options.audit) return { status: 'audit', request: auditRequest(command, config, options) }
  const levels = levelsOf(command, options)
  refuseContradictions(command, options, levels)
  const request: ReadRequest = {
    config,
    group: options.group,
    // As in the original, so that `-i "$INTERVAL"` may be empty.
    interval: options.interval || undefined,
    all: options.all ?? false,
    which: options.both ? 'both' : options.current ? 'current' : 'last',
    format: options.json ? 'json' : options.format,
    view: { events: options.event ?? [], top: options.top, sort: options.sort },
    rate: options.rate ?? false,
    defuseFormulas: options.defuseFormulas ?? false,
    watch: options.watch ?? false,
    completeWithinMs: options.complete ? (options.wait ?? DEFAULT_WAIT_SECONDS) * 1000 : undefined,
  }
  return levels === undefined ? { status: 'read', request } : { status: 'check', request, levels }
}

function auditRequest(command: Command, config: string, options: Options): AuditRequest {
  const refused = NOT_WITH_AUDIT.find((name) => options[name] !== undefined)
  if (refused !== undefined) {
    command.error(`error: option '${flagOf(command, refused)}' cannot be used with --audit`)
  }
  const format = options.json ? 'json' : (options.format ?? 'table')
  const asked = options.format ?? format
  if ((format !== 'table' && format !== 'json') || asked !== format) {
    command.error(
      `error: option '--format ${asked}' cannot be used with --audit${options.json ? ' --json' : ''}`,
    )
  }
  return { config, group: options.group, format }
}

/** The option as it is spelled, by commander's name for it. */
function flagOf(command: Command, name: string): string {
  return command.options.find((option) => option.attributeName() === name)?.long ?? name
}

function completedOptions(command: Command): CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      long: option.long ?? '',
      short: option.short,
      description: option.description,
      takesValue: option.required,
      choices: option.argChoices ?? [],
    }))
}

function levelsOf(command: Command, { warning, critical }: Options): Levels | undefined {
  if (warning === undefined && critical === undefined) return undefined
  const range = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined
    const parsed = parseRange(text)
    if ('problem' in parsed) command.error(`error: option '--${name} ${text}': ${parsed.problem}`)
    return parsed
  }
  return { warning: range('warning', warning), critical: range('critical', critical) }
}

function refuseContradictions(
  command: Command,
  options: Options,
  levels: Levels | undefined,
): void {
  const { json, format, defuseFormulas } = options
  if (options.group === undefined && !options.all) {
    command.error("error: required option '-g, --group <group>' not specified")
  }
  if (json && format !== undefined && format !== 'json') {
    command.error(`error: option '--json' cannot be used with '--format ${format}'`)
  }
  if (defuseFormulas && format !== 'csv') {
    command.error("error: option '--defuse-formulas' is for '--format csv'")
  }
  if (options.watch && (options.current || options.both)) {
    command.error("error: option '--watch' follows the last finished window only")
  }
  if (options.watch && format === 'prometheus') {
    command.error("error: option '--watch' cannot be used with '--format prometheus'")
  }
  if (options.wait !== undefined && !options.complete) {
    command.error("error: option '--wait' is for '--complete'")
  }
  const unfinished = NOT_WITH_COMPLETE.find((name) => options[name] !== undefined)
  if (options.complete && unfinished !== undefined) {
    command.error(`error: option '--${unfinished}' cannot be used with --complete`)
  }
  if (levels === undefined) return
  const refused = NOT_WITH_LEVELS.find((name) => options[name] !== undefined)
  if (refused !== undefined) {
    command.error(`error: option '--${refused}' cannot be used with --warning or --critical`)
  }
}

/** Also where the command line is too wrong to be read: monitoring needs its own exit code all the more then. */
function asksForCheck(argv: readonly string[]): boolean {
  return argv.some((arg) => /^(-[wc]|--(warning|critical)(=|$))/.test(arg))
}
