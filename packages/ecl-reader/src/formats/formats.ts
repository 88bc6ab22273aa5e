import type { FormatName } from '../arguments.ts'
import type { Destination, Report } from '../report.ts'
import { csv } from './csv.ts'
import { json } from './json.ts'
import { plain, plainTitled } from './plain.ts'
import { prometheus } from './prometheus.ts'

/** Turns what was read into text; pure. One file each. */
export type Format = (reports: readonly Report[], destination: Destination) => string

const FORMATS: Readonly<Record<FormatName, () => Format | Promise<Format>>> = {
  plain: () => (reports, destination) =>
    reports.map((report) => plain(report, destination)).join(''),
  json: () => (reports, destination) => reports.map((report) => json(report, destination)).join(''),
  csv: () => csv,
  prometheus: () => prometheus,
  // Only people wait for the widths of all characters.
  table: async () => (await import('./table.ts')).table,
}

/** The format of a name; where windows of several groups or intervals may be printed, plain lines get titles. */
export async function formatNamed(name: FormatName, all = false): Promise<Format> {
  return name === 'plain' && all ? plainTitled : FORMATS[name]()
}
