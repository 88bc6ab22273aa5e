import { isGlob, matches, sortByCodePoints, tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import type { QueryRequest } from '../arguments.ts'
import { History, type HistoryRequest, type HistoryStep } from '../history.ts'
import type { TimeRange } from '../query/runs.ts'
import type { Step } from '../query/step.ts'
import { instantText } from '../query/time-text.ts'
import { CHARTED_EVENTS, chart, chartColumns } from './formats/chart.ts'
import { chartStep } from './formats/chart-step.ts'
import { csv } from './formats/csv.ts'
import type { Format, Page } from './formats/format.ts'
import { json } from './formats/json.ts'
import { plain } from './formats/plain.ts'
import { table } from './formats/table.ts'
import { type Series, selectOne } from './select-series.ts'
import { COMMAND, type Session, withSql } from './session.ts'

const FORMATS: Readonly<Record<QueryRequest['format'], Format>> = { plain, json, csv, table, chart }
/** Into a file or a pipe; as wide as what people read. */
const DEFAULT_COLUMNS = 100
/** Each further look at what is known is at a time that is at most half as long. */
const MOST_LOOKS = 20

/** Prints counts of a time. @returns the exit code; never rejects */
export function runQuery(request: QueryRequest): Promise<ExitCode> {
  return withSql(request.config, async ({ sql, groups }: Session) => {
    const series = selectOne(groups, await sql.series(), request)
    const history = new History(sql)
    const columns = process.stdout.columns || DEFAULT_COLUMNS
    const asked =
      request.format === 'chart'
        ? await drawnOf(history, request, series, columns)
        : askedOf(request, series, request.step ?? { unit: 'window' })
    const chosen = await chosenEvents(history, asked.query, request, series)
    const page: Page = {
      group: series.group,
      interval: series.interval,
      step: asked.step,
      range: asked.range,
      zone: asked.zone,
      declared: chosen.declared,
      sums: chosen.sums,
      terminal: process.stdout.isTTY,
      defuseFormulas: request.defuseFormulas,
      columns,
      colour: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
    }
    const tally = new Tally()
    const steps = tally.count(history.query({ ...asked.query, events: chosen.events }))
    for await (const text of FORMATS[request.format](steps, page)) {
      if (text !== '' && !(await writeOut(text))) return EXIT.done
    }
    tell(tally.notice(request, series))
    return EXIT.done
  })
}

/** What is asked of the history, and what is said about it. */
interface Asked extends Pick<Page, 'step' | 'zone' | 'range'> {
  readonly query: HistoryRequest
}

function askedOf(
  { range, zone }: Pick<QueryRequest, 'range' | 'zone'>,
  { group, interval }: Series,
  step: Step,
): Asked {
  const query = { group, interval: interval.spec, ...range, step, zone }
  return { query, range, step, zone }
}

/** A chart has room for so many steps. Of a long time of which little is known, only that is drawn. */
async function drawnOf(
  history: History,
  request: QueryRequest,
  series: Series,
  columns: number,
): Promise<Asked> {
  let { range } = request
  for (let look = 1; ; look++) {
    const { seconds } = series.interval
    const step = chartStep(range, request.step, seconds, chartColumns(columns))
    const asked = askedOf({ ...request, range }, series, step)
    if (request.step !== undefined || look === MOST_LOOKS) return asked
    const known = await knownRange(history, asked)
    // Half of the columns would stay empty.
    if (known === undefined || (known.to - known.from) * 2 > range.to - range.from) return asked
    range = known
  }
}

/** From the first step to the last one, whether or not something is known of those in between. */
async function knownRange(history: History, asked: Asked): Promise<TimeRange | undefined> {
  let known: TimeRange | undefined
  for await (const { start, end } of history.query({ ...asked.query, events: [] })) {
    known = { from: known?.from ?? start, to: end }
  }
  return known
}

/** Which events are printed. */
interface Chosen {
  /** Undefined for all. */
  readonly events: readonly string[] | undefined
  readonly declared: readonly string[]
  readonly sums: Page['sums']
}

async function chosenEvents(
  history: History,
  asked: HistoryRequest,
  { events: globs, top, format }: QueryRequest,
  { group, spec }: Series,
): Promise<Chosen> {
  const declared = sortByCodePoints(spec?.events ?? [])
  const isAskedFor = (event: string) =>
    globs.length === 0 || globs.some((glob) => matches(glob, event))
  const names = globs.filter((glob) => !isGlob(glob))
  const undeclared = names.find((name) => !declared.includes(name))
  const doubtful = spec?.dynamic === true ? undefined : undeclared
  const wanted =
    globs.length === 0 ? declared : [...new Set([...declared.filter(isAskedFor), ...names])]
  const drawn = format === 'table' || format === 'chart'
  if (!drawn && top === undefined && names.length === globs.length && doubtful === undefined) {
    return {
      events: globs.length === 0 ? undefined : names,
      declared: sortByCodePoints(wanted),
      sums: [],
    }
  }
  const all = (await history.sums(asked)).sums.filter(([event]) => isAskedFor(event))
  if (doubtful !== undefined && !all.some(([event]) => event === doubtful)) {
    const there = declared.length === 0 ? 'there are none' : `there are: ${declared.join(', ')}`
    throw new Error(
      `event "${doubtful}" is neither in the history of group "${group}" nor configured for it; ${there}`,
    )
  }
  const most = top ?? (format === 'chart' && globs.length === 0 ? CHARTED_EVENTS : undefined)
  const sums = all.slice(0, most)
  const few = most === undefined || sums.length < most
  return {
    // Where all are wanted, naming them would only make the question longer.
    events: globs.length === 0 && most === undefined ? undefined : sums.map(([event]) => event),
    declared: few ? sortByCodePoints(wanted).slice(0, most && most - sums.length) : [],
    sums,
  }
}

/** What passes, for the line that tells of what is missing. */
class Tally {
  #steps = 0
  #missing = 0

  async *count(steps: AsyncIterable<HistoryStep>): AsyncGenerator<HistoryStep> {
    for await (const step of steps) {
      this.#steps++
      this.#missing += step.expected - step.windows
      yield step
    }
  }

  notice(
    { config, range, zone }: QueryRequest,
    { group, interval, kept }: Series,
  ): string | undefined {
    const where = `${COMMAND}: group "${group}", ${interval.spec}`
    if (this.#steps === 0) {
      const time = `${instantText(range.from, zone)} and ${instantText(range.to, zone)} ${zone}`
      return `${where}: there are no windows between ${time}; is ecl-history archive running?`
    }
    if (this.#missing === 0) return undefined
    const windows = this.#missing === 1 ? '1 window is' : `${this.#missing} windows are`
    const isOld = kept !== undefined && kept.first < kept.keptFrom && range.from < kept.keptFrom
    const old = isOld
      ? `; from before ${instantText(kept.keptFrom, zone)} ${zone} only roll-ups are kept, as far as they fit into the steps`
      : ''
    return `${where}: ${windows} missing${old}; to list them: ecl-history ${config} gaps -g ${group} -i ${interval.spec}`
  }
}
