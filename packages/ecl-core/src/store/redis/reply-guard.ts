/** Of one reply while the connection is being made: enough for INFO and for the slots of a large cluster. */
const HANDSHAKE_LIMIT = 4 * 1024 ** 2
/** Of one reply: enough for a window of a million events with long names. */
const REPLY_LIMIT = 256 * 1024 ** 2
/** The longest status or error; the rest of a long one would be of no use. */
const LINE_LIMIT = 64 * 1024
/** No reply of ours has more than five arrays in each other. */
const DEEPEST = 16
/** The shortest value: an empty status, with its type and line break. */
const SHORTEST_VALUE = 3

const CR = 0x0d
const LF = 0x0a
const MINUS = 0x2d
const ZERO = 0x30
const STATUS = 0x2b
const ERROR = MINUS
const INTEGER = 0x3a
const BULK = 0x24
const ARRAY = 0x2a

/** What a guard has to know of the client behind it. */
export interface GuardedClient {
  /** How many commands have not been answered. */
  readonly unanswered: () => number
  /** Whether the handshake is over. */
  readonly ready: () => boolean
}

/**
 * Reads along what a server sends, and lets nothing pass but RESP2 replies of a bounded size to commands that were sent.
 *
 * ioredis throws outside of any handler at some of what else a peer may send, such as a RESP3 push or a null that nobody
 * asked for, which would end the host process; and it collects a reply of any length.
 */
export class ReplyGuard {
  readonly #client: GuardedClient
  /** How many values are missing of each array that is open. */
  readonly #open: number[] = []
  /** Of the value whose first line is being read; 0 between two values. */
  #type = 0
  #number = 0
  #digits = 0
  #negative = false
  #cr = false
  /** Bytes of a bulk string that are still to come, with its line break. */
  #skip = 0
  #lineBytes = 0
  #replyBytes = 0
  #errorText = ''
  #listening = false
  #unanswered = 0

  constructor(client: GuardedClient) {
    this.#client = client
  }

  /** From now on there is but SUBSCRIBE, its reply and what is published. */
  listen(): void {
    this.#listening = true
  }

  /** @throws Error where this does not belong to a reply; the connection is of no more use then */
  admit(chunk: Buffer): void {
    this.#unanswered = this.#client.unanswered()
    const limit = this.#client.ready() ? REPLY_LIMIT : HANDSHAKE_LIMIT
    for (let at = 0; at < chunk.length; ) {
      const before = at
      if (this.#skip > 0) at += this.#skipBulk(chunk.length - at)
      else if (this.#type === 0) this.#begin(chunk[at++] ?? 0)
      else at = this.#readLine(chunk, at)
      this.#replyBytes += at - before
      const missing = this.#skip + (this.#open.at(-1) ?? 0) * SHORTEST_VALUE
      if (this.#replyBytes + missing > limit) throw violation('a reply is too long')
      // Begun anew only here, so that the last bytes of a reply are not counted for the next one.
      if (this.#type === 0 && this.#skip === 0 && this.#open.length === 0) this.#replyBytes = 0
    }
  }

  #begin(type: number): void {
    const isLine = type === STATUS || type === ERROR
    if (!isLine && type !== INTEGER && type !== BULK && type !== ARRAY) {
      throw violation(`a reply begins with ${JSON.stringify(String.fromCharCode(type))}`)
    }
    if (this.#listening) this.#requireMessage(type)
    this.#type = type
    this.#number = 0
    this.#digits = 0
    this.#negative = false
    this.#lineBytes = 0
    this.#errorText = ''
  }

  /** Of what is published ioredis believes that it has three parts, of which the first two are strings. */
  #requireMessage(type: number): void {
    const [missing] = this.#open
    const fits =
      missing === undefined
        ? type === ARRAY || (type === ERROR && this.#unanswered > 0)
        : type === BULK || (type === INTEGER && missing === 1)
    if (!fits) throw violation('what is published is no message')
  }

  #readLine(chunk: Buffer, from: number): number {
    const isText = this.#type === STATUS || this.#type === ERROR
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (this.#cr) {
        if (byte !== LF) throw violation('a line does not end')
        this.#cr = false
        this.#endLine(isText)
        return at + 1
      }
      if (byte === CR) this.#cr = true
      else if (isText) this.#readText(byte)
      else this.#readDigit(byte)
    }
    return chunk.length
  }

  #readText(byte: number): void {
    if (++this.#lineBytes > LINE_LIMIT) throw violation('a line is too long')
    const isUnasked = this.#type === ERROR && this.#unanswered === 0
    if (isUnasked && this.#lineBytes <= 300) this.#errorText += String.fromCharCode(byte)
  }

  #readDigit(byte: number): void {
    if (byte === MINUS && this.#digits === 0 && !this.#negative) {
      this.#negative = true
      return
    }
    const digit = byte - ZERO
    if (digit < 0 || digit > 9 || ++this.#digits > 19) throw violation('a number is none')
    this.#number = this.#number * 10 + digit
  }

  #endLine(isText: boolean): void {
    const type = this.#type
    this.#type = 0
    if (isText) {
      this.#endValue(type)
      return
    }
    if (this.#digits === 0) throw violation('a number is none')
    if (type === INTEGER) {
      this.#endValue(type)
      return
    }
    const isNull = this.#negative && this.#number === 1
    if (this.#negative && !isNull) throw violation('a length is negative')
    if (this.#listening && (isNull || (type === ARRAY && this.#number !== 3))) {
      throw violation('what is published is no message')
    }
    if (isNull) this.#endValue(type)
    else if (type === BULK) this.#skip = this.#number + 2
    else if (this.#number === 0) this.#endValue(type)
    else if (this.#open.push(this.#number) > DEEPEST) throw violation('arrays are too deep')
  }

  #skipBulk(there: number): number {
    const bytes = Math.min(this.#skip, there)
    this.#skip -= bytes
    if (this.#skip === 0) this.#endValue(BULK)
    return bytes
  }

  #endValue(type: number): void {
    const isAlone = this.#open.length === 0
    for (let last = this.#open.length - 1; last >= 0; last--) {
      const missing = (this.#open[last] ?? 0) - 1
      this.#open[last] = missing
      if (missing > 0) return
      this.#open.pop()
    }
    if (this.#listening) return
    if (this.#unanswered > 0) this.#unanswered--
    // A server that does not want the connection says why, and closes it.
    else if (isAlone && type === ERROR) throw new Error(this.#errorText)
    else throw violation('a reply that was not asked for')
  }
}

function violation(what: string): Error {
  return new Error(`Protocol error: ${what}`)
}
