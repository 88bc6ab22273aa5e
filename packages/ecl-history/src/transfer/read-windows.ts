import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import type { ClosedWindow } from '../closed-window.ts'
import { CSV_HEADER, type CsvRecord, windowsOfRecords } from './csv.ts'
import { FileFault } from './file-fault.ts'
import { windowOfLine } from './ndjson.ts'

/** Longer than 1,000 events with the longest names that anybody has: it is no file of ours. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/**
 * Reads windows from a file of lines of JSON, or of CSV, whichever it is; no more of it than the window that is read is
 * in memory.
 *
 * @throws FileFault, and what the file system says
 */
export async function* readWindows(input: Readable): AsyncGenerator<ClosedWindow> {
  const first = await firstCharacter(input)
  if (first === undefined) return
  if (first === '{') yield* ofLines(input)
  else for await (const { window } of windowsOfRecords(recordsOf(input))) yield window
}

/**
 * Looks at the first character that is no white space, and puts back what it has read, without a byte-order mark, which
 * would be part of the first line.
 *
 * @returns undefined where there is none
 */
async function firstCharacter(input: Readable): Promise<string | undefined> {
  let head: Buffer = Buffer.alloc(0)
  for (;;) {
    const chunk: unknown = input.read()
    if (Buffer.isBuffer(chunk) && chunk.length > 0) {
      head = Buffer.concat([head, chunk])
      // Of a slow pipe, the first chunk may be a part of the mark.
      if (head.length < BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.indexOf(head) === 0) continue
      const marked = head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
      const text = marked ? head.subarray(BYTE_ORDER_MARK.length) : head
      const first = text.toString('utf8').trimStart()[0]
      if (first === undefined) continue
      input.unshift(text)
      return first
    }
    if (input.readableEnded) return undefined
    await new Promise<void>((resolve, reject) => {
      input.once('readable', resolve).once('end', resolve).once('error', reject)
    })
  }
}

async function* ofLines(input: Readable): AsyncGenerator<ClosedWindow> {
  let number = 0
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++
    if (line.trim() === '') continue
    try {
      yield windowOfLine(line)
    } catch (caught) {
      throw new FileFault(number, caught)
    }
  }
}

async function* recordsOf(input: Readable): AsyncGenerator<CsvRecord> {
  const parser = input.pipe(parse({ info: true, max_record_size: MAX_RECORD_BYTES }))
  // An error of the file is none of the parser's.
  input.once('error', (error) => parser.destroy(error))
  let before = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      const line = before + 1
      before = info.lines
      if (line > 1) yield { fields: record, line }
      else if (record.join() !== CSV_HEADER.trim()) {
        const expected = `is neither JSON nor the first line of an export: ${CSV_HEADER.trim()}`
        throw new FileFault(line, new Error(expected))
      }
    }
  } catch (caught) {
    throw caught instanceof CsvError ? new FileFault(Number(caught['lines']), caught) : caught
  }
}

interface ParsedRecord {
  readonly record: string[]
  readonly info: { readonly lines: number }
}
