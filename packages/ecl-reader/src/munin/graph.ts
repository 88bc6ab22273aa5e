import { type EpochSeconds, type Interval, visible } from 'ecl-core'
import { fieldName } from './field-name.ts'

/** A graph as Munin draws it: one line for each event. */
export interface Graph {
  /** The name that sets it apart from others of the same plugin; undefined where it is the only one. */
  readonly service: string | undefined
  readonly group: string
  readonly interval: Interval
  /** In a lasting order, which decides the colours. */
  readonly events: readonly string[]
  /** Where there are values to be told: the latest window's, and those of windows before it, the oldest first. */
  readonly values: readonly Values[] | undefined
  /** Whether every window is told, also those that end between two questions. */
  readonly everyWindow: boolean
}

/** Counts of one window. */
export interface Values {
  /** The window's end; undefined where not even that is known. */
  readonly at: EpochSeconds | undefined
  /** A count for each event; one that is not there is not known, which is not 0. */
  readonly counts: ReadonlyMap<string, bigint>
}

/** What an administrator may set by `env.NAME` in plugin-conf.d. */
export type Settings = Readonly<Record<string, string | undefined>>

/** Munin's own step, for which it needs to be told nothing. */
const STEP_SECONDS = 300
const DAY = 86_400
/** How coarse the views of Munin are, and for how long each is kept: its day, week, month and year. */
const VIEWS = [
  { stepSeconds: 300, days: 2 },
  { stepSeconds: 1800, days: 9 },
  { stepSeconds: 7200, days: 45 },
  { stepSeconds: DAY, days: 450 },
]
/** For how long windows that are shorter than Munin's step are kept one by one. */
const CLOSE_DAYS = 2
/** A longer label would leave no room for the numbers. */
const LONGEST_LABEL = 200
/** `10`, `:10`, `5:10`, as Munin writes a range. */
const RANGE = /^(?:-?[\d.]+|-?[\d.]*:-?[\d.]*)$/

/** What Munin is told for `config`; with the values, too, where it takes them at once (`dirtyconfig`). */
export function configText(graph: Graph, settings: Settings): string {
  const { group, interval, events } = graph
  const lines = [
    `graph_title ${visible(settings['title'] ?? `Events of ${group}`)}`,
    `graph_category ${visible(settings['category'] ?? 'ecl')}`,
    `graph_vlabel events per ${unitOf(interval)}`,
    'graph_args --base 1000 --lower-limit 0',
    'graph_scale no',
    `graph_info Events of the group ${visible(group)}, counted in windows of ${lengthOf(interval)}; each value is at its window's end.`,
    ...archiveLines(interval, graph.everyWindow),
  ]
  for (const event of events) {
    const field = fieldName(event)
    lines.push(`${field}.label ${label(event)}`, `${field}.type GAUGE`)
    for (const level of ['warning', 'critical']) {
      const range = settings[`${field}_${level}`] ?? settings[level]
      if (range !== undefined && RANGE.test(range)) lines.push(`${field}.${level} ${range}`)
    }
  }
  return heading(graph) + lines.map((line) => `${line}\n`).join('') + valueLines(graph)
}

/** What Munin is told when it asks for values. */
export function valuesText(graph: Graph): string {
  return heading(graph) + valueLines(graph)
}

/** Levels that are set and are no ranges of Munin's; said once, as Munin would say nothing. */
export function wrongLevels(settings: Settings): string[] {
  return Object.entries(settings)
    .filter(([name]) => /(?:^|_)(?:warning|critical)$/.test(name))
    .filter(([, range]) => range !== undefined && !RANGE.test(range))
    .map(([name, range]) => `env.${name}: "${range}" is no range; write 10, 5:, :10 or 5:10`)
}

function heading({ service }: Graph): string {
  return service === undefined ? '' : `multigraph ${service}\n`
}

function valueLines({ events, values }: Graph): string {
  if (values === undefined) return ''
  const lines = events.flatMap((event) => {
    const field = fieldName(event)
    return values.map(({ at, counts }) => {
      const when = at === undefined ? '' : `${at}:`
      return `${field}.value ${when}${counts.get(event) ?? 'U'}\n`
    })
  })
  return lines.join('')
}

/** A window's length in words: `second`, `5 minutes`. */
export function unitOf({ seconds }: Interval): string {
  const [size, unit] =
    seconds % 3600 === 0
      ? [seconds / 3600, 'hour']
      : seconds % 60 === 0
        ? [seconds / 60, 'minute']
        : [seconds, 'second']
  return size === 1 ? unit : `${size} ${unit}s`
}

/** The same with its number: `1 hour`, `5 minutes`. */
function lengthOf(interval: Interval): string {
  return unitOf(interval).replace(/^(?=[a-z])/, '1 ')
}

/**
 * Munin expects a value every five minutes, and holds what is longer apart for unknown, unless it is told the rate; and
 * a rate of one's own needs archives of one's own.
 */
function archiveLines({ seconds }: Interval, everyWindow: boolean): string[] {
  const shorter = everyWindow && seconds < STEP_SECONDS
  if (seconds <= STEP_SECONDS && !shorter) return []
  const archives = new Map<number, number>()
  // The day view's windows one by one, too, for who looks closer.
  const views = shorter ? [{ stepSeconds: seconds, days: CLOSE_DAYS }, ...VIEWS] : VIEWS
  for (const { stepSeconds, days } of views) {
    const multiple = Math.max(1, Math.round(stepSeconds / seconds))
    archives.set(multiple, Math.ceil((days * DAY) / (multiple * seconds)))
  }
  const [first = 0, ...others] = [...archives].map(([multiple, rows]) =>
    multiple === 1 ? `${rows}` : `${multiple} ${rows}`,
  )
  return [`update_rate ${seconds}`, `graph_data_size custom ${[first, ...others].join(', ')}`]
}

/** The event's own name, in a form that one line can hold. */
function label(event: string): string {
  const text = visible(event)
  // Munin trims.
  const shown = text === '' || text.trim() !== text ? JSON.stringify(text) : text
  return shown.length <= LONGEST_LABEL ? shown : `${shown.slice(0, LONGEST_LABEL - 1)}…`
}
