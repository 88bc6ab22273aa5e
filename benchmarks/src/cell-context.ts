import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrivateRedis, type PrivateRedisOptions } from 'ecl-core/testing'
import { Redis } from 'ioredis'

/** What a run asks of all its cells. */
export interface CellOptions {
  /** Shorter, and so less exact. */
  readonly quick: boolean
  /** A checkout of the Python original; undefined where the user has none. */
  readonly python?: string | undefined
}

/** What a measurement has at hand in its process. What it opens here is closed behind it. */
export class CellContext {
  readonly quick: boolean
  readonly python: string | undefined
  readonly #closers: (() => Promise<void> | void)[] = []
  #closing: Promise<void> | undefined

  constructor({ quick, python }: CellOptions) {
    this.quick = quick
    this.python = python
  }

  /** The longer of two sizes of a measurement, or the shorter one in a quick run. */
  pick(full: number, quick: number): number {
    return this.quick ? quick : full
  }

  /** A Redis of this measurement's own, on a unix socket. */
  async redis(options?: PrivateRedisOptions): Promise<PrivateRedis> {
    let starting: Promise<PrivateRedis> | undefined
    // First, so that one is closed, too, that is interrupted while it starts.
    this.onClose(async () => (await starting?.catch(() => undefined))?.close())
    starting = PrivateRedis.start(options)
    return starting
  }

  /** An ioredis client as its manual tells to make it, connected: by TCP where the server has a port. */
  async client(server: PrivateRedis): Promise<Redis> {
    const { socket: path, port } = server
    const client = new Redis(port === 0 ? { path } : { host: '127.0.0.1', port })
    this.onClose(() => client.disconnect())
    await client.ping()
    return client
  }

  /** A folder for files. */
  folder(): string {
    let folder = ''
    this.onClose(() => rmSync(folder, { recursive: true, force: true }))
    folder = mkdtempSync(join(tmpdir(), 'ecl-bench-'))
    return folder
  }

  /**
   * Calls back at the end, the last one first.
   *
   * @throws when the end has come: nothing may be opened that nobody closes
   */
  onClose(closer: () => Promise<void> | void): void {
    if (this.#closing !== undefined) throw new Error('the measurement was interrupted')
    this.#closers.push(closer)
  }

  /**
   * Ends everything that was opened. Whoever comes second waits, too: an interrupted measurement fails, and would end the
   * process before the first one is through.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      await closer()
    }
  }
}
