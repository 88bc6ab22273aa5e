import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import type { Batch } from '../../src/batch.ts'
import type { GroupSpec, Layout } from '../../src/group-spec.ts'
import { type Interval, windowStart } from '../../src/interval.ts'
import type { ApplyOutcome, Placement, Rotated } from '../../src/store/counter-store.ts'

/** Counts of one event in one interval that a batch has brought. */
interface Entry {
  readonly clientId: string
  readonly interval: Interval
  /** The window in which they happened. */
  readonly own: number
  /** The window in which they are; undefined where the store has refused them. */
  readonly landed: number | undefined
  readonly event: string
  readonly n: number
}

interface Account {
  readonly number: number
  readonly lastUse: number
  readonly applied: number
  readonly refused: number
  readonly late: number
}

/** A place of a window that holds something else than a count. */
interface Wrong {
  readonly layout: Layout
  readonly interval: Interval
  readonly start: number
  readonly event: string
}

/** All that a crash can undo. */
interface State {
  windows: Map<Interval, { readonly current: number; readonly last: number }>
  accounts: Map<string, Account>
  entries: Entry[]
  /** By layout, interval and window: the events that it names, which `max_events` bounds. */
  names: Map<string, Set<string>>
  /** Places that hold something else than a count. */
  wrong: Wrong[]
}

const STRANGER = 'python'
const NOBODY: Account = { number: 0, lastUse: 0, applied: 0, refused: 0, late: 0 }

/**
 * What a store is: windows, numbers, and counts in the order in which they came. It holds each reply of the store that
 * is being tested against the one that the protocol demands.
 */
