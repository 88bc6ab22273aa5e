import type { EpochSeconds } from 'ecl-core'
import type { ClosedWindow, WindowVersion } from '../closed-window.ts'
import { UnfitWindowError } from './unfit-window-error.ts'

/** What a batch holds of one window: one or more parts of its latest version in the batch. */
export interface WindowParts {
  /** What each part says of the window as a whole. */
  readonly window: ClosedWindow
  readonly seconds: number
  /** By their numbers, each once. */
  readonly parts: ReadonlyMap<number, ClosedWindow>
}

const MAX_COUNT = 2n ** 63n - 1n
const MIN_COUNT = -(2n ** 63n)

/** Whether a version is earlier than another (less than 0), the same (0) or later. */
export function compareVersions(one: WindowVersion, other: WindowVersion): number {
  return one.publishedMs - other.publishedMs || one.revision - other.revision
}

/**
 * Brings together what belongs to one window, without versions that the batch itself replaces. By group, interval and
 * start, which is the order in which all archivers lock windows, so that none waits for one that waits for it.
 *
 * @throws UnfitWindowError for what no database of ours can keep
 */
export function windowsOf(batch: readonly ClosedWindow[]): readonly WindowParts[] {
  const found = new Map<string, { window: ClosedWindow; parts: Map<number, ClosedWindow> }>()
  for (const window of batch) {
    checkFit(window)
    const key = `${window.group}:${window.interval}:${window.start}`
    const known = found.get(key)
    const order = known === undefined ? 1 : compareVersions(window, known.window)
    if (known === undefined || order > 0) {
      found.set(key, { window, parts: new Map([[window.part, window]]) })
    } else if (order === 0) known.parts.set(window.part, window)
  }
  return [...found.values()]
    .map(({ window, parts }) => ({ window, seconds: window.end - window.start, parts }))
    .sort((a, b) => compareWindows(a.window, b.window))
}

/**
 * What is put in the place of a window that the counters' store has forgotten: its counts come once more, into later ones. A
 * version of its own, so that whoever archives the window again does not bring it back.
 *
 * @param after the window that tells so
 * @param start that of the forgotten one
 */
export function withdrawn(after: ClosedWindow, start: EpochSeconds): WindowParts {
  const { group, interval, publishedMs, revision } = after
  const seconds = after.end - after.start
  const window: ClosedWindow = {
    ...{ group, interval, publishedMs, revision, start, end: (start + seconds) as EpochSeconds },
    ...{ part: 1, parts: 1, completeness: 'unknown', late: 0n, total: 0n, counts: new Map() },
  }
  return { window, seconds, parts: new Map([[1, window]]) }
}

function compareWindows(a: ClosedWindow, b: ClosedWindow): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1
  if (a.interval !== b.interval) return a.interval < b.interval ? -1 : 1
  return a.start - b.start
}

function checkFit({
  group,
  interval,
  start,
  end,
  late,
  total,
  counts,
  undone,
  ...window
}: ClosedWindow): void {
  const unfit = (what: string) =>
    new UnfitWindowError(`the window of ${group} ${interval} that begins at ${start} ${what}`)
  const { part, parts, publishedMs, revision } = window
  const { next = start, lossWindowMs = 0 } = undone ?? {}
  const numbers = [start, end, publishedMs, revision, part, parts, next, lossWindowMs]
  if (!numbers.every(Number.isSafeInteger)) {
    throw unfit('has a start, end, version or part that is no whole number')
  }
  if (end <= start) throw unfit(`ends before it has begun, at ${end}`)
  if (part < 1 || part > parts) throw unfit(`has a part ${part} of ${parts}`)
  for (const [event, count] of counts) {
    if (!fits(count)) throw unfit(`has a count of "${event}" beyond 64 bits, ${count}`)
    if (event.includes('\0')) throw unfit('has an event with a NUL in its name')
  }
  if (!fits(late) || !fits(total)) throw unfit('has a total beyond 64 bits')
}

function fits(count: bigint): boolean {
  return count <= MAX_COUNT && count >= MIN_COUNT
}
