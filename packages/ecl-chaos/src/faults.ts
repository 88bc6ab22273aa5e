/** What is done to the connections of one process. */
export const CONNECTION_FAULTS = [
  'lose-request',
  'lose-reply',
  'copy-request',
  'hold-request',
  'slow-replies',
  'silence',
  'cut',
] as const
/** What is done to the server within a moment, without ending it. */
export const PASSING_FAULTS = ['script-flush', 'client-kill', 'fsync-policy'] as const
/** What takes some time to get over; one at a time, usually. */
export const HEAVY_FAULTS = [
  'redis-stop',
  'redis-kill',
  'redis-crash',
  'failover',
  'memory-full',
  'rights-lost',
  'master-kill',
  'master-stop',
  'masters-slow',
  'masters-gone',
  'archiver-kill',
  'archiver-stop',
  'logger-stop',
  'logger-kill',
  'logger-restart',
  'clock-jump',
] as const

/** The kinds of faults there are. */
export const FAULT_KINDS = [...CONNECTION_FAULTS, ...PASSING_FAULTS, ...HEAVY_FAULTS] as const

/** What can be done to the system. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A process, by its kind and its number among those of its kind. */
export type Target = `${'logger' | 'master' | 'archiver' | 'reader'} ${number}`

/** One Redis, or a primary with a replica and three sentinels. */
export type Topology = 'single' | 'sentinel'

/** What can be done where processes reach Redis without proxies, and it is more than one server. */
export const SENTINEL_FAULTS: readonly FaultKind[] = [
  // Not client-kill: the sentinels would lose their connections, too.
  ...(['script-flush', 'failover', 'clock-jump'] as const),
  ...(['master-kill', 'master-stop', 'masters-gone'] as const),
  ...(['archiver-kill', 'archiver-stop'] as const),
  ...(['logger-stop', 'logger-kill', 'logger-restart'] as const),
]

/** One fault of a schedule. */
export interface Fault {
  /** Since the start of the run. */
  readonly atMs: number
  readonly kind: FaultKind
  /** Whom it strikes; undefined for the server, or for all. */
  readonly target?: Target
  /** How long it lasts; 0 for what is over at once. */
  readonly forMs: number
  /** By how much something is delayed, ms; which part of a second's writes is lost; by how much a clock is wrong, ms. */
  readonly amount?: number
  /** The command that is not allowed any more. */
  readonly command?: string
}

/** Whether a text names a kind of faults. */
export function isFaultKind(text: string): text is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(text)
}

/** When a fault is over, ms since the start of the run. */
export function endOf({ atMs, forMs }: Fault): number {
  return atMs + forMs
}
