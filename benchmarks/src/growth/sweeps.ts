import type { BenchmarkCase } from '../benchmark.ts'
import { flushCase } from '../flush/flush.ts'
import { logCase } from '../hot-path/log.ts'
import { rotationCase } from '../rotation/rotation.ts'
import { loadCase, serverMemoryCase } from './load.ts'

/** One case of a sweep, and where it stands on the axis. */
export interface Step {
  readonly x: number
  readonly benchmark: BenchmarkCase
}

/** The largest steps take as long as all others together, and scatter less. */
const LARGE_ROUNDS = 2

/** A case with some of its contestants. */
function only(
  benchmark: BenchmarkCase,
  ids: readonly string[],
  isLarge: boolean = false,
): BenchmarkCase {
  const contestants = benchmark.contestants.filter(({ id }) => ids.includes(id))
  return { ...benchmark, contestants, goals: [], ...(isLarge && { rounds: LARGE_ROUNDS }) }
}

const LOGGING = ['ecl', 'ecl-flushing', 'map', 'prom-client']

/** Counting, against distinct events. */
export const logSteps: readonly Step[] = [10, 100, 1000, 10_000, 100_000, 1_000_000].map((x) => ({
  x,
  // A million labels or flushes a second would take longer than they are of interest for.
  benchmark: only(logCase(x, []), x < 1_000_000 ? LOGGING : ['ecl', 'map'], x === 1_000_000),
}))

const FLUSHED = [10, 100, 1000, 10_000]
/** The numbers of intervals that flushes are measured with. */
export const INTERVAL_COUNTS = [1, 3, 6] as const

/** Flushing, against events; by the number of intervals. */
export const flushSteps = new Map<number, readonly Step[]>(
  INTERVAL_COUNTS.map((intervals) => [
    intervals,
    FLUSHED.map((x) => ({
      x,
      benchmark: only(flushCase(x, intervals, []), intervals === 3 ? ['ecl', 'ioredis'] : ['ecl']),
    })),
  ]),
)

/** Turning over, against events. */
export const rotationSteps: readonly Step[] = [100, 1000, 10_000, 100_000, 1_000_000].map((x) => ({
  x,
  benchmark: only(rotationCase(x, []), ['ecl', 'hash', 'multi', 'sqlite'], x >= 100_000),
}))

const LOGGERS = 100
/** The sizes of flushes that a load is made of. */
export const FLUSH_SIZES = [10, 100, 1000] as const
const RATES = [100, 300, 1000, 3000]

/** The load of one Redis, against flushes a second; by events of a flush. The last step is as much as can be. */
export const loadSteps = new Map<number, readonly Step[]>(
  FLUSH_SIZES.map((events) => [
    events,
    [...RATES, undefined].map((flushesPerSecond) => ({
      x: flushesPerSecond ?? Number.POSITIVE_INFINITY,
      benchmark: loadCase({ loggers: LOGGERS, events, flushesPerSecond }),
    })),
  ]),
)

/** As much as can be, against the number of loggers. */
export const loggerSteps: readonly Step[] = [10, 1000].map((loggers) => ({
  x: loggers,
  benchmark: loadCase({ loggers, events: 100, flushesPerSecond: undefined }),
}))

/** Everything that the curves are made of, in the order in which it is run. */
export const growthCases: readonly BenchmarkCase[] = [
  ...[logSteps, ...flushSteps.values(), rotationSteps, ...loadSteps.values(), loggerSteps]
    .flat()
    .map(({ benchmark }) => benchmark),
  serverMemoryCase,
]
