import type { EpochSeconds } from 'ecl-core'
import type { Page } from '../src/cli/formats/format.ts'
import type { HistoryStep } from '../src/history.ts'

/** 2026-11-22T18:00:00Z */
export const START = 1_795_370_400
export const at = (seconds: number) => seconds as EpochSeconds

/** The n-th hour, with these counts; undefined for one of which nothing is known. */
export function hour(
  n: number,
  counts: Record<string, bigint> | undefined,
  over: Partial<HistoryStep> = {},
): HistoryStep {
  const rows = Object.entries(counts ?? {}).map(([event, sum]) => {
    return { start: at(START + n * 3600), event, sum, min: 0n, max: sum, mean: Number(sum) / 12 }
  })
  return {
    start: at(START + n * 3600),
    end: at(START + (n + 1) * 3600),
    windows: counts === undefined ? 0 : 12,
    expected: 12,
    completeness: counts === undefined ? 'unknown' : 'complete',
    late: 0n,
    total: rows.reduce((sum, row) => sum + row.sum, 0n),
    rows,
    ...over,
  }
}

/** A page by the hour. */
export function pageOf(steps: readonly HistoryStep[], over: Partial<Page> = {}): Page {
  const sums = new Map<string, bigint>()
  for (const { event, sum } of steps.flatMap(({ rows }) => rows))
    sums.set(event, (sums.get(event) ?? 0n) + sum)
  return {
    group: 'web',
    interval: { spec: '5m', seconds: 300 },
    step: { unit: 'seconds', seconds: 3600 },
    range: { from: steps[0]?.start ?? at(START), to: steps.at(-1)?.end ?? at(START) },
    zone: 'UTC',
    declared: [],
    sums: [...sums].sort(([, a], [, b]) => Number(b - a)),
    terminal: false,
    columns: 80,
    colour: false,
    ...over,
  }
}

export async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
