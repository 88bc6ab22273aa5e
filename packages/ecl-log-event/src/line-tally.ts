import { StringDecoder } from 'node:string_decoder'

/** A line without an end must not fill the memory; no name of an event comes near this. In UTF-16 units. */
const MAX_LINE_LENGTH = 65_536
const CARRIAGE_RETURN = 13
/** Shorter substrings are copies in V8; longer ones keep alive all of the text that they were cut from. */
const SHORTEST_SLICE = 13

/** What was in some chunks. */
export interface Lines {
  /** Line → how often; no empty ones. */
  readonly counts: ReadonlyMap<string, { readonly lines: number }>
  /** How many lines were too long to be an event. */
  readonly overlong: number
}

/**
 * Counts equal lines of UTF-8 text that comes in chunks. Lines end with LF or CR LF; empty ones are passed over, and so is a
 * byte-order mark at the beginning.
 *
 * Whole chunks are decoded and searched by the engine's own vectorised code, which makes it several times as fast as
 * `node:readline`. Memory is bounded by one chunk, one line, and the distinct lines since the last `take`.
 */
export class LineTally {
  readonly #decoder = new StringDecoder('utf8')
  #counts = new Map<string, { lines: number }>()
  #overlong = 0
  /** The line that the last chunk has begun; empty while it is too long. */
  #begun = ''
  #tooLong = false
  #atStart = true

  /** Takes a chunk in. */
  push(chunk: Buffer): void {
    const text = this.#decoder.write(chunk)
    // Of a character that has only begun, nothing is there yet.
    const isMarked = this.#atStart && text.startsWith('\ufeff')
    this.#atStart &&= text === ''
    this.#add(isMarked ? text.slice(1) : text)
  }

  /** There is no more: the last line counts, too, if it has no end. */
  end(): void {
    this.#add(this.#decoder.end())
    this.#finishBegun('')
  }

  /** What has been counted since the last time. A line that has only begun is for the next time. */
  take(): Lines {
    const taken = { counts: this.#counts, overlong: this.#overlong }
    this.#counts = new Map()
    this.#overlong = 0
    return taken
  }

  #add(text: string): void {
    let end = text.indexOf('\n')
    if (end === -1) {
      // Only the new part is ever searched, so a long line costs no more than its length.
      this.#begin(text)
      return
    }
    this.#finishBegun(text.slice(0, end))
    let start = end + 1
    for (end = text.indexOf('\n', start); end !== -1; end = text.indexOf('\n', start)) {
      this.#count(text, start, end)
      start = end + 1
    }
    this.#begin(text.slice(start))
  }

  #begin(text: string): void {
    if (this.#tooLong) return
    this.#begun += text
    if (this.#begun.length <= MAX_LINE_LENGTH) return
    this.#begun = ''
    this.#tooLong = true
  }

  #finishBegun(rest: string): void {
    this.#begin(rest)
    if (this.#tooLong) this.#overlong++
    else this.#count(this.#begun, 0, this.#begun.length)
    this.#begun = ''
    this.#tooLong = false
  }

  #count(text: string, start: number, newline: number): void {
    const hasReturn = newline > start && text.charCodeAt(newline - 1) === CARRIAGE_RETURN
    const end = hasReturn ? newline - 1 : newline
    if (end === start) return
    if (end - start > MAX_LINE_LENGTH) {
      this.#overlong++
      return
    }
    const line = text.slice(start, end)
    const count = this.#counts.get(line)
    if (count !== undefined) count.lines++
    else this.#counts.set(detached(line), { lines: 1 })
  }
}

/** The same text, not part of a longer one. */
function detached(line: string): string {
  return line.length < SHORTEST_SLICE ? line : Buffer.from(line).toString()
}
