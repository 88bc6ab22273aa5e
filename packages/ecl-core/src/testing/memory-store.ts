import { addCounts, type Batch } from '../batch.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { GroupSpec } from '../group-spec.ts'
import { type EpochSeconds, type Interval, windowStart } from '../interval.ts'
import type {
  Applied,
  ApplyFailure,
  CounterStore,
  CurrentWindows,
  Placement,
  Reading,
  Rotated,
  Snapshot,
  Which,
  WindowRef,
} from '../store/counter-store.ts'

const LARGEST = 2n ** 63n - 1n
const SMALLEST = -(2n ** 63n)
/** As in the scripts of the Redis store: so far ahead, a window was begun while a clock was wrong. */
const MAX_LENGTHS_AHEAD = 2

/** One interval's windows. */
interface Windows {
  current: EpochSeconds
  lastStart: EpochSeconds
  cur: Map<string, bigint>
  last: Map<string, bigint>
}

/**
 * A store in the memory of one process, for unit tests of programs that count: hand it to EventCountLogger and to Master
 * in the place of a backend. Keeps the whole contract, and is what the other stores are compared with.
 */
export class MemoryStore implements CounterStore {
  readonly connected = true
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #windows = new Map<string, Windows>()
  readonly #lastApplied = new Map<string, number>()

  /** @param clock whose time of day is the store's; such as a ManualClock */
  constructor(clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#clock = clock
  }

  async apply(batch: Batch): Promise<Applied> {
    const timed = { storeTimeMs: this.#clock.wallMs(), roundTripMs: 0 }
    const client = `${batch.group.name}\n${batch.clientId}`
    const lastApplied = this.#lastApplied.get(client) ?? 0
    if (batch.number <= lastApplied) return { ...timed, status: 'duplicate' }
    if (batch.follows !== lastApplied) return { ...timed, status: 'gap', lastApplied }

    const now = Math.floor(timed.storeTimeMs / 1000)
    const at = batch.at === undefined ? undefined : Math.min(batch.at, now)
    const placements = batch.intervals.map((interval) =>
      this.#place(batch.group, interval, at, now),
    )
    if (batch.mayHold && placements.includes('ahead')) return { ...timed, status: 'hold' }

    this.#lastApplied.set(client, batch.number)
    const failures: ApplyFailure[] = []
    batch.intervals.forEach((interval, index) => {
      const windows = this.#windowsOf(batch.group, interval, at ?? now, now)
      const counts = placements[index] === 'last' ? windows.last : windows.cur
      for (const [event, count] of batch.counts) {
        const name = boundedName(batch, counts, event)
        const sum = BigInt(addCounts(counts.get(name) ?? 0n, count))
        if (sum > LARGEST || sum < SMALLEST) {
          failures.push({ interval, event, retry: false, message: 'the sum would overflow' })
        } else counts.set(name, sum)
      }
    })
    return { ...timed, status: 'applied', placements, failures }
  }

  async rotate(group: GroupSpec, interval: Interval): Promise<Rotated> {
    const storeTimeMs = this.#clock.wallMs()
    const window = windowStart(storeTimeMs / 1000, interval)
    const windows = this.#windows.get(keyOf(group, interval))
    if (windows === undefined) {
      const begun = this.#windowsOf(group, interval, window, window)
      begun.cur = declaredZeroes(group)
      begun.last = declaredZeroes(group)
      return { status: 'begun', current: window, storeTimeMs }
    }
    const was = windows.current
    if (was > window + MAX_LENGTHS_AHEAD * interval.seconds) {
      windows.current = window
      return { status: 'reset', current: window, was, storeTimeMs }
    }
    if (was >= window) return { status: 'already', current: was, storeTimeMs }
    windows.last = new Map([...declaredZeroes(group), ...windows.cur])
    windows.lastStart = was
    windows.current = window
    windows.cur = declaredZeroes(group)
    const end = (was + interval.seconds) as EpochSeconds
    const events = windows.last.size
    return { status: 'rotated', start: was, end, current: window, events, storeTimeMs }
  }

  async read(group: GroupSpec, interval: Interval, which: Which): Promise<Reading> {
    const windows = this.#windows.get(keyOf(group, interval))
    const cur = snapshotOf(group, interval, windows?.current, windows?.cur)
    const last = snapshotOf(group, interval, windows?.lastStart, windows?.last)
    return {
      storeTimeMs: this.#clock.wallMs(),
      current: windows?.current,
      ...(which !== 'last' && { cur }),
      ...(which !== 'cur' && { last }),
    }
  }

  async windows(windows: readonly WindowRef[]): Promise<CurrentWindows> {
    const states = windows.map(({ group, interval }) => ({
      current: this.#windows.get(keyOf(group, interval))?.current,
      foreign: false,
    }))
    return { storeTimeMs: this.#clock.wallMs(), roundTripMs: 0, states }
  }

  async adoptForeignEvents(): Promise<void> {}

  async warnings(): Promise<readonly string[]> {
    return []
  }

  onConnect(): void {}

  async close(): Promise<void> {}

  #place(group: GroupSpec, interval: Interval, at: number | undefined, now: number): Placement {
    if (at === undefined) return 'cur'
    const stamp = windowStart(at, interval)
    const windows = this.#windows.get(keyOf(group, interval))
    if (windows === undefined) {
      const begin = beginning(at, now, interval)
      if (stamp === begin) return 'cur'
      return stamp === begin - interval.seconds ? 'last' : 'late'
    }
    if (stamp === windows.current) return 'cur'
    if (stamp > windows.current) return 'ahead'
    return stamp === windows.lastStart ? 'last' : 'late'
  }

  #windowsOf(group: GroupSpec, interval: Interval, at: number, now: number): Windows {
    const key = keyOf(group, interval)
    const known = this.#windows.get(key)
    if (known !== undefined) return known
    const current = beginning(at, now, interval)
    const lastStart = (current - interval.seconds) as EpochSeconds
    const begun = { current, lastStart, cur: new Map(), last: new Map() }
    this.#windows.set(key, begun)
    return begun
  }
}

/** The first window is no older than the one before now. */
function beginning(at: number, now: number, interval: Interval): EpochSeconds {
  const oldest = windowStart(now, interval) - interval.seconds
  return Math.max(windowStart(at, interval), oldest) as EpochSeconds
}

function keyOf(group: GroupSpec, interval: Interval): string {
  return `${group.name}:${interval.spec}`
}

function declaredZeroes(group: GroupSpec): Map<string, bigint> {
  return new Map(group.events.map((event) => [event, 0n]))
}

function boundedName(
  { group, declared }: Batch,
  counts: ReadonlyMap<string, bigint>,
  event: string,
): string {
  if (group.maxEvents === undefined || counts.has(event) || declared.has(event)) return event
  return counts.size >= group.maxEvents ? group.overflowEvent : event
}

function snapshotOf(
  group: GroupSpec,
  interval: Interval,
  start: EpochSeconds | undefined,
  stored: ReadonlyMap<string, bigint> = new Map(),
): Snapshot {
  const counts = declaredZeroes(group)
  for (const [event, count] of stored) {
    if (group.dynamic || counts.has(event)) counts.set(event, count)
  }
  const end = start === undefined ? undefined : ((start + interval.seconds) as EpochSeconds)
  return { start, end, counts, unreadable: [] }
}
