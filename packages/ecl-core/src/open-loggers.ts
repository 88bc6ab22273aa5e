/** More of them on one store than a process needs; each has a connection, and clients that the store waits for. */
const MANY = 5
/** Of the process, not of this module: what is reloaded may load this module again. */
const OPEN = Symbol.for('ecl-core.openLoggers')

interface OpenLoggers {
  /** By store. */
  readonly counts: Map<string, number>
  readonly warned: Set<string>
}

// Only this module writes to that key.
const shared = globalThis as { [OPEN]?: OpenLoggers }

/**
 * Counts the loggers of this process that have not been closed, by store.
 *
 * @param store names it
 * @param warn is called for the first one that is too many
 * @returns to be called when this one is closed
 */
export function noteOpenLogger(store: string, warn: (message: string) => void): () => void {
  shared[OPEN] ??= { counts: new Map(), warned: new Set() }
  const { counts, warned } = shared[OPEN]
  const open = (counts.get(store) ?? 0) + 1
  counts.set(store, open)
  if (open > MANY && !warned.has(store)) {
    warned.add(store)
    warn(
      `${open} EventCountLoggers of this process are open on the same store, each with a connection of its own; share one, or close() the old one before the next is made, as at a hot reload`,
    )
  }
  return () => {
    const left = (counts.get(store) ?? 1) - 1
    if (left > 0) counts.set(store, left)
    else counts.delete(store)
  }
}
