import { jsonText, tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { visible } from 'ecl-core'
import type { WindowsRequest } from '../arguments.ts'
import { type Gap, gapsOf } from '../gaps.ts'
import { History } from '../history.ts'
import type { TimeRange } from '../query/runs.ts'
import { instantIso } from '../query/time-text.ts'
import { keptRange, type Series, selectSeries } from './select-series.ts'
import { COMMAND, withSql } from './session.ts'

/** Prints which windows are missing or not complete. @returns the exit code: 4 if there are any; never rejects */
export function runGaps(request: WindowsRequest): Promise<ExitCode> {
  return withSql(request.config, async ({ sql, groups }) => {
    const history = new History(sql)
    let found = false
    for (const series of selectSeries(groups, await sql.series(), request)) {
      const kept = keptRange(series)
      if (kept === undefined) {
        found = true
        const line = request.json ? neverJsonLine(series) : neverLine(series)
        if (!(await writeOut(line))) return EXIT.incomplete
        continue
      }
      const range = listedRange(request.range ?? kept, series)
      const windows = history.query({
        group: series.group,
        interval: series.interval.spec,
        ...range,
        events: [],
      })
      for await (const gap of gapsOf(windows)) {
        found = true
        const line = request.json ? jsonLine(gap, series) : plainLine(gap, series)
        if (!(await writeOut(line))) return EXIT.incomplete
      }
    }
    return found ? EXIT.incomplete : EXIT.done
  })
}

/** Of windows that are no longer kept one by one, nobody knows which were missing. */
function listedRange({ from, to }: TimeRange, series: Series): TimeRange {
  const { kept } = series
  const isKept = kept === undefined || kept.keptFrom <= Math.max(from, kept.first)
  if (isKept || to <= kept.first) return { from, to }
  const until = instantIso(kept.keptFrom, 'UTC')
  tell(
    `${COMMAND}: ${nameOf(series)}: windows before ${until} are no longer kept one by one (keep, in the config); gaps among them are not listed`,
  )
  return { from: kept.keptFrom, to }
}

function nameOf({ group, interval }: Series): string {
  return `${process.stdout.isTTY ? visible(group) : group} ${interval.spec}`
}

function neverLine(series: Series): string {
  return `${nameOf(series)}: never archived\n`
}

function neverJsonLine({ group, interval }: Series): string {
  const names = `"group":${jsonText(group)},"interval":${jsonText(interval.spec)}`
  return `{${names},"start":null,"end":null,"what":"never archived","windows":null}\n`
}

function plainLine({ start, end, what, windows }: Gap, series: Series): string {
  const count = windows === 1 ? '1 window' : `${windows} windows`
  return `${nameOf(series)}: ${instantIso(start, 'UTC')} to ${instantIso(end, 'UTC')}: ${what}, ${count}\n`
}

function jsonLine({ start, end, what, windows }: Gap, { group, interval }: Series): string {
  const names = `"group":${jsonText(group)},"interval":${jsonText(interval.spec)}`
  return `{${names},"start":${start},"end":${end},"what":"${what}","windows":${windows}}\n`
}
