// A test runner's fake timers replace the globals, and would let the process end.
import { clearInterval, setInterval } from 'node:timers'

/** Longer than setInterval can wait would mean at once. */
const FOREVER_MS = 2 ** 31 - 1

/**
 * Keeps the process alive while somebody waits for an answer. Sockets, threads and timers here do not, so that a logger
 * never keeps its host from ending; but a process that awaits something of a store has not ended.
 */
export async function keepProcessAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, FOREVER_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
