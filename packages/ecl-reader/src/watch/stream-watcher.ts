import { tell, timeText, writeOut } from 'ecl-command'
import type { ReadRequest } from '../arguments.ts'
import { csvHeader, csvRecords } from '../formats/csv.ts'
import { type Format, formatNamed } from '../formats/formats.ts'
import type { Destination, Report } from '../report.ts'
import { arranged } from '../view.ts'
import type { Watcher } from './watch-window.ts'

/** Prints each window once, when it has settled: what is printed cannot be taken back. */
export class StreamWatcher {
  readonly #format: Format
  readonly #request: ReadRequest
  readonly #onClosed: () => void
  readonly #destination: Destination
  #head: string
  #written: Promise<void> = Promise.resolve()

  private constructor(request: ReadRequest, format: Format, onClosed: () => void) {
    this.#request = request
    this.#format = format
    this.#onClosed = onClosed
    this.#destination = { ...request, terminal: process.stdout.isTTY }
    this.#head = request.format === 'csv' ? csvHeader(this.#destination) : ''
  }

  /** @param onClosed called when nobody reads any more */
  static async create(request: ReadRequest, onClosed: () => void): Promise<StreamWatcher> {
    return new StreamWatcher(request, await blockFormat(request), onClosed)
  }

  /** Follows one window. */
  watcher(): Watcher {
    let unsettled: Report | undefined
    let printed: number | undefined
    let told: string | undefined
    const print = (report: Report) => {
      const start = report.windows[0]?.start
      if (start === undefined || start === printed) return
      printed = start
      this.#print(report)
    }
    return {
      onWindow: (report, settled) => {
        // The window after it has come first, such as after an outage: it is as complete as it gets.
        const next = unsettled?.windows[0]?.start !== report.windows[0]?.start
        if (unsettled !== undefined && next) print(unsettled)
        unsettled = settled ? undefined : report
        if (settled) print(report)
      },
      onTrouble: (message) => {
        if (message !== undefined && told === undefined) {
          tell(message.startsWith('ecl-reader: ') ? message : `ecl-reader: ${message}`)
        }
        told = message
      },
    }
  }

  #print(report: Report): void {
    const windows = report.windows.map((window) => ({
      ...window,
      counts: arranged(window.counts, this.#request.view),
    }))
    const text = this.#head + this.#format([{ ...report, windows }], this.#destination)
    this.#head = ''
    // One after the other: many windows end at the same time, and each write listens for errors.
    this.#written = this.#written
      .then(() => writeOut(text))
      .then((written) => {
        if (!written) this.#onClosed()
      }, this.#onClosed)
  }
}

async function blockFormat({ format = 'plain' }: ReadRequest): Promise<Format> {
  if (format === 'csv') return csvRecords
  const one = await formatNamed(format)
  if (format === 'json') return one
  if (format !== 'plain') return (reports, destination) => `${one(reports, destination)}\n`
  return (reports, destination) => {
    const [report] = reports
    const title = `${report?.group} ${report?.interval.spec} ${timeText(report?.windows[0]?.start ?? 0)}`
    return `${title}:\n${one(reports, destination)}\n`
  }
}
