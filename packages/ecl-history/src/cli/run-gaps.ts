import { jsonText, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { visible } from 'ecl-core'
import type { WindowsRequest } from '../arguments.ts'
import { type Gap, gapsOf } from '../gaps.ts'
import { History } from '../history.ts'
import { instantIso } from '../query/time-text.ts'
import { keptRange, type Series, selectSeries } from './select-series.ts'
import { withSql } from './session.ts'

/** Prints which windows are missing or not complete. @returns the exit code: 4 if there are any; never rejects */
export function runGaps(request: WindowsRequest): Promise<ExitCode> {
  return withSql(request.config, async ({ sql, groups }) => {
    const history = new History(sql)
    let found = false
    for (const series of selectSeries(groups, await sql.series(), request)) {
      const range = request.range ?? keptRange(series)
      if (range === undefined) continue
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

function plainLine({ start, end, what, windows }: Gap, { group, interval }: Series): string {
  const name = process.stdout.isTTY ? visible(group) : group
  const count = windows === 1 ? '1 window' : `${windows} windows`
  return `${name} ${interval.spec}: ${instantIso(start, 'UTC')} to ${instantIso(end, 'UTC')}: ${what}, ${count}\n`
}

function jsonLine({ start, end, what, windows }: Gap, { group, interval }: Series): string {
  const names = `"group":${jsonText(group)},"interval":${jsonText(interval.spec)}`
  return `{${names},"start":${start},"end":${end},"what":"${what}","windows":${windows}}\n`
}
