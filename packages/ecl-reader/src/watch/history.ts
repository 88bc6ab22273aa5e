import type { EpochSeconds } from 'ecl-core'
import type { Report, WindowReport } from '../report.ts'

const LONGEST = 20
/** Of very many events, fewer windows are kept; two are always enough for the change. */
const MOST_COUNTS = 200_000

/** What an event did over the latest windows. */
export interface Trend {
  /** Against the window before; undefined where that was not seen. */
  readonly change: bigint | undefined
  /** Oldest first; undefined for windows that were not seen. */
  readonly values: readonly (number | undefined)[]
}

/** The latest windows of one interval, as a watch has seen them, or as they were before it began. */
export class History {
  readonly #seconds: number
  readonly #windows = new Map<number, ReadonlyMap<string, bigint>>()
  #latest: Report | undefined

  /** @param intervalSeconds how far one window is from the next */
  constructor(intervalSeconds: number) {
    this.#seconds = intervalSeconds
  }

  /** The report that was added last. */
  get latest(): Report | undefined {
    return this.#latest
  }

  /** The windows that there is room for and that were not seen, as they were before the first one; undefined before that. */
  get before(): { readonly from: EpochSeconds; readonly to: EpochSeconds } | undefined {
    const [window] = this.#latest?.windows ?? []
    if (window?.start === undefined) return undefined
    const to = Math.min(...this.#windows.keys())
    const from = window.start - (this.#kept(window) - 1) * this.#seconds
    return { from: from as EpochSeconds, to: to as EpochSeconds }
  }

  /** Takes in windows from before the first that was seen, by their starts. */
  fill(windows: ReadonlyMap<number, ReadonlyMap<string, bigint>>): void {
    for (const [start, counts] of windows) {
      if (!this.#windows.has(start)) this.#windows.set(start, counts)
    }
  }

  /** Takes in a window; again, where it was read again. */
  add(report: Report): void {
    this.#latest = report
    const [window] = report.windows
    if (window?.start === undefined) return
    this.#windows.set(window.start, new Map(window.counts))
    const oldest = window.start - (this.#kept(window) - 1) * this.#seconds
    for (const start of this.#windows.keys()) if (start < oldest) this.#windows.delete(start)
  }

  #kept({ counts }: WindowReport): number {
    return Math.min(LONGEST, Math.max(2, Math.floor(MOST_COUNTS / counts.length)))
  }

  /** What an event did up to a window. An event that was not counted in a window that was seen is 0 there. */
  trend(event: string, { start }: Pick<WindowReport, 'start'>): Trend {
    if (start === undefined) return { change: undefined, values: [] }
    const first = Math.min(...this.#windows.keys())
    const values: (number | undefined)[] = []
    for (let at = first; at <= start; at += this.#seconds) {
      const window = this.#windows.get(at)
      values.push(window && Number(window.get(event) ?? 0n))
    }
    const now = this.#windows.get(start)?.get(event) ?? 0n
    const before = this.#windows.get(start - this.#seconds)
    return { change: before && now - (before.get(event) ?? 0n), values: values.slice(-LONGEST) }
  }
}
