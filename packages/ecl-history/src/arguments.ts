import { type Command, CommanderError } from 'commander'
import type { EpochSeconds } from 'ecl-core'
import {
  COMMANDS,
  type CommandName,
  commandLine,
  type OptionName,
  type Options,
} from './cli/command-line.ts'
import type { TimeRange } from './query/runs.ts'
import { parseStep, type Step } from './query/step.ts'
import { isZone, parseInstant, parseSince } from './query/time-text.ts'

/** The formats of counts. */
export type FormatName = 'plain' | 'json' | 'csv' | 'table' | 'chart'

/** Which windows are meant. */
export interface Selection {
  /** Undefined for all groups. */
  readonly group: string | undefined
  /** As spelled in the config; undefined for the only one, or for all. */
  readonly interval: string | undefined
  /** Undefined for all that there are. */
  readonly range: TimeRange | undefined
}

/** What counts are to be printed. */
export interface QueryRequest extends Selection {
  readonly config: string
  readonly group: string
  readonly range: TimeRange
  readonly zone: string
  /** Names, or globs of them; none for all events. */
  readonly events: readonly string[]
  /** Undefined where none was asked for. */
  readonly step: Step | undefined
  readonly top: number | undefined
  readonly format: FormatName
  /** Whether CSV is made safe for a spreadsheet. */
  readonly defuseFormulas: boolean
}

/** What is to be told of windows. */
export interface WindowsRequest extends Selection {
  readonly config: string
  readonly json: boolean
}

/** What is to be done, and with what. */
export type Request =
  | ({ readonly command: 'query' } & QueryRequest)
  | {
      readonly command: 'archive'
      readonly config: string
      readonly mode: 'daemon' | 'once' | 'status'
      readonly verbose: boolean
    }
  | ({ readonly command: 'gaps' | 'verify' } & WindowsRequest)
  | ({ readonly command: 'export'; readonly config: string; readonly csv: boolean } & Selection)
  | {
      readonly command: 'import'
      readonly config: string /** Undefined for stdin. */
      readonly file: string | undefined
    }
  | { readonly command: 'migrate' | 'prune'; readonly config: string; readonly force: boolean }
  | ({ readonly command: 'dead'; readonly replay: false } & WindowsRequest)
  | ({
      readonly command: 'dead'
      readonly replay: true /** None for all. */
      readonly ids: readonly string[]
    } & WindowsRequest)

/** What the command line says. `answered` and `wrong` are dealt with: all has been said. */
export type Parsed =
  | { readonly status: 'request'; readonly request: Request }
  | { readonly status: 'answered' }
  | { readonly status: 'wrong' }

const SELECTION: readonly OptionName[] = ['group', 'interval']
const TIME: readonly OptionName[] = ['since', 'from', 'to', 'zone']
/** The options that each command takes. */
const OPTIONS_OF: Readonly<Record<CommandName | 'query', readonly OptionName[]>> = {
  query: [...SELECTION, ...TIME, 'event', 'step', 'top', 'format', 'defuseFormulas'],
  archive: ['once', 'status', 'verbose'],
  status: [],
  gaps: [...SELECTION, ...TIME, 'format'],
  verify: [...SELECTION, 'format'],
  export: [...SELECTION, ...TIME, 'format'],
  import: [],
  migrate: [],
  prune: ['force'],
  dead: [...SELECTION, 'format'],
}
/** The formats of each command that has any, the default first. */
const FORMATS_OF: Readonly<Partial<Record<CommandName | 'query', readonly string[]>>> = {
  query: ['plain', 'json', 'csv', 'table', 'chart'],
  gaps: ['plain', 'json'],
  verify: ['plain', 'json'],
  export: ['ndjson', 'csv'],
  dead: ['plain', 'json'],
}
const DEFAULT_SINCE = '24h'

/**
 * Reads the command line; prints help, version, and what is wrong with it.
 *
 * @param argv as in `process.argv`
 * @param nowMs since the epoch: what "24h ago" and "yesterday" count from
 */
export function parseArguments(argv: readonly string[], nowMs: number): Parsed {
  const command = commandLine()
  try {
    command.parse(argv)
    return { status: 'request', request: requestFrom(command, nowMs) }
  } catch (caught) {
    if (!(caught instanceof CommanderError)) throw caught
    // commander's own exit code for wrong usage is 1, which here means another thing.
    return { status: caught.exitCode === 0 ? 'answered' : 'wrong' }
  }
}

