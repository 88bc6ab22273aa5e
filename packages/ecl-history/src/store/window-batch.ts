import type { EpochSeconds } from 'ecl-core'
import type { ClosedWindow, WindowVersion } from '../closed-window.ts'
import type { UnfitCounts } from './history-store.ts'
import { UnfitWindowError } from './unfit-window-error.ts'

/** What a batch holds of one window: one or more parts of its latest version in the batch. */
export interface WindowParts {
  /** What each part says of the window as a whole. */
  readonly window: ClosedWindow
  readonly seconds: number
  /** By their numbers, each once. */
  readonly parts: ReadonlyMap<number, ClosedWindow>
  /** Whether something of it is left out, as no database can keep it: the window is partial for good. */
  readonly isCut: boolean
}

/** What a batch comes to. */
export interface WindowBatch {
  readonly windows: readonly WindowParts[]
  /** What is left out of them. */
  readonly unfit: readonly UnfitCounts[]
}

const MAX_COUNT = 2n ** 63n - 1n
const MIN_COUNT = -(2n ** 63n)
/** Of a name that may be of any length. */
const SHOWN_CHARACTERS = 100

/** Whether a version is earlier than another (less than 0), the same (0) or later. */
export function compareVersions(one: WindowVersion, other: WindowVersion): number {
  return one.publishedMs - other.publishedMs || one.revision - other.revision
}

/**
 * Brings together what belongs to one window, without versions that the batch itself replaces. By group, interval and
 * start, which is the order in which all archivers lock windows, so that none waits for one that waits for it.
 *
 * @throws UnfitWindowError for a window of which no database of ours can keep anything
 */
export function windowsOf(batch: readonly ClosedWindow[]): WindowBatch {
  const found = new Map<string, WindowParts & { readonly parts: Map<number, ClosedWindow> }>()
  const unfit: UnfitCounts[] = []
  for (const given of batch) {
    checkFit(given)
    const [window, reasons] = fittingOf(given)
    const isCut = reasons.length > 0
    if (isCut) unfit.push({ window: given, reasons })
    const key = `${window.group}:${window.interval}:${window.start}`
    const known = found.get(key)
    const order = known === undefined ? 1 : compareVersions(window, known.window)
    if (known === undefined || order > 0) {
      const seconds = window.end - window.start
      found.set(key, { window, seconds, parts: new Map([[window.part, window]]), isCut })
    } else if (order === 0) {
      known.parts.set(window.part, window)
      if (isCut) found.set(key, { ...known, isCut })
    }
  }
  const windows = [...found.values()].sort((a, b) => compareWindows(a.window, b.window))
  return { windows, unfit }
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
  return { window, seconds, parts: new Map([[1, window]]), isCut: false }
}

function compareWindows(a: ClosedWindow, b: ClosedWindow): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1
  if (a.interval !== b.interval) return a.interval < b.interval ? -1 : 1
  return a.start - b.start
}

function checkFit({ group, interval, start, end, undone, ...window }: ClosedWindow): void {
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
}

/** What can be kept of a window, and why the rest cannot: one count must not take others with it. */
function fittingOf(
  window: ClosedWindow,
): readonly [fitting: ClosedWindow, reasons: readonly string[]] {
  const { counts, late, total } = window
  const reasons: string[] = []
  const bad = new Set<string>()
  for (const [event, count] of counts) {
    const reason = whyUnfit(event, count)
    if (reason === undefined) continue
    reasons.push(`the count of ${JSON.stringify(event.slice(0, SHOWN_CHARACTERS))}: ${reason}`)
    bad.add(event)
  }
  if (!fits(late) || !fits(total)) reasons.push('its total is beyond 64 bits')
  if (reasons.length === 0) return [window, reasons]
  const fitting = new Map([...counts].filter(([event]) => !bad.has(event)))
  return [{ ...window, counts: fitting, late: clamped(late), total: clamped(total) }, reasons]
}

function whyUnfit(event: string, count: bigint): string | undefined {
  if (!fits(count)) return `${count} is beyond 64 bits`
  if (event.includes('\0')) return 'its name has a NUL'
  // Half of a character: two names would become the same one.
  return event.isWellFormed() ? undefined : 'its name is no Unicode'
}

function clamped(value: bigint): bigint {
  if (value > MAX_COUNT) return MAX_COUNT
  return value < MIN_COUNT ? MIN_COUNT : value
}

function fits(count: bigint): boolean {
  return count <= MAX_COUNT && count >= MIN_COUNT
}
