import type { Completeness } from 'ecl-core'
import type { Statements } from './counter-file.ts'
import type {
  PublishRequest,
  QueueName,
  ReclaimRequest,
  Replies,
  SettleRequest,
  StoredEntry,
  TakeRequest,
} from './messages.ts'
import { bigintIn, numberIn, textIn } from './rows.ts'
import { findSeries, generationOf } from './series.ts'

/** Where windows wait until they are archived. Each function is in a transaction of its own. */

const COMPLETENESS: readonly Completeness['status'][] = [
  'complete',
  'pending',
  'partial',
  'unknown',
]

/** Puts the last window into its queue, unless it has been published as it is. */
export function publish(
  statements: Statements,
  request: PublishRequest,
  nowMs: number,
): Replies['publish'] {
  const { group, interval, start, openUntil, bounds, entryEvents } = request
  const series = findSeries(statements, group, interval.spec)
  if (series === undefined || series.last !== start) return { status: 'nothing' }
  const [published, open] = series.published.split(' ')
  const isOpen = open !== undefined
  if (published === String(start) && !(isOpen && openUntil === undefined)) {
    return { status: 'already' }
  }
  const mark = openUntil === undefined ? String(start) : `${start} ${openUntil}`
  const { parts, total } = partsOf(statements, series.id, generationOf(series, 'last'), entryEvents)
  if (!series.turned && total === 0n) {
    // The first window has begun in the middle of time: nobody is to believe that nothing happened before.
    statements.markPublished.run({ id: series.id, published: String(start) })
    return { status: 'nothing' }
  }
  const late = total - series.sums.last
  const completeness =
    request.completeness === 'complete' && late !== 0n ? 'unknown' : request.completeness
  const revision = numberIn(statements.queueNext.get({}), 'id')
  const name = { group_name: group, interval: interval.spec }
  parts.forEach((counts, index) => {
    statements.queueAdd.run({
      ...name,
      ...{ start, length: interval.seconds, published_ms: Math.floor(nowMs), revision },
      ...{ part: index + 1, parts: parts.length, completeness },
      ...{ late: String(late), total: String(total), counts },
    })
  })
  statements.markPublished.run({ id: series.id, published: mark })
  const dropped = Number(
    statements.queueDrop.run({
      ...name,
      published_before: Math.floor(nowMs - bounds.seconds * 1000),
      entries: bounds.entries,
    }).changes,
  )
  if (dropped > 0) count(statements, { group, interval: interval.spec }, 'dropped', dropped)
  return { status: 'published', revision, parts: parts.length, completeness, dropped }
}

/** Counts of a window as JSON, so many events in each part, and their sum. */
function partsOf(
  { counts: statement }: Statements,
  series: number,
  generation: number,
  entryEvents: number,
): { readonly parts: readonly string[]; readonly total: bigint } {
  const parts: string[] = []
  let part: string[] = []
  let total = 0n
  const close = () => {
    parts.push(JSON.stringify(part))
    part = []
  }
  for (const row of statement.iterate({ series, generation })) {
    const n = bigintIn(row, 'n')
    if (n === 0n) continue
    total += n
    part.push(textIn(row, 'event'), String(n))
    if (part.length === 2 * entryEvents) close()
  }
  if (part.length > 0 || parts.length === 0) close()
  return { parts, total }
}

/** Whether there is something for an archiver; most looks find nothing, and need not keep anyone from writing. */
export function isWaiting(statements: Statements, { queues }: TakeRequest): boolean {
  return queues.some((queue) => statements.queueWaiting.get(named(queue)) !== undefined)
}

/** Gives an archiver entries that nobody has. */
export function take(
  statements: Statements,
  { queues, archiver, limit }: TakeRequest,
  nowMs: number,
): StoredEntry[] {
  return queues.flatMap((queue, index) =>
    entriesOf(
      statements.queueTake.iterate({
        ...named(queue),
        ...{ archiver, limit, now_ms: Math.floor(nowMs) },
      }),
      index,
    ),
  )
}

/** Whether there are entries whose archivers are silent. */
export function isSilent(
  statements: Statements,
  { queues, idleMs }: ReclaimRequest,
  nowMs: number,
): boolean {
  const before = { heard_before: Math.floor(nowMs - idleMs) }
  return queues.some(
    (queue) => statements.queueSilent.get({ ...named(queue), ...before }) !== undefined,
  )
}

