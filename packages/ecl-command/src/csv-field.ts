import { visible } from 'ecl-core'

const NEEDS_QUOTES = /[",\r\n]/
/** What a spreadsheet takes for a formula's beginning (OWASP, "CSV Injection"); the last four are full-width. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** Who gets a file of CSV. */
export interface CsvReader {
  /** A terminal takes some characters for commands, and so must not get them. */
  readonly terminal: boolean
  /** Whether a spreadsheet must not take names for formulas. */
  readonly defuseFormulas?: boolean
}

/** A name as a field of CSV, quoted where RFC 4180 wants it. */
export function csvField(name: string, { terminal, defuseFormulas }: CsvReader): string {
  const shown = terminal ? visible(name) : name
  const text = defuseFormulas && FORMULA.test(shown) ? `'${shown}` : shown
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
