import type { ClientAccount, EpochSeconds, Interval, Placement } from 'ecl-core'
import { enterClient, findClient } from './clients.ts'
import type { Statements } from './counter-file.ts'
import type { ApplyRequest, FailureAt, StoredOutcome } from './messages.ts'
import { tally } from './rotate.ts'
import { beginSeries, findSeries, generationOf, type Series, windowStart } from './series.ts'

/** Client entries of those that have said farewell are kept for as long as a copy of a batch may be under way. */
const CLOSED_LIFE_SECONDS = 300
/** Every so many batches of a client. */
const TIDY_EVERY = 8
const LARGEST = 2n ** 63n - 1n
const SMALLEST = -(2n ** 63n)
const NONE: ReadonlySet<string> = new Set()

type Declared = () => ReadonlySet<string>

/** Where one interval's counts go. */
interface Target {
  readonly interval: Interval
  /** Undefined where the first window is to be begun. */
  readonly series: Series | undefined
  readonly current: number
  readonly placement: Placement
  /** When the counts were made, whole seconds. */
  readonly at: number
}

/**
 * Adds one batch of counts, once, in the window in which they happened. In one transaction: number, books and counts go
 * in together, or nothing does.
 *
 * @param statements of the transaction
 * @param batch what is to be added
 * @param now the store's clock, whole seconds
 * @param declared the declared events of a group that has a bound
 */
export function apply(
  statements: Statements,
  batch: ApplyRequest,
  now: number,
  declared: Declared,
): StoredOutcome {
  const known = findClient(statements, batch.group, batch.clientId)
  const lastApplied = known?.number ?? 0
  if (batch.number <= lastApplied) return { status: 'duplicate', lastApplied }
  if (batch.follows !== lastApplied) return { status: 'gap', lastApplied }
  // A logger whose clock runs ahead.
  const at = batch.at === undefined ? undefined : Math.min(batch.at, now)
  const targets = batch.intervals.map((interval) =>
    place(statements, batch.group, interval, at, now),
  )
  if (batch.mayHold && targets.some(({ placement }) => placement === 'ahead')) {
    return { status: 'hold' }
  }
  const failures = targets.flatMap((target, index) =>
    add(statements, batch, target, declared).map((event) => ({ interval: index, event })),
  )
  const placements = targets.map(({ placement }) => placement)
  if (batch.number % TIDY_EVERY === 1) tidyClients(statements, batch, now)
  enterClient(statements, batch.group, accountOf(batch, known, { now, at, placements, failures }))
  return { status: 'applied', placements, failures }
}

function place(
  statements: Statements,
  group: string,
  interval: Interval,
  at: number | undefined,
  now: number,
): Target {
  const series = findSeries(statements, group, interval.spec)
  const stamp = windowStart(at ?? now, interval)
  // The first window is no older than the one before now, or a rotation would find a window long gone.
  const oldest = windowStart(now, interval) - interval.seconds
  const current = series?.current ?? Math.max(stamp, oldest)
  const last = series?.last ?? current - interval.seconds
  const placement = at === undefined ? 'cur' : placementOf(stamp, current, last)
  return { interval, series, current, placement, at: at ?? now }
}

function placementOf(stamp: number, current: number, last: number): Placement {
  if (stamp === current) return 'cur'
  if (stamp > current) return 'ahead'
  return stamp === last ? 'last' : 'late'
}

/** @returns the places in the batch of those that could not be added */
function add(
  statements: Statements,
  batch: ApplyRequest,
  { interval, series: found, current, placement, at }: Target,
  declared: Declared,
): number[] {
  const series = found ?? beginSeries(statements, batch.group, interval, current, 'batch')
  const part = placement === 'last' ? 'last' : 'cur'
  const window = { series: series.id, generation: generationOf(series, part) }
  // From then on, a window has a place for each declared event.
  const reserved = () => (series.generation > 1 ? declared() : NONE)
  const names = boundedNames(statements, batch, window, reserved)
  const failures: number[] = []
  let taken = 0n
  names.forEach((event, index) => {
    const n = BigInt(batch.counts[index] ?? 0)
    const fits = n <= LARGEST && n >= SMALLEST
    if (fits && Number(statements.addCount.run({ ...window, event, n }).changes) === 1) taken += n
    else failures.push(index)
  })
  mark(statements, series, placement, taken, apartUntil(batch, interval, placement, at))
  return failures
}