/** Gives an archiver entries of those that are silent. */
export function reclaim(
  statements: Statements,
  { queues, archiver, limit, idleMs }: ReclaimRequest,
  nowMs: number,
): StoredEntry[] {
  const times = { now_ms: Math.floor(nowMs), heard_before: Math.floor(nowMs - idleMs) }
  return queues.flatMap((queue, index) =>
    entriesOf(
      statements.queueReclaim.iterate({ ...named(queue), ...{ archiver, limit }, ...times }),
      index,
    ),
  )
}

/** Writes down when an archiver was heard about its entries; in the past, where it gives them back. */
export function hear(
  statements: Statements,
  ids: readonly number[],
  archiver: string,
  heardMs: number,
): undefined {
  for (const id of ids) {
    statements.queueHear.run({ id, archiver, heard_ms: Math.floor(heardMs) })
  }
  return undefined
}

/** Removes entries that are archived, or makes one a dead letter. */
export function settle(
  statements: Statements,
  { queue, ids, error }: SettleRequest,
  nowMs: number,
): undefined {
  let settled = 0
  for (const id of ids) {
    const { changes } =
      error === undefined
        ? statements.queueAcknowledge.run({ id })
        : statements.queueReject.run({ id, error, now_ms: Math.floor(nowMs) })
    settled += Number(changes)
  }
  if (settled > 0) count(statements, queue, error === undefined ? 'archived' : 'rejected', settled)
  return undefined
}

/** Reads dead letters. */
export function letters(
  statements: Statements,
  queues: readonly QueueName[],
  limit: number,
): StoredEntry[] {
  return queues.flatMap((queue, index) =>
    entriesOf(statements.queueLetters.iterate({ ...named(queue), limit }), index),
  )
}

/** Makes an entry of a dead letter again. */
export function replay(statements: Statements, id: number): boolean {
  const next = numberIn(statements.queueNext.get({}), 'id')
  return Number(statements.queueReplay.run({ id, next }).changes) === 1
}

/** Reads what is known of queues. */
export function states(
  statements: Statements,
  queues: readonly QueueName[],
  nowMs: number,
): Replies['queue-state'] {
  return queues.map((queue) => {
    const row = statements.queueState.get(named(queue))
    const number = (column: string) => numberIn(row, column)
    const length = number('length')
    return {
      ...{ length, pending: number('pending'), dead: number('dead') },
      lagMs: length === 0 ? 0 : Math.max(0, nowMs - number('oldest_ms')),
      archived: number('archived'),
      rejected: number('rejected'),
      dropped: number('dropped'),
      archivers: Array.from(statements.queueArchivers.iterate(named(queue)), (one) => ({
        name: textIn(one, 'archiver'),
        pending: numberIn(one, 'pending'),
        idleMs: Math.max(0, nowMs - numberIn(one, 'heard_ms')),
      })),
    }
  })
}

function named({ group, interval }: QueueName) {
  return { group_name: group, interval }
}

function count(
  statements: Statements,
  queue: QueueName,
  what: 'archived' | 'rejected' | 'dropped',
  n: number,
): void {
  statements.queueCount.run({
    ...named(queue),
    ...{ archived: 0, rejected: 0, dropped: 0 },
    [what]: n,
  })
}

/** What a statement returns is in no order. */
function entriesOf(rows: Iterable<unknown>, queue: number): StoredEntry[] {
  return Array.from(rows, (row) => entryOf(row, queue)).sort((a, b) => a.id - b.id)
}

function entryOf(row: unknown, queue: number): StoredEntry {
  const completeness = COMPLETENESS.find((one) => one === textIn(row, 'completeness'))
  const number = (column: string) => numberIn(row, column)
  return {
    queue,
    id: number('id'),
    start: number('start'),
    length: number('length'),
    publishedMs: number('published_ms'),
    revision: number('revision'),
    part: number('part'),
    parts: number('parts'),
    completeness: completeness ?? 'unknown',
    late: textIn(row, 'late'),
    total: textIn(row, 'total'),
    counts: textIn(row, 'counts'),
    error: textIn(row, 'error'),
    rejectedMs: number('rejected_ms'),
  }
}
