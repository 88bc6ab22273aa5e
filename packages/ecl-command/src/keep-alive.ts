/** Longer than setInterval can wait would mean at once. */
const FOREVER_MS = 2 ** 31 - 1

/**
 * Keeps the process alive while something is waited for: a store's sockets and timers do not, and Node would end with
 * exit code 0 in the middle of it.
 */
export async function keepAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, FOREVER_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