function requestFrom(command: Command, nowMs: number): Request {
  const [config = '', word, ...operands] = command.args
  const options = command.opts<Options>()
  const name = commandNamed(command, word, options)
  refuseOthers(command, name, options)
  if (name !== 'import' && name !== 'dead' && operands.length > 0) {
    command.error(`error: "${operands[0]}": ${name} takes nothing more`)
  }
  const format = options.format ?? FORMATS_OF[name]?.[0]
  const json = format === 'json'
  const selection = { config, ...selectionOf(command, name, options, nowMs) }
  switch (name) {
    case 'query':
      return { command: name, ...selection, ...queryOf(command, options, nowMs) }
    case 'archive':
    case 'status': {
      const mode = name === 'status' || options.status ? 'status' : options.once ? 'once' : 'daemon'
      return { command: 'archive', config, mode, verbose: options.verbose ?? false }
    }
    case 'gaps':
    case 'verify':
      return { command: name, json, ...selection }
    case 'export':
      return { command: name, csv: format === 'csv', ...selection }
    case 'import':
      if (operands.length > 1) command.error(`error: "${operands[1]}": import takes one file`)
      return { command: name, config, file: operands[0] === '-' ? undefined : operands[0] }
    case 'migrate':
    case 'prune':
      return { command: name, config, force: options.force ?? false }
    case 'dead':
      break
  }
  const [what = 'list', ...ids] = operands
  if (what === 'replay') return { command: name, replay: true, ids, json, ...selection }
  if (what !== 'list' || ids.length > 0) {
    command.error('error: write dead list, or dead replay [ID …]')
  }
  return { command: name, replay: false, json, ...selection }
}

function commandNamed(
  command: Command,
  word: string | undefined,
  options: Options,
): CommandName | 'query' {
  if (word === undefined) return options.status ? 'archive' : 'query'
  const name = COMMANDS.find((one) => one === word)
  return name ?? command.error(`error: "${word}" is no command; there are: ${COMMANDS.join(', ')}`)
}

function refuseOthers(command: Command, name: CommandName | 'query', options: Options): void {
  const what = name === 'query' ? 'without a command' : `with ${name}`
  const refused = command.options.find((option) => {
    const key = option.attributeName() as OptionName
    return options[key] !== undefined && !OPTIONS_OF[name].includes(key)
  })
  if (refused !== undefined) command.error(`error: option '${refused.long}' cannot be used ${what}`)
  const formats = FORMATS_OF[name] ?? []
  if (options.format !== undefined && !formats.includes(options.format)) {
    command.error(
      `error: option '--format ${options.format}' cannot be used ${what}; there are: ${formats.join(', ')}`,
    )
  }
  if (options.since !== undefined && (options.from ?? options.to) !== undefined) {
    command.error("error: option '--since' cannot be used with '--from' or '--to'")
  }
}

function selectionOf(
  command: Command,
  name: CommandName | 'query',
  options: Options,
  nowMs: number,
): Selection {
  const { group, interval } = options
  const timed = (options.since ?? options.from ?? options.to) !== undefined
  // Whoever exports means all, and whoever asks for counts or gaps those of late.
  const all = !timed && name !== 'query' && name !== 'gaps'
  return {
    group,
    // As with ecl-reader, so that `-i "$INTERVAL"` may be empty.
    interval: interval || undefined,
    range: all ? undefined : rangeOf(command, options, nowMs),
  }
}

function rangeOf(command: Command, options: Options, nowMs: number): TimeRange {
  const zone = zoneOf(command, options)
  if (options.from === undefined && options.to === undefined) {
    const since = parseSince(options.since ?? DEFAULT_SINCE, nowMs)
    if ('problem' in since)
      command.error(`error: option '--since ${options.since}' ${since.problem}`)
    return since
  }
  const instant = (name: 'from' | 'to', text: string): EpochSeconds => {
    const parsed = parseInstant(text, zone, nowMs)
    if (typeof parsed !== 'number')
      command.error(`error: option '--${name} ${text}' ${parsed.problem}`)
    return parsed
  }
  const range = {
    from: instant('from', options.from ?? '1970-01-01T00:00Z'),
    to: instant('to', options.to ?? 'now'),
  }
  if (range.from >= range.to) command.error("error: '--from' is not before '--to'")
  return range
}

function zoneOf(command: Command, { zone = 'UTC' }: Options): string {
  if (isZone(zone)) return zone
  return command.error(
    `error: option '--zone ${zone}' is no time zone; write one such as Europe/Prague or UTC`,
  )
}

function queryOf(command: Command, options: Options, nowMs: number) {
  const { group, event = [], top, step: text, format, defuseFormulas = false } = options
  if (defuseFormulas && format !== 'csv')
    command.error("error: option '--defuse-formulas' is for '--format csv'")
  if (group === undefined)
    command.error("error: required option '-g, --group <group>' not specified")
  const step = text === undefined ? undefined : parseStep(text)
  if (step !== undefined && 'problem' in step)
    command.error(`error: option '--step ${text}' ${step.problem}`)
  return {
    group,
    events: event,
    top,
    step,
    range: rangeOf(command, options, nowMs),
    zone: zoneOf(command, options),
    format: (format ?? 'plain') as FormatName,
    defuseFormulas,
  }
}
