import { addCounts, type Batch, sumCounts } from '../batch.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { GroupSpec } from '../group-spec.ts'
import { type EpochSeconds, type Interval, windowStart } from '../interval.ts'
import { judge, LEASE_SECONDS } from '../store/completeness.ts'
import type {
  Accounts,
  Acknowledgement,
  Adopted,
  Applied,
  ApplyFailure,
  ClientAccount,
  CounterStore,
  CurrentWindows,
  Placement,
  Reading,
  Rotated,
  Snapshot,
  StoreReadOptions,
  Which,
  WindowRef,
} from '../store/counter-store.ts'
import { withToken } from '../twins.ts'

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
  /** What loggers have put there that happened there. */
  sums: Record<'cur' | 'last', bigint>
  /** When the latest counts were made that were put into `cur` though the next window should have begun. */
  ahead: number
}

/**
 * A store in the memory of one process, for unit tests of programs that count: hand it to EventCountLogger and to Master
 * in the place of a backend. Keeps the whole contract, and is what the other stores are compared with.
 */
export class MemoryStore implements CounterStore {
  readonly connected = true
  readonly #clock: Pick<Clock, 'wallMs' | 'monotonicMs'>
  #windows = new Map<string, Windows>()
  readonly lossWindowMs = 2500
  #clients = new Map<string, ClientAccount>()
  /** Of the last batches of each client. */
  #tokens = new Map<string, string>()

  /** @param clock whose time of day is the store's, and which is the logger's otherwise; such as a ManualClock */
  constructor(clock: Pick<Clock, 'wallMs' | 'monotonicMs'> = systemClock) {
    this.#clock = clock
  }

  async apply(batch: Batch): Promise<Applied> {
    const timed = { storeTimeMs: this.#clock.wallMs(), sentMs: this.#clock.monotonicMs() }
    const client = keyOfClient(batch.group, batch.clientId)
    const known = this.#clients.get(client)
    const lastApplied = known?.number ?? 0
    const tokens = this.#tokens.get(client) ?? ''
    if (batch.number <= lastApplied) return { ...timed, status: 'duplicate', lastApplied, tokens }
    if (batch.follows !== lastApplied) return { ...timed, status: 'gap', lastApplied, tokens }

    const now = Math.floor(timed.storeTimeMs / 1000)
    const at = batch.at === undefined ? undefined : Math.min(batch.at, now)
    const placements = batch.intervals.map((interval) =>
      this.#place(batch.group, interval, at, now),
    )
    if (batch.mayHold && placements.includes('ahead')) return { ...timed, status: 'hold' }

    const failures = batch.intervals.flatMap((interval, index) => {
      const windows = this.#windowsOf(batch.group, interval, at ?? now, now)
      if (placements[index] === 'ahead') windows.ahead = Math.max(windows.ahead, at ?? now)
      windows.ahead = Math.max(windows.ahead, mixedWith(batch, interval, at ?? now))
      return addTo(windows, placements[index] ?? 'cur', batch, interval)
    })
    this.#tokens.set(client, withToken(tokens, batch.token))
    this.#clients.set(client, accountOf(batch, known, now, placements, failures))
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
      windows.sums.cur = 0n
      windows.ahead = 0
      return { status: 'reset', current: window, was, storeTimeMs }
    }
    if (was >= window) return { status: 'already', current: was, storeTimeMs }
    windows.last = new Map([...declaredZeroes(group), ...windows.cur])
    windows.lastStart = was
    windows.current = window
    windows.cur = declaredZeroes(group)
    // What was put into the window before it is missing from the new one.
    windows.sums = { cur: 0n, last: windows.sums.cur }
    const end = (was + interval.seconds) as EpochSeconds
    const events = windows.last.size
    return { status: 'rotated', start: was, end, current: window, events, storeTimeMs }
  }

