/** What one Redis takes for the flushes of loggers. */
export interface FlushCost {
  /** Of a flush. */
  readonly events: number
  /** The server's CPU of a flush, ms. */
  readonly cpuMs: number
}

/** What many loggers need. */
export interface Need {
  readonly syncIntervalSeconds: number
  readonly flushesPerSecond: number
  /** Processor cores of Redis that are fully at work. */
  readonly cores: number
  /** Primaries, so that each is half at work. */
  readonly nodes: number
}

/** So much of a node's one core is to be used; the rest is for rotation, reading and bad days. */
export const BUSY_SHARE = 0.5

/**
 * What loggers need that each flush so many events at every `sync_interval`.
 *
 * @param cost what one flush costs, as measured on one Redis
 */
export function needOf(loggers: number, syncIntervalSeconds: number, cost: FlushCost): Need {
  const flushesPerSecond = loggers / syncIntervalSeconds
  const cores = (flushesPerSecond * cost.cpuMs) / 1000
  // What is left of a division of decimals is no node.
  const nodes = Math.max(1, Math.ceil(cores / BUSY_SHARE - 1e-9))
  return { syncIntervalSeconds, flushesPerSecond, cores, nodes }
}
