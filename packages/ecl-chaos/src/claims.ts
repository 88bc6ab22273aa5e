import type { Finding, Stored } from './checks.ts'
import type { EventCounts, ReadLine } from './journal.ts'
import { EXTRA } from './scenario.ts'
import type { LoggerTruth } from './truth.ts'

/** For how long the store waits for a client that it does not hear, ms. */
const LEASE_MS = 10_000
const ROUNDED_MS = 1000
/** A client that the store has forgotten with its last writes is there again after so long: it says so every 5 s. */
const HEARD_AGAIN_MS = 20_000

/** A reader was told that a window is complete. */
export interface Claim {
  readonly group: string
  readonly interval: string
  readonly start: number
  /** By the store's clock, ms. */
  readonly atMs: number
  readonly counts: EventCounts
}

/** Writes that a crash took away, ms since the epoch. */
export interface Loss {
  readonly fromMs: number
  readonly toMs: number
}

/** The claim of a reading; undefined where it makes none. */
export function claimOf(line: ReadLine): Claim | undefined {
  if (line.completeness !== 'complete' || line.start === null) return undefined
  const { group, interval, start, storeMs, counts } = line
  return { group, interval, start, atMs: storeMs, counts }
}

/**
 * What was told to be complete has all that was logged, and has not changed since.
 *
 * Not visible to the store, and so no reason to call it wrong: what a logger counted before it was heard the first time,
 * or so long after it was heard last that it was taken for dead.
 */
export function checkClaims(
  claims: readonly Claim[],
  loggers: readonly LoggerTruth[],
  losses: readonly Loss[],
  stored: Stored | undefined,
  lengths: ReadonlyMap<string, number>,
): Finding[] {
  const findings: Finding[] = []
  for (const claim of claims) {
    const key = `${claim.group}:${claim.interval}`
    const length = lengths.get(key) ?? 0
    const events = eventsOf(claim, key, loggers)
    const visible = new Set(loggers.filter((logger) => isVisible(logger, claim, losses)))
    const isLost = losses.some(({ fromMs, toMs }) => claim.atMs >= fromMs && claim.atMs <= toMs)
    for (const event of events) {
      const n = claim.counts[event] ?? 0
      let [low, high, hidden] = [0, 0, 0]
      for (const logger of loggers) {
        const cell = (start: number) => logger.cells.get(key)?.get(start)?.get(event)
        const sure = cell(claim.start)?.sure ?? 0
        const vague = [claim.start - length, claim.start, claim.start + length]
          .map((start) => cell(start)?.vague ?? 0)
          .reduce((sum, one) => sum + one, 0)
        high += sure + vague
        if (visible.has(logger)) low += sure
        else hidden += sure
        hidden += vague
      }
      const message = `${nameOf(claim)} was told to be complete with "${event}" ${n} times`
      if (n < low || n > high) {
        const logged = low === high ? String(low) : `${low} to ${high}`
        findings.push({
          check: 'complete and wrong',
          message: `${message}; it was logged ${logged} times`,
          atMs: claim.atMs,
        })
        continue
      }
      if (stored === undefined) continue
      const inTheEnd = stored.get(key)?.get(claim.start)?.get(event) ?? 0
      if (isLost || (inTheEnd >= n && inTheEnd <= n + hidden)) continue
      findings.push({
        check: 'complete and wrong',
        message: `${message}; in the end it was there ${inTheEnd} times`,
        atMs: claim.atMs,
      })
    }
  }
  return findings
}

function eventsOf(claim: Claim, key: string, loggers: readonly LoggerTruth[]): Set<string> {
  const events = new Set(Object.keys(claim.counts))
  for (const { cells } of loggers) {
    for (const event of cells.get(key)?.get(claim.start)?.keys() ?? []) {
      // Not in the reader's config.
      if (event !== EXTRA) events.add(event)
    }
  }
  return events
}

/** Whether the store knew of a logger, and took it for alive when the window began. */
function isVisible(logger: LoggerTruth, claim: Claim, losses: readonly Loss[]): boolean {
  const heardMs = (logger.heardMs.get(claim.group) ?? []).filter((ms) => ms <= claim.atMs)
  const kept = heardMs.filter(
    (ms) => !losses.some((loss) => ms >= loss.fromMs && ms <= loss.toMs && isFresh(loss, claim)),
  )
  const last = kept.at(-1)
  // The store keeps whole seconds of the time, and not each time is kept here.
  return last !== undefined && last - ROUNDED_MS + LEASE_MS > claim.start * 1000
}

function isFresh(loss: Loss, claim: Claim): boolean {
  return claim.atMs <= loss.toMs + HEARD_AGAIN_MS && claim.atMs >= loss.toMs
}

function nameOf({ group, interval, start }: Claim): string {
  return `${group}:${interval}: the window of ${new Date(start * 1000).toISOString().replace('.000', '')}`
}
