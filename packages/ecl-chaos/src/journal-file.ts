import { closeSync, existsSync, openSync, readSync, writeSync } from 'node:fs'
import type { JournalLine } from './journal.ts'

const CHUNK_BYTES = 1 << 20

/** Writes a journal, each line at once: what is written stays when the process is killed. */
export class JournalWriter {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(line: JournalLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

/** Reads a journal while it grows. */
export class JournalTail {
  readonly #path: string
  #file: number | undefined
  #at = 0
  #rest = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
  }

  /** The lines that have been added since the last call. */
  *read(): Generator<JournalLine> {
    if (this.#file === undefined) {
      if (!existsSync(this.#path)) return
      this.#file = openSync(this.#path, 'r')
    }
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const bytes = readSync(this.#file, chunk, 0, CHUNK_BYTES, this.#at)
      if (bytes === 0) return
      this.#at += bytes
      const all = Buffer.concat([this.#rest, chunk.subarray(0, bytes)])
      const end = all.lastIndexOf(0x0a) + 1
      this.#rest = all.subarray(end)
      for (const text of all.toString('utf8', 0, end).split('\n')) {
        // Written by our own processes.
        if (text !== '') yield JSON.parse(text) as JournalLine
      }
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