  async read(
    group: GroupSpec,
    interval: Interval,
    which: Which,
    { completeness: judged = false, client }: StoreReadOptions = {},
  ): Promise<Reading> {
    const windows = this.#windows.get(keyOf(group, interval))
    const storeTimeMs = this.#clock.wallMs()
    const snapshot = (part: 'cur' | 'last'): Snapshot => {
      const start = part === 'cur' ? windows?.current : windows?.lastStart
      const taken = snapshotOf(group, interval, start, windows?.[part])
      if (!judged) return taken
      let storedSum = 0n
      for (const count of windows?.[part].values() ?? []) storedSum += count
      const completeness = judge({
        group,
        interval,
        start,
        storedSum,
        loggedSum: windows?.sums[part] ?? 0n,
        aheadAt: windows?.ahead ?? 0,
        isForeign: false,
        isCurrent: part === 'cur',
        storeTimeMs,
        clients: this.#clientsOf(group),
      })
      return { ...taken, completeness }
    }
    return {
      storeTimeMs,
      current: windows?.current,
      ...(client !== undefined && { lastApplied: this.#numberOf(group, client) }),
      ...(which !== 'last' && { cur: snapshot('cur') }),
      ...(which !== 'cur' && { last: snapshot('last') }),
    }
  }

  async accounts(group: GroupSpec): Promise<Accounts> {
    return { storeTimeMs: this.#clock.wallMs(), clients: this.#clientsOf(group) }
  }

  async acknowledgeClient(group: GroupSpec, clientId: string): Promise<Acknowledgement> {
    const key = `${group.name}\n${clientId}`
    const client = this.#clients.get(key)
    if (client === undefined) return 'unknown'
    if (client.closed) return 'closed'
    const now = Math.floor(this.#clock.wallMs() / 1000)
    if (Math.abs(now - client.lastUse) < LEASE_SECONDS) return 'alive'
    this.#clients.set(key, { ...client, acknowledged: true })
    return 'acknowledged'
  }

  /** Remembers all there is, to be gone back to: what a crash without the last writes does. */
  checkpoint(): () => void {
    const copy = structuredClone({
      windows: this.#windows,
      clients: this.#clients,
      tokens: this.#tokens,
    })
    return () => {
      const { windows, clients, tokens } = structuredClone(copy)
      this.#windows = windows
      this.#clients = clients
      this.#tokens = tokens
    }
  }

  async windows(windows: readonly WindowRef[]): Promise<CurrentWindows> {
    const states = windows.map(({ group, interval }) => ({
      current: this.#windows.get(keyOf(group, interval))?.current,
      foreign: false,
    }))
    return { storeTimeMs: this.#clock.wallMs(), sentMs: this.#clock.monotonicMs(), states }
  }

  async adoptForeignEvents(): Promise<Adopted> {
    return { groups: [], isPartial: false }
  }

  async warnings(): Promise<readonly string[]> {
    return []
  }

  onConnect(): void {}

  async close(): Promise<void> {}

  #numberOf(group: GroupSpec, clientId: string): number {
    return this.#clients.get(keyOfClient(group, clientId))?.number ?? 0
  }

  #clientsOf(group: GroupSpec): ClientAccount[] {
    const prefix = keyOfClient(group, '')
    return Array.from(this.#clients)
      .filter(([key]) => key.startsWith(prefix))
      .map(([, account]) => account)
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
  }

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
    const begun: Windows = {
      current,
      lastStart,
      cur: new Map(),
      last: new Map(),
      sums: { cur: 0n, last: 0n },
      ahead: 0,
    }
    this.#windows.set(key, begun)
    return begun
  }
}

/** The latest stamp whose window of an interval has counts in another one, as they were merged; 0 for none. */
function mixedWith(batch: Batch, interval: Interval, at: number): number {
  const latest = batch.mixedWith ?? at
  return windowStart(latest, interval) === windowStart(at, interval) ? 0 : latest
}

/** Adds a batch's counts in one interval. @returns those that it could not add */
function addTo(
  windows: Windows,
  placement: Placement,
  batch: Batch,
  interval: Interval,
): ApplyFailure[] {
  const part = placement === 'last' ? 'last' : 'cur'
  const counts = windows[part]
  const failures: ApplyFailure[] = []
  // Declared events of the same batch leave others their room.
  const isDeclared = ([event]: Batch['counts'][number]) => batch.declared.has(event)
  const others = batch.counts.filter((entry) => !isDeclared(entry))
  for (const [event, count] of [...others, ...batch.counts.filter(isDeclared)]) {
    const name = boundedName(batch, counts, event)
    const sum = BigInt(addCounts(counts.get(name) ?? 0n, count))
    if (sum > LARGEST || sum < SMALLEST) {
      failures.push({ interval, event, retry: false, message: 'the sum would overflow' })
      continue
    }
    counts.set(name, sum)
    if (placement === 'cur' || placement === 'last') windows.sums[part] += BigInt(count)
  }
  return failures
}

/** The books are kept by the group's first interval. */
function accountOf(
  batch: Batch,
  known: ClientAccount | undefined,
  now: number,
  placements: readonly Placement[],
  failures: readonly ApplyFailure[],
): ClientAccount {
  const [booked] = batch.group.intervals
  const counts = new Map(batch.counts)
  const isBooked = booked !== undefined && batch.intervals.includes(booked)
  const failed = sumCounts(
    failures
      .filter(({ interval }) => interval === booked)
      .map(({ event }) => [event, counts.get(event) ?? 0]),
  )
  const sum = isBooked ? sumCounts(batch.counts) : 0
  const misplaced = placements.some((one) => one === 'late' || one === 'ahead')
  return {
    clientId: batch.clientId,
    number: batch.number,
    lastUse: now as EpochSeconds,
    closed: batch.closes,
    acknowledged: false,
    // A client whose clock is ahead has not seen what is to come.
    through: Math.min(
      batch.through,
      failures.length === 0 ? now : (batch.at ?? now),
    ) as EpochSeconds,
    // Its next batch says whether what was not taken is lost; there may be none.
    lossUntil: (failures.length === 0
      ? batch.lossUntil
      : Math.max(batch.lossUntil, now + 1)) as EpochSeconds,
    ...batch.books,
    applied: (known?.applied ?? 0) + sum - failed,
    refused: (known?.refused ?? 0) + failed - (batch.isRest ? sum : 0),
    late: (known?.late ?? 0) + (misplaced ? sum - failed : 0),
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

function keyOfClient(group: GroupSpec, clientId: string): string {
  return `${group.name}\n${clientId}`
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
