import type { ClosedWindow } from 'ecl-core'
import type { HistoryStore } from '../src/store/history-store.ts'
import { UnfitWindowError } from '../src/store/unfit-window-error.ts'

/** A database in memory that can be told to fail. Keeps the latest version of each part. */
export class MemoryHistory implements Pick<HistoryStore, 'archive'> {
  readonly kept = new Map<string, ClosedWindow>()
  /** How many windows each transaction had. */
  readonly transactions: number[] = []
  /** An event that cannot be kept, and is left out. */
  unfitEvent: string | undefined
  /** What happens to a transaction before it is done; undefined: nothing. */
  trouble: (windows: readonly ClosedWindow[]) => Promise<void> | undefined = () => undefined

  async archive(windows: readonly ClosedWindow[]) {
    await this.trouble(windows)
    if (windows.some(({ total }) => total >= 2n ** 63n)) {
      throw new UnfitWindowError('the total is beyond 64 bits')
    }
    this.transactions.push(windows.length)
    for (const window of windows) {
      const { group, interval, start, part, publishedMs, revision } = window
      const key = `${group} ${interval} ${start} ${part}`
      const before = this.kept.get(key)
      const isOlder =
        before !== undefined &&
        (before.publishedMs > publishedMs ||
          (before.publishedMs === publishedMs && before.revision > revision))
      if (!isOlder) this.kept.set(key, window)
    }
    const unfit = windows.filter(({ counts }) => counts.has(this.unfitEvent ?? ''))
    return {
      expired: 0,
      unfit: unfit.map((window) => ({ window, reasons: [`the count of "${this.unfitEvent}"`] })),
    }
  }

  /** The totals of all windows, by their starts. */
  get totals(): bigint[] {
    const windows = [...this.kept.values()].filter(({ part }) => part === 1)
    return windows.sort((a, b) => a.start - b.start).map(({ total }) => total)
  }
}
