import type { GroupsConfig } from 'ecl-core'
import { resolveGroups } from 'ecl-core'
import type { AckedLine, EventCounts, LoggedLine, SlowLine } from './journal.ts'
import { lookedAtAs } from './scenario.ts'

/** What a crash takes away is acknowledged once more within that time. */
const REPEATED_MS = 60_000
/** So exactly is it kept when the store has heard a logger. */
const HEARD_EVERY_MS = 500

/** What is known of one event's counts in one window, from one logger. */
interface Cell {
  /** Counted in this window for sure. */
  sure: number
  /** Counted in this window or in a neighbouring one. */
  vague: number
  /** Acknowledged by the store. */
  acked: number
  /** Of those, in this window for sure. */
  placed: number
}

/**
 * Counts that were acknowledged, and are in another window than the one in which they were made; or perhaps so, where
 * the answer that told was lost, or counts of several windows were in one batch.
 */
export interface Move {
  readonly event: string
  /** Start of the window of their stamp: they were made in it, or after it, where a logger has put late ones together. */
  readonly stamp: number
  /** When they were acknowledged, ms: they are in the window that was current then. */
  readonly ackedMs: number
  readonly n: number
}

/** How many counts there may be. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

type Writable = { -readonly [K in keyof Bounds]: Bounds[K] }

/** What one logger has counted, as its journal tells. */
export class LoggerTruth {
  readonly name: string
  /** When it ended, ms since the epoch, and how; undefined while it runs. */
  ended: { readonly atMs: number; readonly killed: boolean } | undefined
  readonly cells = new Map<string, Map<number, Map<string, Cell>>>()
  /** `group:interval` → what is in another window. */
  readonly moves = new Map<string, Move[]>()
  /** When the store heard each client, ms, in order: group → times. */
  readonly heardMs = new Map<string, number[]>()
  /** Client → its group. */
  readonly clients = new Map<string, string>()
  /** Group → how many events were counted, in all. */
  readonly loggedEvents = new Map<string, number>()
  readonly #lengths: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** The last answer to each batch: after a crash of the store, it is sent and acknowledged once more. */
  readonly #acked = new Map<string, AckedLine>()

  constructor(name: string, groups: GroupsConfig) {
    this.name = name
    this.#lengths = new Map(
      resolveGroups(groups).map((group) => [
        group.name,
        new Map(group.intervals.map(({ spec, seconds }) => [spec, seconds])),
      ]),
    )
  }

  /** Enters what it was about to count. */
  logged({ at, vague, counts }: LoggedLine): void {
    for (const [group, events] of Object.entries(counts)) {
      const sum = Object.values(events).reduce((all, n) => all + n, 0)
      this.loggedEvents.set(group, (this.loggedEvents.get(group) ?? 0) + sum)
    }
    this.#count(at, counts, (cell, n) => {
      if (vague === true) cell.vague += n
      else cell.sure += n
    })
  }

  /** Enters that what was logged may be in a neighbouring window. */
  slow({ at, counts }: SlowLine): void {
    this.#count(at, counts, (cell, n) => {
      cell.sure -= n
      cell.vague += n
    })
  }

  #count(
    atMs: number,
    counts: Readonly<Record<string, EventCounts>>,
    enter: (cell: Cell, n: number) => void,
  ): void {
    for (const [group, events] of Object.entries(counts)) {
      for (const [interval, seconds] of this.#lengths.get(group) ?? []) {
        for (const [event, n] of Object.entries(events)) {
          enter(this.#cell(group, interval, startOf(atMs / 1000, seconds), event), n)
        }
      }
    }
  }

  /** Enters what was acknowledged. */
  acked(line: AckedLine): void {
    const heard = this.heardMs.get(line.group) ?? []
    this.heardMs.set(line.group, heard)
    if (line.storeMs - (heard.at(-1) ?? 0) >= HEARD_EVERY_MS) heard.push(line.storeMs)
    const batch = `${line.client} ${line.number}`
    const before = this.#acked.get(batch)
    if (before !== undefined) this.#enter(before, -1)
    this.#acked.set(batch, line)
    this.#enter(line, 1)
    for (const [old, { storeMs }] of this.#acked) {
      if (storeMs > line.storeMs - REPEATED_MS) break
      this.#acked.delete(old)
    }
  }

  /** Takes back what was acknowledged between two instants: the store has lost it, and this logger was not there any more. */
  forget(fromMs: number, toMs: number): void {
    for (const [batch, line] of this.#acked) {
      if (line.storeMs < fromMs || line.storeMs > toMs) continue
      this.#enter(line, -1)
      this.#acked.delete(batch)
    }
  }

  #enter(line: AckedLine, sign: 1 | -1): void {
    if (line.at === null) return
    const failed = new Set(line.failed)
    line.intervals.forEach((interval, index) => {
      const seconds = this.#lengths.get(line.group)?.get(interval)
      if (seconds === undefined || line.at === null) return
      const start = startOf(line.at, seconds)
      const placement = line.placements?.[index]
      const isElsewhere = placement === 'late' || placement === 'ahead'
      // Or perhaps: what was not heard, and what was made later than the stamp says.
      const mayBeElsewhere = line.placements === null || line.mixed === true
      for (const [event, text] of line.counts) {
        if (failed.has(`${interval} ${event}`)) continue
        const cell = this.#cell(line.group, interval, start, event)
        const n = Number(text) * sign
        cell.acked += n
        if (!isElsewhere && !mayBeElsewhere) cell.placed += n
        else if (sign === 1) this.#move(line.group, interval, event, start, line.storeMs, n)
      }
    })
  }

  #move(
    group: string,
    interval: string,
    id: string,
    stamp: number,
    ackedMs: number,
    n: number,
  ): void {
    const key = `${group}:${interval}`
    const moves = this.moves.get(key) ?? []
    this.moves.set(key, moves)
    moves.push({ event: lookedAtAs(group, id), stamp, ackedMs, n })
  }

  #cell(group: string, interval: string, start: number, id: string): Cell {
    const key = `${group}:${interval}`
    const windows = this.cells.get(key) ?? new Map<number, Map<string, Cell>>()
    this.cells.set(key, windows)
    const events = windows.get(start) ?? new Map<string, Cell>()
    windows.set(start, events)
    const event = lookedAtAs(group, id)
    const cell = events.get(event) ?? { sure: 0, vague: 0, acked: 0, placed: 0 }
    events.set(event, cell)
    return cell
  }
}

