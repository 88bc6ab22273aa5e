import {
  CONNECTION_FAULTS,
  type Fault,
  type FaultKind,
  HEAVY_FAULTS,
  PASSING_FAULTS,
  SENTINEL_FAULTS,
  type Target,
  type Topology,
} from './faults.ts'
import { type Random, seededRandom } from './random.ts'

/** What a schedule is made from; the same plan gives the same schedule. */
export interface Plan {
  readonly seed: number
  readonly durationMs: number
  readonly loggers: number
  readonly masters: number
  readonly archivers: number
  readonly readers: number
  readonly topology: Topology
  /** Only faults of these kinds; undefined for all. */
  readonly only?: readonly FaultKind[] | undefined
}

/** Nothing happens before: processes start, and the first windows begin. */
export const WARM_UP_MS = 6000
/** Each so often nothing happens for a while, so that there are windows with which nothing may be wrong. */
const CYCLE_MS = 60_000
const CALM_MS = 14_000
/** Behind sentinels nothing but the scripts can be struck lightly, which need not be often. */
const LIGHT_GAP_MS: Readonly<Record<Topology, number>> = { single: 220, sentinel: 2000 }
const HEAVY_GAP_MS = 2600
/** A heavy fault is got over before the next one comes, but for some. */
const OVERLAPPING = 0.12

/** What the rights of loggers and masters can be without for a moment. */
const COMMANDS = ['hset', 'incrby', 'sadd', 'mset', 'rename', 'unlink', 'eval', 'mget', 'hget']

/**
 * Draws the faults of a run.
 *
 * @returns in the order in which they happen
 */
export function planFaults(plan: Plan): Fault[] {
  const random = seededRandom(plan.seed)
  const wanted = (kind: FaultKind) =>
    (plan.only === undefined || plan.only.includes(kind)) &&
    (plan.archivers > 0 || !kind.startsWith('archiver')) &&
    (plan.topology === 'sentinel' ? SENTINEL_FAULTS.includes(kind) : kind !== 'failover')
  const light = [...CONNECTION_FAULTS, ...CONNECTION_FAULTS, ...PASSING_FAULTS].filter(wanted)
  // What sentinels are for is to come as often as the rest together, more or less.
  const more: readonly FaultKind[] = ['failover', 'failover', 'failover']
  const heavy = [...HEAVY_FAULTS, ...more].filter(wanted)
  const faults: Fault[] = []
  for (let atMs = WARM_UP_MS; light.length > 0 && atMs < plan.durationMs; ) {
    faults.push(lightFault(random, random.pick(light), atMs, plan))
    atMs += random.int(20, 2 * LIGHT_GAP_MS[plan.topology])
  }
  for (let atMs = WARM_UP_MS; heavy.length > 0 && atMs < plan.durationMs; ) {
    const fault = heavyFault(random, random.pick(heavy), atMs, plan)
    faults.push(fault)
    const over = random.chance(OVERLAPPING) ? 0 : fault.forMs
    atMs += over + random.int(300, 2 * HEAVY_GAP_MS)
  }
  return faults
    .filter((fault) => !isCalm(fault.atMs, fault.forMs, plan.durationMs))
    .sort((a, b) => a.atMs - b.atMs)
}

/** Whether nothing is to be wrong at some time between two instants of a run. */
function isCalm(fromMs: number, forMs: number, durationMs: number): boolean {
  const cycleMs = Math.min(CYCLE_MS, durationMs)
  const inCycleMs = fromMs % cycleMs
  return inCycleMs + forMs > cycleMs - CALM_MS
}

function lightFault(random: Random, kind: FaultKind, atMs: number, plan: Plan): Fault {
  const target = anyProcess(random, plan)
  switch (kind) {
    case 'copy-request':
      return { atMs, kind, target, forMs: 0, amount: random.int(5, 4000) }
    case 'hold-request':
      return { atMs, kind, target, forMs: 0, amount: random.int(30, 4000) }
    case 'slow-replies':
      return { atMs, kind, target, forMs: random.int(200, 2500), amount: random.int(5, 400) }
    case 'silence':
      // Longer than a request waits for its reply, at times.
      return { atMs, kind, target, forMs: random.int(50, random.chance(0.15) ? 6000 : 700) }
    case 'fsync-policy':
    case 'script-flush':
    case 'client-kill':
      return { atMs, kind, forMs: 0 }
    default:
      return { atMs, kind, target, forMs: 0 }
  }
}

function heavyFault(random: Random, kind: FaultKind, atMs: number, plan: Plan): Fault {
  const logger: Target = `logger ${random.int(0, plan.loggers - 1)}`
  const master: Target = `master ${random.int(0, plan.masters - 1)}`
  switch (kind) {
    case 'redis-crash': {
      // Up to a second of writes is what "everysec" mostly loses; for a history, two turns of a second have to be in it.
      const longestMs = plan.archivers > 0 ? 1700 : 1000
      return { atMs, kind, forMs: random.int(0, 4500), amount: random.int(50, longestMs) }
    }
    case 'failover':
      // The sentinels need some seconds.
      return { atMs, kind, forMs: random.int(3000, 8000) }
    case 'redis-stop':
      return { atMs, kind, forMs: random.int(100, 5000) }
    case 'memory-full':
      return { atMs, kind, forMs: random.int(300, 3500) }
    case 'rights-lost':
      return { atMs, kind, forMs: random.int(200, 1500), command: random.pick(COMMANDS) }
    case 'masters-slow': {
      // A master that publishes waits for three replies in a row, and has half a second for them in windows of one.
      const longestMs = plan.archivers > 0 ? 150 : 350
      return { atMs, kind, forMs: random.int(2000, 6000), amount: random.int(100, longestMs) }
    }
    case 'masters-gone':
      return { atMs, kind, forMs: random.int(1000, 9000) }
    case 'master-kill':
    case 'master-stop':
      return { atMs, kind, target: master, forMs: random.int(50, 9000) }
    case 'archiver-kill':
    case 'archiver-stop': {
      const target: Target = `archiver ${random.int(0, plan.archivers - 1)}`
      return { atMs, kind, target, forMs: random.int(50, 9000) }
    }
    case 'logger-stop':
      return { atMs, kind, target: logger, forMs: random.int(100, 13_000) }
    case 'logger-kill':
    case 'logger-restart':
      return { atMs, kind, target: logger, forMs: random.int(0, 1500) }
    case 'clock-jump':
      return { atMs, kind, target: logger, forMs: 0, amount: random.int(-600_000, 600_000) }
    default:
      return { atMs, kind, forMs: random.int(0, 3000) }
  }
}

function anyProcess(random: Random, { loggers, masters, archivers, readers }: Plan): Target {
  const targets = [
    // Twice as likely.
    ...[...targetsOf('logger', loggers), ...targetsOf('logger', loggers)],
    ...[
      ...targetsOf('master', masters),
      ...targetsOf('reader', readers),
      ...targetsOf('archiver', archivers),
    ],
  ]
  return random.pick(targets)
}

function targetsOf<K extends string>(kind: K, count: number): `${K} ${number}`[] {
  return Array.from({ length: count }, (_, index) => `${kind} ${index}` as const)
}
