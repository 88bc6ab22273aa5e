import { writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import type { Selection } from '../arguments.ts'
import { CSV_HEADER, csvRecords } from '../transfer/csv.ts'
import { ndjsonLine } from '../transfer/ndjson.ts'
import { openProgress } from './progress.ts'
import { keptRange, type Series, selectSeries } from './select-series.ts'
import { withSql } from './session.ts'

/** Written at once: a call for each window would be most of the work. */
const CHUNK_CHARACTERS = 64 * 1024

/** Prints windows in a form that can be imported. @returns the exit code; never rejects */
export function runExport(
  request: Selection & { readonly config: string; readonly csv: boolean },
): Promise<ExitCode> {
  return withSql(request.config, async ({ sql, groups }) => {
    const all = selectSeries(groups, await sql.series(), request)
    // What is exported to a terminal is progress enough.
    const windows = all.reduce((sum, one) => sum + windowsIn(one, request), 0)
    const progress = openProgress('export', process.stdout.isTTY ? undefined : windows)
    const text = request.csv ? csvRecords : ndjsonLine
    try {
      let waiting = request.csv ? CSV_HEADER : ''
      let done = 0
      for (const series of all) {
        const range = request.range ?? keptRange(series)
        if (range === undefined) continue
        const { group, interval } = series
        for await (const window of sql.closed({ group, interval: interval.spec, ...range })) {
          waiting += text(window)
          if (window.part === window.parts) progress.update(++done)
          if (waiting.length < CHUNK_CHARACTERS) continue
          if (!(await writeOut(waiting))) return EXIT.done
          waiting = ''
        }
      }
      if (waiting !== '') await writeOut(waiting)
      return EXIT.done
    } finally {
      progress.stop()
    }
  })
}

/** How many windows there are about, where none is missing. */
function windowsIn(series: Series, { range }: Selection): number {
  const kept = keptRange(series)
  if (kept === undefined) return 0
  const from = Math.max(kept.from, series.kept?.keptFrom ?? 0, range?.from ?? 0)
  const to = Math.min(kept.to, range?.to ?? kept.to)
  return Math.max(0, Math.ceil((to - from) / series.interval.seconds))
}