/** All that loggers have counted, in one. */
export class Truth {
  readonly #loggers: readonly LoggerTruth[]

  constructor(loggers: readonly LoggerTruth[]) {
    this.#loggers = loggers
  }

  /** How many counts each event may have in all windows together: `group:interval` → event → bounds. */
  totals(): Map<string, Map<string, Bounds>> {
    const totals = new Map<string, Map<string, Bounds>>()
    this.#eachCell((key, _start, event, cell, killed) => {
      const events = totals.get(key) ?? new Map<string, Bounds>()
      totals.set(key, events)
      const { low, high } = events.get(event) ?? { low: 0, high: 0 }
      const all = cell.sure + cell.vague
      events.set(event, { low: low + (killed ? cell.acked : all), high: high + all })
    })
    return totals
  }

  /**
   * How many counts each event has in each window, as long as none are moved.
   *
   * @param lengths of windows, in seconds, by `group:interval`
   */
  windows(lengths: ReadonlyMap<string, number>): Map<string, Map<number, Map<string, Bounds>>> {
    const bounds = new Map<string, Map<number, Map<string, Writable>>>()
    const at = (key: string, start: number, event: string) => {
      const windows = bounds.get(key) ?? new Map<number, Map<string, Writable>>()
      bounds.set(key, windows)
      const events = windows.get(start) ?? new Map<string, Writable>()
      windows.set(start, events)
      const one = events.get(event) ?? { low: 0, high: 0 }
      events.set(event, one)
      return one
    }
    this.#eachCell((key, start, event, cell, killed) => {
      const one = at(key, start, event)
      one.low += killed ? Math.max(0, cell.placed - cell.vague) : cell.sure
      one.high += cell.sure + cell.vague
      if (cell.vague === 0) return
      const length = lengths.get(key) ?? 0
      for (const near of [start - length, start + length]) at(key, near, event).high += cell.vague
    })
    return bounds
  }

  /** What is in another window than that of its stamp: `group:interval` → event → moves. */
  moves(): Map<string, Map<string, readonly Move[]>> {
    const all = new Map<string, Map<string, Move[]>>()
    for (const { moves } of this.#loggers) {
      for (const [key, some] of moves) {
        const events = all.get(key) ?? new Map<string, Move[]>()
        all.set(key, events)
        for (const move of some) {
          const known = events.get(move.event)
          if (known === undefined) events.set(move.event, [move])
          else known.push(move)
        }
      }
    }
    return all
  }

  #eachCell(
    visit: (key: string, start: number, event: string, cell: Cell, killed: boolean) => void,
  ): void {
    for (const { cells, ended } of this.#loggers) {
      for (const [key, windows] of cells) {
        for (const [start, events] of windows) {
          for (const [event, cell] of events) {
            visit(key, start, event, cell, ended?.killed ?? false)
          }
        }
      }
    }
  }
}

/** Start of the window that holds an instant, in epoch seconds. */
function startOf(atSeconds: number, lengthSeconds: number): number {
  return Math.floor(atSeconds / lengthSeconds) * lengthSeconds
}
