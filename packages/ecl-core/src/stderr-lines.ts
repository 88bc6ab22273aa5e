import { constants, openSync, writeSync } from 'node:fs'
import { systemClock } from './clock.ts'

/** What may wait for a reader that has stopped reading, in bytes; further lines are dropped. */
const MOST_WAITING = 64 * 1024
const RETRY_MS = 100

/**
 * Writes lines to stderr and never waits for a pipe whose reader has stopped reading or a
 * terminal that was halted with Ctrl-S, nor for room on a disk. What cannot be written for
 * long is dropped, with a count.
 *
 * Without a stream: Node's for stderr queues without bound, keeps the process from ending while something is in the queue,
 * and throws where nobody listens for errors.
 */
export class StderrLines {
  readonly #onDropped: (lines: number) => void
  readonly #write: (bytes: Uint8Array) => number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #dropped = 0
  #armed = false

  /**
   * @param onDropped is told how many were dropped, once there is room again: writes a line that says so
   * @param write writes as much as can be written at once; throws otherwise
   */
  constructor(
    onDropped: (lines: number) => void,
    write: (bytes: Uint8Array) => number = writeToStderr,
  ) {
    this.#onDropped = onDropped
    this.#write = write
  }

  /** Writes one line, with its end; or keeps it for a while; or drops it. Never throws. */
  write(line: string): void {
    if (this.#waitingBytes > MOST_WAITING) {
      this.#dropped++
      return
    }
    const bytes = Buffer.from(line)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    // In their order: what waits goes first, when its time has come.
    if (!this.#armed) this.#writeAll()
  }

  #writeAll(): void {
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const written = this.#write(first)
        this.#waitingBytes -= written
        if (written === first.length) this.#waiting.shift()
        else this.#waiting[0] = first.subarray(written)
      }
    } catch {
      // Nobody reads at present (EAGAIN), or there is no room on the disk, or nobody is there any more.
      this.#armed = true
      systemClock.after(RETRY_MS, () => {
        this.#armed = false
        this.#writeAll()
      })
      return
    }
    const dropped = this.#dropped
    this.#dropped = 0
    if (dropped > 0) this.#onDropped(dropped)
  }
}

let stderr: number | undefined

function writeToStderr(bytes: Uint8Array): number {
  stderr ??= openWithoutWaiting()
  return writeSync(stderr, bytes)
}

/** Node makes a pipe or a socket non-blocking when it makes its stream for it; and leaves a terminal as it is. */
function openWithoutWaiting(): number {
  if (process.stderr.isTTY !== true) return process.stderr.fd
  try {
    // Another description of the same terminal: whoever shares the first one wants it to block.
    const { O_WRONLY, O_NOCTTY, O_NONBLOCK } = constants
    return openSync(`/proc/self/fd/${process.stderr.fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK)
  } catch {
    return process.stderr.fd
  }
}
