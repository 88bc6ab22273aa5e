import { findClient, listClients } from './clients.ts'
import type { Statements } from './counter-file.ts'
import type { ReadRequest, Replies, StoredWindow } from './messages.ts'
import { bigintIn, textIn } from './rows.ts'
import { findSeries, generationOf, type Series } from './series.ts'

/** Reads windows as of one instant, that of the transaction. */
export function read(
  statements: Statements,
  { group, interval, which, only: names, judged, client }: ReadRequest,
): Omit<Replies['read'], 'storeTimeMs'> {
  const series = findSeries(statements, group, interval.spec)
  const only = names && new Set(names)
  const window = (part: 'cur' | 'last') =>
    which === part || which === 'both' ? readWindow(statements, series, part, only) : undefined
  return {
    current: series?.current,
    clients: judged ? listClients(statements, group) : [],
    lastApplied:
      client === undefined ? undefined : (findClient(statements, group, client)?.number ?? 0),
    cur: window('cur'),
    last: window('last'),
  }
}

function readWindow(
  { counts: statement }: Statements,
  series: Series | undefined,
  part: 'cur' | 'last',
  only: ReadonlySet<string> | undefined,
): StoredWindow {
  const events: string[] = []
  const counts: bigint[] = []
  if (series === undefined) {
    return { start: undefined, events, counts, storedSum: 0n, loggedSum: 0n, aheadAt: 0 }
  }
  let storedSum = 0n
  const generation = generationOf(series, part)
  for (const row of statement.iterate({ series: series.id, generation })) {
    const event = textIn(row, 'event')
    const n = bigintIn(row, 'n')
    // What else was counted in a static group is not shown, but belongs to the sum that tells whether all is there.
    storedSum += n
    if (only !== undefined && !only.has(event)) continue
    events.push(event)
    counts.push(n)
  }
  const start = part === 'cur' ? series.current : series.last
  return { start, events, counts, storedSum, loggedSum: series.sums[part], aheadAt: series.ahead }
}
