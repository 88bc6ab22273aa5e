const listeners = new Set<() => void>()

function callAll(): void {
  for (const listener of listeners) listener()
}

/**
 * Calls back whenever nothing else is left to do in the process (`beforeExit`).
 *
 * One listener of the process for all, since Node takes more than ten for a leak.
 *
 * @returns takes the call-back off
 */
export function atExit(listener: () => void): () => void {
  if (listeners.size === 0) process.on('beforeExit', callAll)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) process.off('beforeExit', callAll)
  }
}
