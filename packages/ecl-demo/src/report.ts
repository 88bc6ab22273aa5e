import { relative } from 'node:path'
import { graceMs } from 'ecl-core'
import type { Archive } from './archive.ts'
import { balance } from './balance.ts'
import type { Ground } from './ground.ts'
import type { Observer } from './observer.ts'
import type { Options } from './options.ts'
import { type BalancePart, fit, plural, renderBalance } from './render.ts'
import { directCounts, LONG_INTERVAL, LONG_SECONDS, type Scenario } from './scenario.ts'
import type { Screen } from './screen.ts'
import { type Counts, sumOf, type Tally } from './tally.ts'

/** Rows of a dynamic group in the final table. */
const TOP = 5

/** Where the demo's things are. */
export interface Whereabouts {
  readonly config: string
  readonly counts: Ground['about']
  readonly masters: number
}

/** Says what is running. */
export function printIntro(
  screen: Screen,
  scenario: Scenario,
  options: Options,
  { config, counts, masters }: Whereabouts,
): void {
  const { window } = options
  const row = (name: string, about: string) => `  ${name.padEnd(10)} ${about}`
  const tryGroup = Object.keys(scenario.groups).at(-1) ?? scenario.shown
  screen.print(
    [
      screen.paint.bold(`Event Count Logger: ${scenario.title}`),
      row(...counts),
      row(
        'masters',
        `${masters} of ecl-master: each window is turned over once, whoever comes first`,
      ),
      row('archiver', '1 of ecl-history: each window that is over is kept, in another SQLite file'),
      ...scenario.services.map(({ name, about }) => row(name, about)),
      row(
        'reader',
        `printed for each window of ${window} s, ${graceMs(window) / 1000} s after its end:`,
      ),
      row('', screen.paint.dim(`ecl-reader ${config} -g ${scenario.shown} -i ${window}s`)),
      row('try', 'in another terminal, while this runs:'),
      row('', screen.paint.dim(`npx ecl-reader ${config} -g ${tryGroup} -i ${window}s`)),
      '',
    ].join('\n'),
  )
  const unreadable = scenario.direct?.unreadable ?? 0
  if (unreadable > 0) {
    const lines = unreadable === 1 ? '1 line is' : `${unreadable} lines are`
    const { example = '' } = scenario.direct ?? {}
    screen.print(
      `${lines} in no known format, and not counted. The first of these:\n  ${example}\n`,
    )
  }
}

/** Says where the history is, when everything else is gone. */
export function printKept(
  screen: Screen,
  shown: string,
  { window }: Options,
  config: string,
): void {
  const file = relative(process.cwd(), config)
  const command = `npx ecl-history ${file} -g ${shown} -i ${window}s`
  screen.print(
    [
      'The history is kept until the next demo. Look at it, for example by:',
      `  ${screen.paint.dim(`${command} --format chart`)}`,
      `  ${screen.paint.dim(`${command} --step all`)}`,
    ].join('\n'),
  )
}

/** What was logged, and who has seen what was counted. */
export interface Books {
  readonly logged: Tally
  /** When logging began, and when all of it had been counted. */
  readonly fromMs: number
  readonly doneMs: number
  /** What ecl-reader has printed of the group that is shown. */
  readonly printed: Counts
  readonly observer: Pick<Observer, 'ledger'>
  /** What is in SQL of the windows of the shorter interval. */
  readonly archive: Pick<Archive, 'counts'>
}

/**
 * Prints what was logged beside what was counted.
 *
 * @returns whether all of it is the same to the unit
 */
export function reportBalance(
  screen: Screen,
  scenario: Scenario,
  options: Options,
  books: Books,
): boolean {
  const { logged } = books
  const intervals = settledIntervals(screen, scenario, options, books)
  if (intervals.length === 0) return false
  const parts = Object.entries(scenario.groups).map(([name, group]): BalancePart => {
    const counted = intervals.map((interval) => books.observer.ledger(name, interval).totals)
    const archived = books.archive.counts(name)
    const rows = balance([...directCounts(scenario, name), logged.of(name), ...counted, archived])
    const all = group.auto_declare_events === true && name !== scenario.shown
    const title = all ? `${name} (${rows.length} different ones)` : name
    return { title, rows, shown: all ? TOP : rows.length }
  })
  const headings = [
    ...(scenario.direct === undefined ? [] : ['in the file']),
    'logged',
    ...intervals.map((interval) => `in ${interval}`),
    'in SQL',
  ]
  screen.print(renderBalance(headings, parts, screen.paint))

  const wrong = parts.flatMap(({ rows }) => rows.filter(({ same }) => !same))
  if (wrong.length > 0) {
    const names = wrong.slice(0, 3).map(({ event }) => `"${fit(event, 20)}"`)
    const which = `${names.join(', ')}${wrong.length > 3 ? ', …' : ''}`
    screen.print(
      screen.paint.bad(`NOT THE SAME: ${plural(wrong.length, 'event')} counted wrongly: ${which}`),
    )
    return false
  }
  tellWhatReaderMissed(screen, scenario, books)
  const windows = intervals.join(' and of ')
  const sentence = `logged ${logged.total}, counted ${logged.total} in windows of ${windows}, and archived`
  screen.print(screen.paint.good(`The same to the unit: ${sentence}.`))
  return true
}

/** The intervals whose windows have all been seen in time; says so where a busy machine has kept the demo from it. */
function settledIntervals(
  screen: Screen,
  scenario: Scenario,
  { window }: Options,
  { fromMs, doneMs, observer }: Books,
): string[] {
  const lengths = new Map([
    [`${window}s`, window],
    [LONG_INTERVAL, LONG_SECONDS],
  ])
  return [...lengths.keys()].filter((interval) => {
    const missed = Object.keys(scenario.groups).map((name) =>
      observer.ledger(name, interval).unsettled(lengths.get(interval) ?? 0, fromMs, doneMs),
    )
    const most = Math.max(...missed)
    if (most === 0) return true
    const what = `${plural(most, 'window')} of ${interval} passed before the demo could look`
    screen.print(`This machine is very busy: ${what}, so these windows prove nothing.\n`)
    return false
  })
}

/** A reader prints what is there when it looks: no fault where something came in after that. */
function tellWhatReaderMissed(
  screen: Screen,
  scenario: Scenario,
  { logged, printed }: Books,
): void {
  const total = sumOf(logged.of(scenario.shown))
  const shown = sumOf(printed)
  if (shown === total) return
  const sums = `add up to ${shown} of the ${total} in "${scenario.shown}"`
  screen.print(`ecl-reader's lines above ${sums}: the rest came in after it had looked.`)
}
