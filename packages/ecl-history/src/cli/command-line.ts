import { Command, InvalidArgumentError, Option } from 'commander'

/** What can be done besides asking for counts. */
export const COMMANDS = [
  'archive',
  'status',
  'gaps',
  'verify',
  'export',
  'import',
  'migrate',
  'prune',
  'dead',
] as const

/** One of them. */
export type CommandName = (typeof COMMANDS)[number]

/** The options as commander gives them. */
export interface Options {
  readonly group?: string
  readonly interval?: string
  readonly since?: string
  readonly from?: string
  readonly to?: string
  readonly zone?: string
  readonly event?: readonly string[]
  readonly step?: string
  readonly top?: number
  readonly format?: string
  readonly defuseFormulas?: true
  readonly once?: true
  readonly force?: true
  readonly status?: true
  readonly verbose?: true
}

/** The name of an option, as commander gives it. */
export type OptionName = keyof Options

/** The forms that an answer can have; which of them depends on what is asked. */
const FORMATS = ['plain', 'json', 'csv', 'table', 'chart', 'ndjson'] as const

const HELP = `
Without a command, counts are printed. Commands:
  archive [--once | --status] [-v]
                      keeps closed windows, until it is ended; --once: those that wait now; SIGHUP reads the config again
  status              how many windows wait, who is at work (the same as archive --status)
  gaps                windows that are missing or not complete; exit code 4 if there are any
  verify              holds SQL against what the store still knows; exit code 4 with the difference
  export              windows as lines of JSON, or with --format csv; all of them, or by -g, -i, --since, --from, --to
  import [FILE]       takes them in again, from a file or stdin; repeating changes nothing
  migrate             brings the tables up to date
  prune [--force]     rolls up what is due, and removes what is older than the config keeps it; --force: also where
                      no windows have come for so long that a clock may be wrong
  dead [list]         entries that could not be archived
  dead replay [ID …]  puts them back into the queue; all of them, or those of these IDs

Examples:
  ecl-history ecl.yml -g web -i 5m --since 24h --step 1h --format table
  ecl-history ecl.yml -g web -i 5m --from yesterday --to today --zone Europe/Prague --event error --step 1h
  ecl-history ecl.yml -g web -i 5m --since 7d --top 3 --format chart
  ecl-history ecl.yml -g web -i 5m --from 2026-11-01 --to 2026-12-01 --step 1d --format csv > november.csv
  ecl-history ecl.yml export > history.ndjson

TIME is a date, 2026-11-22T18:45 (in the zone), 2026-11-22T18:45:00Z, yesterday, today, now, or seconds since the epoch.

Exit codes: 0 done, 1 config, group, interval or data at fault, 2 wrong usage, 3 the store or the database cannot be
reached or refuses, 4 windows are missing or not complete (gaps), or SQL is not what the store knows (verify).`

/** Describes the command line, with its help. */
export function commandLine(): Command {
  return new Command('ecl-history')
    .description('Keeps every closed window of Event Count Logger in SQL, and reads them.')
    .argument('<config>', 'YAML file with the groups, the store and the history')
    .argument('[command]', 'what to do')
    .argument('[operands...]')
    .usage('<config> [command] [options]')
    .option('-g, --group <group>', 'the group')
    .option('-i, --interval <interval>', 'as spelled in the config; needed where there are several')
    .option('--since <length>', 'from so long ago until now: 90m, 24h, 7d (24h by default)')
    .option('--from <time>', 'from then on')
    .option('--to <time>', 'until then; now by default')
    .option('--zone <name>', 'whose days and hours, such as Europe/Prague; UTC by default')
    .option('--event <name>', 'only this event; * and ? stand for others; repeatable', collect)
    .option('--step <length>', 'windows put together: 5m, 1h, 1d, 1w, 1mo, or all as one')
    .option('--top <n>', 'only the n events with the largest sums', wholeNumber)
    .addOption(new Option('--format <format>', 'plain by default').choices(FORMATS))
    .option('--defuse-formulas', "CSV for spreadsheets: a ' before names that they would execute")
    .option('--once', 'archive: what waits now, and exit')
    .addOption(new Option('--status', 'print the state of the queues, and exit').conflicts('once'))
    .option('--force', 'prune: remove what is old, though a clock may be wrong')
    .option('-v, --verbose', 'archive: log every batch')
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}

function collect(name: string, before: readonly string[] = []): string[] {
  return [...before, name]
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a whole number from 1 on.')
}
