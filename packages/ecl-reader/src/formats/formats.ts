import type { FormatName } from '../arguments.ts'
import type { Destination, Report } from '../report.ts'
import { json } from './json.ts'
import { plain } from './plain.ts'

/** Turns what was read into text; pure. One file each. */
export type Format = (report: Report, destination: Destination) => string

/** All of them, by the names that `--format` knows. */
export const FORMATS: Readonly<Record<FormatName, Format>> = { plain, json }
