import { endOf, type Fault, type FaultKind } from './faults.ts'

/** How long after a fault its consequences may be seen: reconnecting takes up to 2 s, and a grace is waited for. */
const RECOVERY_MS = 6000
/** A connection that is silent for so long may keep counts from getting into the last window in time. */
const LONG_SILENCE_MS = 700

/** Faults behind which counts may be late: the window is over before they get there, or begins too late. */
const DELAYING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  ...([
    'redis-stop',
    'redis-kill',
    'redis-crash',
    'failover',
    'memory-full',
    'rights-lost',
  ] as const),
  ...(['master-kill', 'master-stop', 'masters-gone', 'logger-stop', 'logger-restart'] as const),
])

/** Something that was done, in real time. */
export interface Struck {
  readonly fault: Fault
  /** When its turn began and ended, ms since the epoch. */
  readonly fromMs: number
  readonly toMs: number
}

/** Whether a fault can make counts late. */
function delays(fault: Fault): boolean {
  if (DELAYING.has(fault.kind)) return true
  return fault.kind === 'silence' && endOf(fault) - fault.atMs >= LONG_SILENCE_MS
}

/** Whether anything happened that can have kept counts between two instants from their window, ms since the epoch. */
export function isExcused(struck: readonly Struck[], fromMs: number, toMs: number): boolean {
  return struck.some(
    (one) => delays(one.fault) && one.fromMs <= toMs && one.toMs + RECOVERY_MS >= fromMs,
  )
}
