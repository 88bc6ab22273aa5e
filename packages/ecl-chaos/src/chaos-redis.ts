import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppendOnlyLedger, type LedgerInterval, PrivateRedis } from 'ecl-core/testing'
import type { ChaosServer } from './chaos-server.ts'
import { endOfWholeTransactions } from './whole-transactions.ts'

const LOOK_MS = 50
/** A look that is so late tells too little. */
const STALLED_MS = 300
/** What is older cannot be lost any more by a crash. */
const SAFE_MS = 6000
/**
 * With `everysec`, Redis acknowledges writes and puts off to hand them to the system, while an fsync takes long: for two
 * seconds at most. A process that is killed then loses them, though its machine goes on.
 */
const PUT_OFF_MS = 2100
/** Loggers write all the time; a file that has not grown for so long is one whose writes are put off. */
const STILL_MS = 250
const CHUNK_BYTES = 1 << 20
/** A longer file takes seconds to load at each restart, and many where the machine is busy. */
const LONGEST_FILE_BYTES = 16 << 20

/**
 * A Redis that keeps an append-only file, and can crash as a machine does: without the last that it wrote.
 *
 * The file holds what has become of every count, crashes included: what is cut off never was. It is read while it grows.
 */
export class ChaosRedis implements ChaosServer {
  readonly server: PrivateRedis
  readonly #ledger = new AppendOnlyLedger()
  readonly #longestBytes: number
  /** The file that grows. */
  #current = ''
  #rewroteAtMs = 0
  #sizes: { readonly atMs: number; readonly bytes: number }[] = []
  #read = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(server: PrivateRedis, longestBytes: number) {
    this.server = server
    this.#longestBytes = longestBytes
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  /** @param longestBytes when Redis begins another file, which is shorter to load */
  static async start(longestBytes = LONGEST_FILE_BYTES): Promise<ChaosRedis> {
    const args = [
      ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
      // The ledger wants every command, and knows no other format.
      ...['--auto-aof-rewrite-percentage', '0', '--aof-use-rdb-preamble', 'no'],
      // It reads each file to its end, also when Redis has no use for it any more.
      ...['--aof-disable-auto-gc', 'yes'],
    ]
    return new ChaosRedis(await PrivateRedis.start({ args }), longestBytes)
  }

  up = true
  readonly backend = undefined

  get target() {
    return { path: this.server.socket }
  }

  async kill(): Promise<number> {
    this.up = false
    const fromMs = Date.now() - PUT_OFF_MS
    await this.server.kill()
    return fromMs
  }

  /**
   * Kills the server, and takes away what it wrote within the last so many ms, cut at any byte, and then what is left of a
   * transaction, as `redis-check-aof --fix` does; nothing of that where it has put off writes, as both together are more
   * than a crash takes.
   *
   * @param lostMs at most what its policy of fsync allows
   * @returns since when writes are lost, ms since the epoch
   */
  async crash(lostMs: number): Promise<number> {
    const putOffMs = await this.kill()
    this.#follow()
    const fromMs = Date.now() - lostMs
    const bytes = this.#size()
    const grewMs = this.#sizes.findLast(({ bytes: before }) => before < bytes)?.atMs
    if (grewMs === undefined || grewMs < Date.now() - STILL_MS) return putOffMs
    const kept = this.#sizes.findLast(({ atMs }) => atMs <= fromMs)
    // Who was kept from looking does not know what is that old, and no crash takes more than that.
    if (kept === undefined || kept.atMs < fromMs - STALLED_MS) return fromMs
    // Somewhere in what follows: not where a command ends.
    const anywhere = Math.min(bytes, kept.bytes + ((lostMs * 131) % 257))
    const cut = endOfWholeTransactions(readFileSync(this.#current).subarray(0, anywhere))
    if (cut < this.#read) throw new Error('bug: what is cut off has been read already')
    truncateSync(this.#current, cut)
    this.#sizes = this.#sizes.filter(({ bytes: size }) => size <= cut)
    return kept.atMs
  }

  /** Starts it again with what it has. */
  async restart(): Promise<void> {
    await this.server.start()
    this.up = true
  }

  async stop(): Promise<void> {
    await this.server.kill('SIGTERM')
  }

  /** What has become of every count, to the last; for a server that has ended. */
  result(): Map<string, LedgerInterval> {
    this.#follow()
    this.#readUpTo(this.#size())
    return this.#ledger.result()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.server.close()
  }

  #look(): void {
    const atMs = Date.now()
    this.#follow()
    const bytes = this.#size()
    this.#sizes.push({ atMs, bytes })
    if (bytes > this.#longestBytes && atMs > this.#rewroteAtMs + SAFE_MS) this.#rewrite(atMs)
    let safe: number | undefined
    while (this.#sizes[0] !== undefined && this.#sizes[0].atMs < atMs - SAFE_MS) {
      safe = this.#sizes.shift()?.bytes
    }
    if (safe !== undefined) this.#readUpTo(safe)
  }

  #readUpTo(end: number): void {
    if (end <= this.#read) return
    const file = openSync(this.#current, 'r')
    try {
      while (this.#read < end) {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end - this.#read))
        const bytes = readSync(file, chunk, 0, chunk.length, this.#read)
        if (bytes === 0) return
        this.#read += bytes
        this.#ledger.push(chunk.subarray(0, bytes))
      }
    } finally {
      closeSync(file)
    }
  }

  #size(): number {
    return this.#current === '' ? 0 : statSync(this.#current).size
  }

  /** Has Redis put down what it holds, and begin another file. */
  #rewrite(atMs: number): void {
    this.#rewroteAtMs = atMs
    // Where it is down or busy, a later look will see to it.
    this.server.client.bgrewriteaof().catch(() => undefined)
  }

  /** Goes on with the next file, if there is one: nothing comes into this one any more. */
  #follow(): void {
    for (const file of this.#files()) {
      if (this.#current !== '' && numberOf(file) <= numberOf(this.#current)) continue
      if (this.#current !== '') this.#readUpTo(this.#size())
      this.#current = file
      this.#read = 0
      this.#sizes = []
    }
  }

  /** In their order: `appendonly.aof.1.incr.aof` and so on. */
  #files(): string[] {
    const { directory } = this.server
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    return names
      .filter((one) => one.endsWith('.incr.aof'))
      .map((name) => join(directory, name))
      .sort((a, b) => numberOf(a) - numberOf(b))
  }
}

function numberOf(file: string): number {
  return Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1])
}
