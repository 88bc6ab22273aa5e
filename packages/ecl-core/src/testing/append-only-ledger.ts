/** A window's counts as they were when it was turned out of sight, or at the end. */
export interface LedgerWindow {
  /** Undefined for what was there before the first rotation. */
  readonly start: number | undefined
  readonly counts: ReadonlyMap<string, bigint>
}

/** What became of one interval of one group. */
export interface LedgerInterval {
  /** In the order of their ends: all windows that were `last` once, and `cur` as it is. */
  readonly windows: readonly LedgerWindow[]
  /** The starts of the windows that were turned over, in that order. */
  readonly rotated: readonly number[]
}

/** Commands that change nothing which is looked at here. */
const PASSED_OVER = new Set([
  ...['SELECT', 'MULTI', 'EXEC', 'SADD', 'SREM', 'HSET', 'HDEL'],
  ...['PEXPIREAT', 'RPUSH'],
  // What is kept of windows after they have ended.
  ...['XADD', 'XTRIM', 'XDEL', 'XACK', 'XCLAIM', 'XGROUP', 'XREADGROUP', 'XAUTOCLAIM'],
])

/**
 * Reads from a server's append-only file what became of every count: each write is in it, in order, a script's too.
 * A look at `last` from time to time would miss what comes just before it is turned over.
 *
 * The file may be given in parts, cut anywhere, as it grows.
 */
export class AppendOnlyLedger {
  /** `group:interval:cur` → event or mark → value. */
  readonly #parts = new Map<string, Map<string, string>>()
  /** `group:interval:cur` → event → value, of what is in hashes. */
  readonly #hashes = new Map<string, Map<string, bigint>>()
  readonly #intervals = new Map<string, { windows: LedgerWindow[]; rotated: number[] }>()
  #rest: Buffer = Buffer.alloc(0)

  /** Takes in what follows. */
  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    for (;;) {
      const command = parseCommand(all, at)
      if (command === undefined) break
      at = command.end
      this.#run(command.words)
    }
    this.#rest = all.subarray(at)
  }

  /** What is known so far, `last` and `cur` as they are now at the end of each list. */
  result(): Map<string, LedgerInterval> {
    return new Map(
      Array.from(this.#intervals, ([name, { windows, rotated }]) => {
        const now = [this.#window(`${name}:last`), this.#window(`${name}:cur`)]
        return [name, { windows: [...windows, ...now], rotated }]
      }),
    )
  }

  #run([name = '', ...args]: readonly string[]): void {
    const [key = '', value = ''] = args
    switch (name.toUpperCase()) {
      case 'MSET':
        for (let i = 0; i < args.length; i += 2) this.#set(args[i] ?? '', args[i + 1] ?? '')
        break
      case 'SET':
        this.#set(key, value)
        break
      case 'SETNX':
        if (this.#get(key) === undefined) this.#set(key, value)
        break
      case 'INCR':
        this.#set(key, String(BigInt(this.#get(key) ?? 0) + 1n))
        break
      case 'INCRBY':
        this.#set(key, String(BigInt(this.#get(key) ?? 0) + BigInt(value)))
        break
      case 'HINCRBY':
        this.#add(key, value, BigInt(args[2] ?? 0))
        break
      case 'RENAME':
        this.#rename(key, value)
        break
      case 'DEL':
      case 'UNLINK':
        for (const gone of args) {
          this.#hashes.delete(gone)
          const [part, event] = split(gone)
          this.#parts.get(part)?.delete(event)
        }
        break
      default:
        if (!PASSED_OVER.has(name.toUpperCase()))
          throw new Error(`the ledger does not know ${name}`)
    }
  }

  #add(part: string, event: string, n: bigint): void {
    const events = this.#hashes.get(part) ?? new Map<string, bigint>()
    this.#hashes.set(part, events)
    events.set(event, (events.get(event) ?? 0n) + n)
  }

  /** Of a hash; an index is not looked at. */
  #rename(from: string, to: string): void {
    const events = this.#hashes.get(from)
    if (events === undefined) return
    this.#hashes.set(to, events)
    this.#hashes.delete(from)
  }

  #get(key: string): string | undefined {
    const [part, event] = split(key)
    return this.#parts.get(part)?.get(event)
  }

  #set(key: string, value: string): void {
    const [part, event] = split(key)
    if (event === '@ts' && part.endsWith(':cur')) this.#interval(part)
    if (event === '@ts' && part.endsWith(':last')) {
      // The guard of a rotation: what was last is gone from now on.
      const interval = this.#interval(part)
      interval.windows.push(this.#window(part))
      interval.rotated.push(Number(value))
    }
    const events = this.#parts.get(part) ?? new Map<string, string>()
    this.#parts.set(part, events)
    events.set(event, value)
  }

  #interval(part: string): { windows: LedgerWindow[]; rotated: number[] } {
    const name = part.slice(0, part.lastIndexOf(':'))
    const known = this.#intervals.get(name) ?? { windows: [], rotated: [] }
    this.#intervals.set(name, known)
    return known
  }

  #window(part: string): LedgerWindow {
    const events = this.#parts.get(part) ?? new Map<string, string>()
    const start = events.get('@ts')
    const counts = new Map(this.#hashes.get(part))
    for (const [event, value] of events) {
      if (!event.startsWith('@')) counts.set(event, (counts.get(event) ?? 0n) + BigInt(value))
    }
    return { start: start === undefined ? undefined : Number(start), counts }
  }
}

/** `group:interval:cur:event` → `group:interval:cur`, `event`. An event may hold colons. */
function split(key: string): [part: string, event: string] {
  let end = -1
  for (let i = 0; i < 3; i++) end = key.indexOf(':', end + 1)
  return [key.slice(0, end), key.slice(end + 1)]
}

/** `*2\r\n$4\r\nINCR\r\n$1\r\na\r\n` → ['INCR', 'a']; undefined where it goes on in the next part. */
function parseCommand(bytes: Buffer, from: number): { words: string[]; end: number } | undefined {
  let at = from
  const line = (): string | undefined => {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return undefined
    const text = bytes.toString('latin1', at, end)
    at = end + 2
    return text
  }
  let head = line()
  // Redis notes times, too, where it is told to.
  while (head?.startsWith('#') === true) head = line()
  if (head === undefined) return undefined
  const words: string[] = []
  const count = Number(head.slice(1))
  for (let i = 0; i < count; i++) {
    const length = Number(line()?.slice(1))
    // Also where the line is not whole: its length is not a number then.
    if (!(at + length + 2 <= bytes.length)) return undefined
    words.push(bytes.toString('utf8', at, at + length))
    at += length + 2
  }
  return { words, end: at }
}
