import { graceMs } from 'ecl-core'
import { balance } from './balance.ts'
import type { Observer } from './observer.ts'
import type { Options } from './options.ts'
import { type BalancePart, fit, plural, renderBalance } from './render.ts'
import { directCounts, LONG_INTERVAL, type Scenario } from './scenario.ts'
import type { Screen } from './screen.ts'
import { type Counts, sumOf, type Tally } from './tally.ts'

/** Rows of a dynamic group in the final table. */
const TOP = 5

/** Where the demo's things are. */
export interface Whereabouts {
  readonly config: string
  readonly socket: string
  readonly masters: number
}

/** Says what is running. */
export function printIntro(
  screen: Screen,
  scenario: Scenario,
  options: Options,
  { config, socket, masters }: Whereabouts,
): void {
  const { window } = options
  const row = (name: string, about: string) => `  ${name.padEnd(10)} ${about}`
  const tryGroup = Object.keys(scenario.groups).at(-1) ?? scenario.shown
  screen.print(
    [
      screen.paint.bold(`Event Count Logger: ${scenario.title}`),
      row('Redis', `a private one, at ${socket}`),
      row(
        'masters',
        `${masters} of ecl-master: each window is turned over once, whoever comes first`,
      ),
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

/** What was logged, and who has seen what was counted. */
export interface Books {
  readonly logged: Tally
  /** What ecl-reader has printed of the group that is shown. */
  readonly printed: Counts
  readonly observer: Pick<Observer, 'ledger'>
}

/**
 * Prints what was logged beside what was counted.
 *
 * @returns whether all of it is the same to the unit
 */
export function reportBalance(
  screen: Screen,
  scenario: Scenario,
  { window }: Options,
  { logged, printed, observer }: Books,
): boolean {
  const intervals = [`${window}s`, LONG_INTERVAL]
  const parts = Object.entries(scenario.groups).map(([name, group]): BalancePart => {
    const counted = intervals.map((interval) => observer.ledger(name, interval).totals)
    const rows = balance([...directCounts(scenario, name), logged.of(name), ...counted])
    const all = group.auto_declare_events === true && name !== scenario.shown
    const title = all ? `${name} (${rows.length} different ones)` : name
    return { title, rows, shown: all ? TOP : rows.length }
  })
  const headings = [
    ...(scenario.direct === undefined ? [] : ['in the file']),
    'logged',
    ...intervals.map((interval) => `in ${interval}`),
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
  // A reader can only print what is there when it looks: no fault if something came in after that.
  const later = sumOf(logged.of(scenario.shown)) - sumOf(printed)
  if (later !== 0)
    screen.print(`${later} of "${scenario.shown}" came in after the reader had looked.`)
  const windows = intervals.join(' and of ')
  const sentence = `logged ${logged.total}, counted ${logged.total} in windows of ${windows}`
  screen.print(screen.paint.good(`The same to the unit: ${sentence}.`))
  return true
}
