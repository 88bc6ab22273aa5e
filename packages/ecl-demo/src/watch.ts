import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { graceMs } from 'ecl-core'
import type { Children } from './children.ts'
import { DemoError } from './errors.ts'
import type { Observer } from './observer.ts'
import { clockTime, readerCounts, span } from './render.ts'
import type { Scenario } from './scenario.ts'
import type { Screen } from './screen.ts'
import type { Services } from './services.ts'
import { type Counts, sumOf } from './tally.ts'

const READER_BIN = fileURLToPath(new URL('../../ecl-reader/bin/ecl-reader.cjs', import.meta.url))
const STATUS_MS = 250
const TURN_MS = 15_000

type StoredCounts = ReadonlyMap<string, bigint>

/** What a watch looks at, and where it tells of it. */
export interface Watched {
  /** Length of a window in seconds. */
  readonly window: number
  readonly scenario: Scenario
  readonly services: Services
  readonly observer: Observer
  readonly screen: Screen
  readonly signal: AbortSignal
  /** Path of the config file. */
  readonly config: string
}

/** Follows the windows as they close, and prints what ecl-reader says of each when it is settled. */
export class Watch {
  /** Sums of what ecl-reader has printed, by event. */
  readonly printed = new Map<string, number>()
  readonly #watched: Watched
  readonly #children: Children

  constructor(watched: Watched, children: Children) {
    this.#watched = watched
    this.#children = children
  }

  /** Returns when the window has been turned over in which the last service ended. */
  async untilAllIsOver(firstStart: number): Promise<void> {
    const { window, services } = this.#watched
    const settledMs = window * 1000 + graceMs(window)
    for (let start = firstStart; ; start += window) {
      await this.#wait(start * 1000 + settledMs, () => this.#whatIsAwaited(start))
      await this.#turned(start)
      start = await this.#printWindow()
      const { doneMs } = services
      if (doneMs !== undefined && doneMs < (start + window) * 1000) return
    }
  }

  #whatIsAwaited(start: number): string {
    const { window, services } = this.#watched
    const logged = `${services.logged} events logged so far`
    const leftMs = (start + window) * 1000 - Date.now()
    if (leftMs <= 0) return `${span(start, window)} has ended, late counts come in; ${logged}`
    if (start * 1000 > Date.now()) return `the first window begins at ${clockTime(start)}`
    return `${span(start, window)} ends in ${Math.ceil(leftMs / 1000)} s; ${logged}`
  }

  async #wait(untilMs: number, what: () => string): Promise<void> {
    const { screen, signal } = this.#watched
    for (;;) {
      const leftMs = untilMs - Date.now()
      if (leftMs <= 0) return
      screen.status(what())
      await sleep(Math.min(STATUS_MS, leftMs), undefined, { signal })
    }
  }

  /** Waits until a window, or a later one, is the last finished one. */
  async #turned(start: number): Promise<void> {
    const { window, scenario, observer, screen, signal } = this.#watched
    const deadlineMs = performance.now() + TURN_MS
    for (;;) {
      const { start: last = 0 } = await observer.last(scenario.shown, `${window}s`)
      if (last >= start) return
      screen.status(`${span(start, window)} has ended, and no master has turned it over yet`)
      if (performance.now() > deadlineMs) {
        throw new DemoError(`no master has turned the window ${span(start, window)} over for 15 s`)
      }
      await sleep(50, undefined, { signal })
    }
  }

  /** @returns the start of the window that was printed */
  async #printWindow(): Promise<number> {
    const { window, scenario, observer, screen } = this.#watched
    for (;;) {
      const before = await observer.last(scenario.shown, `${window}s`)
      const output = await this.#askReader()
      const { start, counts } = await observer.last(scenario.shown, `${window}s`)
      // Very slow machines only: the window was turned over while the reader was starting.
      if (start === undefined || start !== before.start) continue
      const printed = readerCounts(output)
      checkReader(printed, before.counts, counts)
      for (const [event, n] of printed) this.printed.set(event, (this.printed.get(event) ?? 0) + n)
      screen.print(this.#windowText(start, output, printed))
      return start
    }
  }

  async #askReader(): Promise<string> {
    const { window, scenario, config, screen } = this.#watched
    const args = [config, '-g', scenario.shown, '-i', `${window}s`]
    const { code, stdout, stderr } = await this.#children.run(READER_BIN, args)
    if (code !== 0) throw new DemoError(`ecl-reader ended with exit code ${code}: ${stderr.trim()}`)
    if (stderr !== '') screen.print(`ecl-reader says: ${stderr.trim()}`)
    return stdout
  }

  #windowText(start: number, output: string, printed: Counts): string {
    const { window, scenario, observer, screen } = this.#watched
    const { paint } = screen
    const sum = sumOf(printed)
    const others = Object.keys(scenario.groups)
      .filter((name) => name !== scenario.shown)
      .map((name) => describe(name, observer.ledger(name, `${window}s`).window(start)))
    return [
      paint.bold(span(start, window)),
      ...output.split('\n').flatMap((line) => (line === '' ? [] : [`  ${line}`])),
      paint.dim(`  total ${sum}, ${Math.round(sum / window)}/s; ${others.join('; ')}`),
      '',
    ].join('\n')
  }
}

function describe(group: string, counts: Counts = new Map()): string {
  return `${group}: ${sumOf(counts)}, ${counts.size} different ones`
}

/** What the reader prints lies between what was stored before and after. */
function checkReader(printed: Counts, before: StoredCounts, after: StoredCounts): void {
  for (const [event, n] of after) {
    const said = printed.get(event) ?? 0
    if (said >= Number(before.get(event) ?? 0n) && said <= Number(n)) continue
    throw new DemoError(`ecl-reader printed ${said} for "${event}", but ${n} is stored`)
  }
}
