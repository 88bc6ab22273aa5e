import { type GroupFault, jsonText, tell, tellFaults, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { type CounterStore, silentLogger, visible, type WindowRef } from 'ecl-core'
import type { WindowsRequest } from '../arguments.ts'
import { openHistory } from '../open-history.ts'
import { instantIso } from '../query/time-text.ts'
import type { HistoryStore } from '../store/history-store.ts'
import { compareCounts, type Difference, type Verdict } from '../verify.ts'
import { selectSeries, seriesName } from './select-series.ts'
import { COMMAND, type QueueSession, withQueue } from './session.ts'

/** A window may be turned over, or archived, while it is looked at. */
const MOST_LOOKS = 3

/**
 * Holds what is in SQL against the last window of each interval, which the store still knows.
 *
 * @returns the exit code: 4 where they differ; never rejects
 */
export function runVerify(request: WindowsRequest): Promise<ExitCode> {
  return withQueue(request.config, async (session) => {
    const sql = openHistory(session.history.store, { logger: silentLogger })
    try {
      // A history that is not there is said to be so, whatever the store knows.
      await sql.series()
      const windows = windowsOf(session, request)
      const faults: GroupFault[] = []
      let differs = false
      // One after the other, since each may be large. One that cannot be read must not hide the others.
      for (const ref of windows) {
        const verdict = await verdictOn(ref, session, sql).catch((error: unknown) => {
          faults.push({ group: seriesName(ref), error })
        })
        if (verdict === undefined) continue
        differs ||= verdict.status === 'differs'
        await writeOut(request.json ? jsonLine(ref, verdict) : plainLines(ref, verdict))
      }
      if (faults.length > 0 && faults.length === windows.length) throw faults[0]?.error
      if (differs) tell(`${COMMAND}: SQL is not what the store still knows`)
      if (faults.length > 0) return tellFaults(COMMAND, faults, 'series')
      return differs ? EXIT.incomplete : EXIT.done
    } finally {
      await sql.close()
    }
  })
}

function windowsOf({ groups }: QueueSession, request: WindowsRequest): WindowRef[] {
  return selectSeries(groups, [], request).flatMap(({ spec, interval }) =>
    // Published is all that was counted, also what the config does not declare.
    spec === undefined ? [] : [{ group: { ...spec, dynamic: true }, interval }],
  )
}

async function verdictOn(
  ref: WindowRef,
  { counters, queue }: QueueSession,
  sql: HistoryStore,
): Promise<Verdict> {
  let verdict: Verdict = { status: 'nothing' }
  for (let look = 1; look <= MOST_LOOKS; look++) {
    const { last } = await counters.read(ref.group, ref.interval, 'last')
    if (last?.start === undefined) return { status: 'nothing' }
    const archived = await countsIn(sql, ref, last.start)
    const differences = compareCounts(last.counts, archived)
    if (archived !== undefined && differences.length === 0) {
      const total = [...archived.values()].reduce((sum, one) => sum + one, 0n)
      return { status: 'same', start: last.start, events: archived.size, total }
    }
    const { states } = await counters.windows([ref], { publications: true })
    const [state] = await queue.state([ref])
    const unpublished = states[0]?.publishFromMs !== undefined
    if (unpublished || (state?.length ?? 0) > 0) {
      return { status: 'waits', start: last.start, for: unpublished ? 'a master' : 'an archiver' }
    }
    verdict = {
      status: 'differs',
      start: last.start,
      archived: archived !== undefined,
      differences,
    }
    if (!(await isStillLast(counters, ref, last))) continue
  }
  return verdict
}

async function isStillLast(
  counters: CounterStore,
  { group, interval }: WindowRef,
  before: { readonly start: number | undefined; readonly counts: ReadonlyMap<string, bigint> },
): Promise<boolean> {
  const { last } = await counters.read(group, interval, 'last')
  return last?.start === before.start && compareCounts(before.counts, last?.counts).length === 0
}

async function countsIn(
  sql: HistoryStore,
  { group, interval }: WindowRef,
  start: Parameters<HistoryStore['closed']>[0]['from'],
): Promise<Map<string, bigint> | undefined> {
  const to = (start + interval.seconds) as typeof start
  let counts: Map<string, bigint> | undefined
  for await (const part of sql.closed({
    group: group.name,
    interval: interval.spec,
    from: start,
    to,
  })) {
    counts ??= new Map()
    for (const [event, count] of part.counts) counts.set(event, count)
  }
  return counts
}

function plainLines({ group, interval }: WindowRef, verdict: Verdict): string {
  const name = (text: string) => (process.stdout.isTTY ? visible(text) : text)
  const where = `${name(group.name)} ${interval.spec}`
  if (verdict.status === 'nothing') return `${where}: no window has been turned over yet\n`
  const window = `${where}, window of ${instantIso(verdict.start, 'UTC')}`
  if (verdict.status === 'waits') return `${window}: waits for ${verdict.for}\n`
  if (verdict.status === 'same') {
    const { events, total } = verdict
    return `${window}: the same, ${total} of ${events} ${events === 1 ? 'event' : 'events'}\n`
  }
  const lines = verdict.differences.map(
    ({ event, counted, archived }) =>
      `  ${name(event)}: ${counted} in the store, ${archived} in SQL\n`,
  )
  return `${window}: ${verdict.archived ? 'differs' : 'is missing in SQL'}\n${lines.join('')}`
}

function jsonLine({ group, interval }: WindowRef, verdict: Verdict): string {
  const fields = [
    `"group":${jsonText(group.name)}`,
    `"interval":${jsonText(interval.spec)}`,
    `"status":${jsonText(verdict.status)}`,
  ]
  if (verdict.status !== 'nothing') fields.push(`"start":${verdict.start}`)
  if (verdict.status === 'waits') fields.push(`"for":${jsonText(verdict.for)}`)
  if (verdict.status === 'differs') {
    const differences = verdict.differences.map(differenceText).join()
    fields.push(`"archived":${verdict.archived}`, `"differences":[${differences}]`)
  }
  return `{${fields.join()}}\n`
}

function differenceText({ event, counted, archived }: Difference): string {
  return `{"event":${jsonText(event)},"store":${counted},"sql":${archived}}`
}
