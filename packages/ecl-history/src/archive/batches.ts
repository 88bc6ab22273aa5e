import type { QueuedWindow } from 'ecl-core'

/** Counts in a transaction: some hundred milliseconds of a database's time, and few enough for memory. */
const BATCH_COUNTS = 20_000

/** Divides entries into what goes into one transaction each, in their order. */
export function batches(entries: readonly QueuedWindow[], limit = BATCH_COUNTS): QueuedWindow[][] {
  const divided: QueuedWindow[][] = []
  let counts = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    // The window is a row, too.
    const size = 1 + (entry.window?.counts.size ?? 0)
    if (counts + size > limit) {
      divided.push([])
      counts = 0
    }
    divided.at(-1)?.push(entry)
    counts += size
  }
  return divided
}
