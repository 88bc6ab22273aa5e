import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

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

/**
 * Reads from the server's append-only file what became of every count: each write is in it, in order, a script's too.
 * A look at `last` from time to time would miss what comes just before it is turned over.
 */
export function readLedger(directory: string): Map<string, LedgerInterval> {
  const values = new Map<string, string>()
  const intervals = new Map<string, { windows: LedgerWindow[]; rotated: number[] }>()
  const intervalOf = (key: string) => {
    const name = key.split(':').slice(0, 2).join(':')
    const known = intervals.get(name) ?? { windows: [], rotated: [] }
    intervals.set(name, known)
    return known
  }
  const windowOf = (part: string): LedgerWindow => {
    const start = values.get(`${part}:@ts`)
    const counts = [...values]
      .filter(([key]) => key.startsWith(`${part}:`) && !key.startsWith(`${part}:@`))
      .map(([key, value]) => [key.slice(part.length + 1), BigInt(value)] as const)
    return { start: start === undefined ? undefined : Number(start), counts: new Map(counts) }
  }
  const set = (key: string, value: string) => {
    if (key.endsWith(':cur:@ts')) intervalOf(key)
    if (key.endsWith(':last:@ts')) {
      // The guard of a rotation: what was last is gone from now on.
      const interval = intervalOf(key)
      interval.windows.push(windowOf(key.slice(0, -':@ts'.length)))
      interval.rotated.push(Number(value))
    }
    values.set(key, value)
  }
  for (const [name = '', ...args] of commands(directory)) {
    const [key = '', value = ''] = args
    switch (name.toUpperCase()) {
      case 'MSET':
        for (let i = 0; i < args.length; i += 2) set(args[i] ?? '', args[i + 1] ?? '')
        break
      case 'SET':
        set(key, value)
        break
      case 'SETNX':
        if (!values.has(key)) set(key, value)
        break
      case 'INCR':
        values.set(key, String(BigInt(values.get(key) ?? 0) + 1n))
        break
      case 'INCRBY':
        values.set(key, String(BigInt(values.get(key) ?? 0) + BigInt(value)))
        break
      case 'DEL':
      case 'UNLINK':
        for (const gone of args) values.delete(gone)
        break
      case 'SELECT':
      case 'MULTI':
      case 'EXEC':
      case 'SADD':
      case 'RENAME':
      case 'HSET':
      case 'HDEL':
        break
      default:
        throw new Error(`the ledger does not know ${name}`)
    }
  }
  for (const [name, { windows }] of intervals) {
    windows.push(windowOf(`${name}:last`), windowOf(`${name}:cur`))
  }
  return intervals
}

/** Redis 7 keeps a folder of files, of which those named "incr" hold commands; older ones a single file. */
function commands(directory: string): string[][] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => /(incr|appendonly)\.aof$/.test(name)).sort()
  return files.flatMap((file) => parse(readFileSync(join(directory, file))))
}

/** `*2\r\n$4\r\nINCR\r\n$1\r\na\r\n` → [['INCR', 'a']] */
function parse(bytes: Buffer): string[][] {
  const found: string[][] = []
  let at = 0
  const line = () => {
    const end = bytes.indexOf('\r\n', at)
    const text = bytes.toString('utf8', at, end)
    at = end + 2
    return text
  }
  while (at < bytes.length) {
    const words: string[] = []
    const count = Number(line().slice(1))
    for (let i = 0; i < count; i++) {
      const length = Number(line().slice(1))
      words.push(bytes.toString('utf8', at, at + length))
      at += length + 2
    }
    found.push(words)
  }
  return found
}