export class ReferenceStore {
  readonly #group: GroupSpec
  #state: State = {
    windows: new Map(),
    accounts: new Map(),
    entries: [],
    names: new Map(),
    wrong: [],
  }

  constructor(group: GroupSpec) {
    this.#group = group
  }

  /** Remembers everything, to be gone back to. */
  checkpoint(): () => void {
    const { windows, accounts, entries, names, wrong } = this.#state
    const copy: State = {
      windows: new Map(windows),
      accounts: new Map(accounts),
      entries: [...entries],
      names: new Map(Array.from(names, ([key, set]) => [key, new Set(set)])),
      wrong: [...wrong],
    }
    return () => {
      this.#state = copy
    }
  }

  windowsOf(interval: Interval): { readonly current: number; readonly last: number } | undefined {
    return this.#state.windows.get(interval)
  }

  accountOf(clientId: string): Account | undefined {
    return this.#state.accounts.get(clientId)
  }

  get clientIds(): string[] {
    return [...this.#state.accounts.keys()]
  }

  /** The counts that are in a window, without zeroes. */
  contents(interval: Interval, start: number): Counts {
    return sums(
      this.#state.entries.filter((one) => one.interval === interval && one.landed === start),
    )
  }

  /** What a client has sent that happened in a window, wherever it is and whether it was refused or not. */
  broughtBy(clientId: string, interval: Interval, own?: number): readonly Entry[] {
    return this.#state.entries.filter(
      (one) =>
        one.clientId === clientId &&
        one.interval === interval &&
        (own === undefined || one.own === own),
    )
  }

  /** The sum of what is in a window and does not belong there. */
  strangers(interval: Interval, start: number): number {
    const here = this.#state.entries.filter(
      (one) => one.interval === interval && one.landed === start,
    )
    return total(here.filter((one) => one.own !== start || one.clientId === STRANGER))
  }

  /** Holds the reply to a batch against what it has to be, and takes it in. @returns whether counts were misplaced */
  took(batch: Batch, reply: ApplyOutcome, nowMs: number): boolean {
    const account = this.#state.accounts.get(batch.clientId) ?? NOBODY
    if (batch.number <= account.number) {
      expect(reply.status).toBe('duplicate')
      return false
    }
    if (batch.follows !== account.number) {
      expect(reply).toMatchObject({ status: 'gap', lastApplied: account.number })
      return false
    }
    const now = Math.floor(nowMs / 1000)
    const at = Math.min(batch.at ?? now, now)
    const places = batch.intervals.map((interval) => this.#place(interval, at, now, batch.at))
    const placements = places.map(({ placement }) => placement)
    if (batch.mayHold && placements.includes('ahead')) {
      expect(reply.status).toBe('hold')
      return false
    }
    if (reply.status !== 'applied') {
      expect(reply.status).toBe('applied')
      return false
    }
    demand(reply.placements, placements)
    const failed = new Set(reply.failures.map(({ interval, event }) => `${interval.spec} ${event}`))
    const entries = places.flatMap((place) => this.#enter(batch, place, at, failed))
    const misplaced = placements.some((one) => one === 'late' || one === 'ahead')
    this.#book(batch, account, entries, misplaced, now)
    return misplaced && entries.length > 0
  }

  /** Holds the reply to a rotation against what it has to be, and takes it in. */
  rotated(interval: Interval, reply: Rotated, nowMs: number): void {
    const window = windowStart(nowMs / 1000, interval)
    const windows = this.#state.windows.get(interval)
    if (windows === undefined) {
      expect(reply).toMatchObject({ status: 'begun', current: window })
      this.#begin(interval, window)
      for (const start of [window, window - interval.seconds]) this.#declare(interval, start)
      return
    }
    if (windows.current >= window) {
      expect(reply).toMatchObject({ status: 'already', current: windows.current })
      return
    }
    expect(reply).toMatchObject({ status: 'rotated', start: windows.current, current: window })
    this.#state.windows.set(interval, { current: window, last: windows.current })
    for (const start of [window, windows.current]) this.#declare(interval, start)
    // A hash is moved with all that is in it. Of keys, what the index does not name is left where it is.
    const named = this.#names('keys', interval, windows.current)
    this.#state.wrong = this.#state.wrong.flatMap((one) => {
      const isMine = one.interval === interval && one.start === windows.current
      if (one.layout === 'hash' || !isMine) return one
      return named.has(one.event) ? [] : { ...one, start: window }
    })
  }

  /** Something else than a count has been put in an event's place in the current window. */
  misplaced(interval: Interval, event: string): void {
    const start = this.#state.windows.get(interval)?.current
    if (start === undefined) return
    this.#state.wrong.push({ layout: this.#group.layout, interval, start, event })
    this.#nameInHash(interval, event)
  }

  /** Somebody else has counted in the current window. */
  countedForeign(interval: Interval, event: string, n: number): void {
    const current = this.#state.windows.get(interval)?.current
    if (current === undefined) return
    this.#nameInHash(interval, event)
    this.#state.entries.push({
      ...{ clientId: STRANGER, interval, own: current, landed: current, event, n },
    })
  }

  #place(interval: Interval, at: number, now: number, stamp: number | undefined) {
    const own = windowStart(at, interval)
    const windows =
      this.#state.windows.get(interval) ??
      this.#begin(interval, Math.max(own, windowStart(now, interval) - interval.seconds))
    let placement: Placement = 'late'
    if (stamp === undefined || own === windows.current) placement = 'cur'
    else if (own > windows.current) placement = 'ahead'
    else if (own === windows.last) placement = 'last'
    return { interval, placement, landed: placement === 'last' ? windows.last : windows.current }
  }

  #begin(interval: Interval, current: number) {
    const windows = { current, last: current - interval.seconds }
    this.#state.windows.set(interval, windows)
    return windows
  }

  #enter(
    batch: Batch,
    { interval, landed }: { readonly interval: Interval; readonly landed: number },
    at: number,
    failed: ReadonlySet<string>,
  ): Entry[] {
    const own = windowStart(at, interval)
    const { layout } = batch.group
    const names = this.#names(layout, interval, landed)
    const isDeclared = ([event]: Batch['counts'][number]) => batch.declared.has(event)
    // Declared events of the same batch leave others their room.
    const counts = [
      ...batch.counts.filter((one) => !isDeclared(one)),
      ...batch.counts.filter(isDeclared),
    ]
    const { maxEvents, overflowEvent } = this.#group
    return counts.map(([given, n]) => {
      const bounded = maxEvents !== undefined && !names.has(given) && !batch.declared.has(given)
      const event = bounded && names.size >= maxEvents ? overflowEvent : given
      names.add(event)
      const place = { layout, interval, start: landed, event }
      const isWrong = this.#state.wrong.some((one) => isDeepStrictEqual(one, place))
      demand({ event, failed: failed.has(`${interval.spec} ${given}`) }, { event, failed: isWrong })
      const entry = {
        ...{ clientId: batch.clientId, interval, own, event, n: Number(n) },
        landed: isWrong ? undefined : landed,
      }
      this.#state.entries.push(entry)
      return entry
    })
  }

  #book(
    batch: Batch,
    account: Account,
    entries: readonly Entry[],
    misplaced: boolean,
    now: number,
  ): void {
    const booked = entries.filter(({ interval }) => interval === this.#group.intervals[0])
    const taken = total(booked.filter(({ landed }) => landed !== undefined))
    this.#state.accounts.set(batch.clientId, {
      number: batch.number,
      lastUse: now,
      applied: account.applied + taken,
      refused: account.refused + total(booked) - taken,
      late: account.late + (misplaced ? taken : 0),
    })
  }

  /** A hash is its own index, of whoever has put something there. */
  #nameInHash(interval: Interval, event: string): void {
    const current = this.#state.windows.get(interval)?.current
    if (this.#group.layout !== 'hash' || current === undefined) return
    this.#names('hash', interval, current).add(event)
  }

  #names(layout: Layout, interval: Interval, start: number): Set<string> {
    const key = `${layout} ${interval.spec} ${start}`
    const known = this.#state.names.get(key)
    if (known !== undefined) return known
    const names = new Set<string>()
    this.#state.names.set(key, names)
    return names
  }

  #declare(interval: Interval, start: number): void {
    // In a hash no zero is kept.
    if (this.#group.layout === 'hash') return
    const names = this.#names('keys', interval, start)
    for (const event of this.#group.events) names.add(event)
  }
}

/** Event → count. */
export type Counts = Record<string, number>

/** Demands that two things are equal; quicker than jest where they are. Undefined properties are none. */
export function demand(is: object, has: object): void {
  if (!isDeepStrictEqual(is, has)) expect(is).toEqual(has)
}

/** Adds up counts by event, and leaves out what is 0. */
export function sums(entries: Iterable<{ readonly event: string; readonly n: number }>): Counts {
  const found = new Map<string, number>()
  for (const { event, n } of entries) found.set(event, (found.get(event) ?? 0) + n)
  return withoutZeroes(found)
}

/** Counts in the order of their names, without zeroes. */
export function withoutZeroes(counts: Iterable<readonly [string, number | bigint]>): Counts {
  const left = Array.from(counts, ([event, n]) => [event, Number(n)] as const)
    .filter(([, n]) => n !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(left)
}

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, { n }) => sum + n, 0)
}