/**
 * The latest window's stamp that has counts of the batch in another window, as nobody had begun it, or several were
 * merged; 0 for none.
 */
function apartUntil(
  batch: ApplyRequest,
  interval: Interval,
  placement: Placement,
  at: number,
): number {
  const latest = batch.mixedWith ?? at
  const mixed = windowStart(latest, interval) === windowStart(at, interval) ? 0 : latest
  return placement === 'ahead' ? Math.max(at, mixed) : mixed
}

/** Writes down what will tell whether the windows are complete. */
function mark(
  statements: Statements,
  series: Series,
  placement: Placement,
  taken: bigint,
  apart: number,
): void {
  let { ahead } = series
  let { cur, last } = series.sums
  // What happened in this window and came by way of a logger: where the counts add up to something else, there are
  // others among them.
  if (placement === 'cur') cur += taken
  if (placement === 'last') last += taken
  ahead = Math.max(ahead, apart)
  // What was published of the last window is not what it is now.
  const published = placement === 'last' ? '' : series.published
  if (![cur, last].every((sum) => sum <= LARGEST && sum >= SMALLEST)) ({ cur, last } = series.sums)
  const changes = taken !== 0n || ahead !== series.ahead || published !== series.published
  if (!changes) return
  statements.markSeries.run({
    ...{ id: series.id, current_sum: cur, last_sum: last },
    ...{ ahead, published },
  })
}

/** The names to count under: what is over the bound of a group goes to its overflow event. */
function boundedNames(
  statements: Statements,
  { events, bound }: ApplyRequest,
  window: { readonly series: number; readonly generation: number },
  reserved: () => ReadonlySet<string>,
): readonly string[] {
  if (bound === undefined) return events
  const { maxEvents, overflowEvent, exempt } = bound
  // Tallied only where there is an event that is new to the window.
  let size: number | undefined
  return events.map((event, index) => {
    if (exempt[index] === true) return event
    if (statements.findCount.get({ ...window, event }) !== undefined) return event
    if (reserved().has(event)) return event
    size ??= tally(statements, window.series, window.generation, reserved())
    if (size >= maxEvents) return overflowEvent
    size++
    return event
  })
}

function tidyClients(statements: Statements, batch: ApplyRequest, now: number): void {
  statements.clampClients.run({
    group_name: batch.group,
    latest: now + batch.leaseSeconds,
    long_ago: now - batch.lifeSeconds + CLOSED_LIFE_SECONDS,
  })
  statements.forgetClients.run({
    group_name: batch.group,
    closed_before: now - CLOSED_LIFE_SECONDS,
    open_before: now - batch.lifeSeconds,
  })
}

interface Result {
  readonly now: number
  readonly at: number | undefined
  readonly placements: readonly Placement[]
  readonly failures: readonly FailureAt[]
}

/** The books are kept by one interval, or an event would count as often as there are intervals. */
function accountOf(
  batch: ApplyRequest,
  known: ClientAccount | undefined,
  { now, at, placements, failures }: Result,
): ClientAccount {
  const sumOf = (counts: readonly (number | bigint)[]) =>
    counts.reduce<number>((sum, count) => sum + Number(count), 0)
  const isBooked = batch.booked >= 0
  const sum = isBooked ? sumOf(batch.counts) : 0
  const failed = sumOf(
    failures
      .filter(({ interval }) => isBooked && interval === batch.booked)
      .map(({ event }) => batch.counts[event] ?? 0),
  )
  const misplaced = placements.some((one) => one === 'late' || one === 'ahead')
  // A client whose clock is ahead has not seen what is to come, and is not flushed through what was not taken.
  const limit = failures.length === 0 ? now : (at ?? now)
  // Its next batch says whether what was not taken is lost; there may be none.
  const lossUntil = failures.length === 0 ? batch.lossUntil : Math.max(batch.lossUntil, now + 1)
  return {
    clientId: batch.clientId,
    number: batch.number,
    lastUse: now as EpochSeconds,
    closed: batch.closes,
    acknowledged: false,
    through: Math.min(batch.through, limit) as EpochSeconds,
    lossUntil: lossUntil as EpochSeconds,
    ...batch.books,
    applied: (known?.applied ?? 0) + sum - failed,
    refused: (known?.refused ?? 0) + failed - (batch.isRest ? sum : 0),
    late: (known?.late ?? 0) + (misplaced ? sum - failed : 0),
  }
}
