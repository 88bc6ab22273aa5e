import { Command, InvalidArgumentError, Option } from 'commander'
import type { FormatName } from './arguments.ts'
import { DEFAULT_WAIT_SECONDS } from './complete/default-wait.ts'
import { SHELLS, type Shell } from './completion/completion.ts'
import type { ListRequest } from './list.ts'

/** The options as commander gives them. */
export interface Options {
  readonly group?: string
  readonly interval?: string
  readonly all?: true
  readonly last?: true
  readonly current?: true
  readonly both?: true
  readonly json?: true
  readonly format?: FormatName
  readonly event?: readonly string[]
  readonly top?: number
  readonly sort?: 'count' | 'name'
  readonly rate?: true
  readonly defuseFormulas?: true
  readonly watch?: true
  readonly complete?: true
  readonly wait?: number
  readonly audit?: true
  readonly list?: ListRequest['what']
  readonly completion?: Shell
  readonly warning?: string
  readonly critical?: string
}

const EXAMPLES = `
Examples:
  ecl-reader ecl.yml -g web -i 5m                        the last finished five minutes
  ecl-reader ecl.yml -g web -i 5m --event 'error*'       only events whose names begin with "error"
  ecl-reader ecl.yml --all --format table --top 5        the five largest of every group and interval
  ecl-reader ecl.yml -g web -i 5m --watch                as it goes on, with the change and a curve
  ecl-reader ecl.yml -g web -i 5m --json | jq .counts    for programs
  ecl-reader ecl.yml -g web -i 5m --complete             final and exact, or exit code 4
  ecl-reader ecl.yml --audit                             whether all that was logged has been counted
  ecl-reader ecl.yml -g web -i 5m --event error -w 10 -c 100
                                                         as a plugin of Nagios or Icinga

RANGE is that of monitoring plugins; it tells what is fine: 10 (from 0 to 10), 10: (10 or more), ~:10 (10 or less),
10:20 (from 10 to 20), @10:20 (anything but that).

Exit codes: 0 done, 1 config, group, interval, event or a stored value at fault, 2 wrong usage,
3 the store cannot be reached or refuses, 4 not complete (--complete) or not balanced (--audit). With --warning or --critical: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

With --format munin it answers as a plugin of Munin: ecl-reader --format munin --help`

/** Describes the command line, with its help. */
export function commandLine(formats: readonly FormatName[]): Command {
  return new Command('ecl-reader')
    .description('Prints the event counts of a group, as Event Count Logger keeps them.')
    .argument('[config]', 'YAML file with the groups and the connection')
    .option('-g, --group <group>', 'the group to print')
    .option('-i, --interval <interval>', 'as spelled in the config; needed where there are several')
    .option('--all', 'every group, or that of -g; in every interval, or that of -i')
    .addOption(
      new Option('--last', 'counts of the last finished window (the default)').conflicts([
        'current',
        'both',
      ]),
    )
    .addOption(new Option('--current', 'counts of the current window, so far').conflicts('both'))
    .option('--both', 'both, as of one instant')
    .option('--event <name>', 'only this event; * and ? stand for others; repeatable', collect)
    .option('--top <n>', 'only the n largest counts', wholeNumber)
    .addOption(
      new Option('--sort <by>', 'by name (the default; by count with --top)').choices([
        'name',
        'count',
      ]),
    )
    .option('--rate', 'counts per second')
    .addOption(new Option('--format <format>', 'how to print').choices(formats))
    .option('--json', 'the same as --format json')
    .option('--defuse-formulas', "CSV for spreadsheets: a ' before names that they would execute")
    .option('--watch', 'each window when it has ended, until Ctrl-C')
    .option('--complete', 'wait until every logger has sent all of its window; exit 4 if not')
    .option(
      '--wait <seconds>',
      `with --complete: how long at most (${DEFAULT_WAIT_SECONDS} by default; 0: not at all)`,
      secondsFrom0,
    )
    .option('--audit', "the books of each logger of all groups, or of -g's; exit 4 if they differ")
    .option('-w, --warning <range>', 'WARNING unless each --event, or the total, is in this range')
    .option('-c, --critical <range>', 'CRITICAL unless each --event, or the total, is in it')
    .addOption(
      new Option('--list <what>', 'names in the config, one a line').choices([
        'groups',
        'intervals',
        'events',
      ]),
    )
    .addOption(
      new Option('--completion <shell>', 'the script that completes this command').choices(SHELLS),
    )
    .version(process.env['ECL_VERSION'] ?? 'dev')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
}

function collect(name: string, before: readonly string[] = []): string[] {
  return [...before, name]
}

function secondsFrom0(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a number of seconds from 0 on.')
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a whole number from 1 on.')
}
