import { csvField } from 'ecl-command'
import type { ClosedWindow } from '../closed-window.ts'
import { FileFault } from './file-fault.ts'
import { type Fields, windowFrom } from './window-fields.ts'

/** The columns, in the names of a window's fields. */
const COLUMNS = [
  'group',
  'interval',
  'start',
  'end',
  'publishedMs',
  'revision',
  'part',
  'parts',
  'completeness',
  'late',
  'total',
] as const

/** The first line. */
export const CSV_HEADER = `${[...COLUMNS, 'event', 'count'].join()}\r\n`

/** A part of a window as records, one for each event; one without an event where there are none. */
export function csvRecords(window: ClosedWindow): string {
  const file = { terminal: false }
  const head = COLUMNS.map((column) => csvField(String(window[column]), file)).join()
  if (window.counts.size === 0) return `${head},,\r\n`
  return Array.from(
    window.counts,
    ([event, n]) => `${head},${csvField(event, file)},${n}\r\n`,
  ).join('')
}

/** A record, and the number of its line. */
export interface CsvRecord {
  readonly fields: readonly string[]
  readonly line: number
}

/** A window of a file, and the number of its first line. */
export interface WindowAt {
  readonly window: ClosedWindow
  readonly line: number
}

/**
 * Puts records together to parts of windows again: those of one part are one behind the other.
 *
 * @throws FileFault
 */
export async function* windowsOfRecords(
  records: AsyncIterable<CsvRecord>,
): AsyncGenerator<WindowAt> {
  let open: { head: string; first: CsvRecord; counts: [string, string][] } | undefined
  for await (const record of records) {
    const head = record.fields.slice(0, COLUMNS.length).join('\n')
    if (open !== undefined && open.head !== head) {
      yield windowAt(open.first, open.counts)
      open = undefined
    }
    open ??= { head, first: record, counts: [] }
    const [event = '', count = ''] = record.fields.slice(COLUMNS.length)
    if (event !== '') open.counts.push([event, count])
  }
  if (open !== undefined) yield windowAt(open.first, open.counts)
}

function windowAt({ fields, line }: CsvRecord, counts: readonly [string, string][]): WindowAt {
  const named: Fields = Object.fromEntries(COLUMNS.map((column, i) => [column, fields[i]]))
  try {
    return { window: windowFrom(named, counts), line }
  } catch (caught) {
    throw new FileFault(line, caught)
  }
}
