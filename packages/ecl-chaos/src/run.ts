import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from 'ecl-core'
import { checkReading, type Finding, type Stored } from './checks.ts'
import { type Claim, claimOf } from './claims.ts'
import { isExcused, type Struck } from './excuses.ts'
import type { Fault } from './faults.ts'
import { lookAtHistory, untilArchived } from './history-evidence.ts'
import { Injector } from './injector.ts'
import type { AckedLine, JournalLine, ReadLine } from './journal.ts'
import { makeScenario, type Scenario } from './scenario.ts'
import { lookAtStore, type StoreEvidence } from './store-evidence.ts'
import { type Listener, type Sizes, System } from './system.ts'
import type { LoggerTruth } from './truth.ts'
import { judgeRun } from './verdict.ts'

/** After the last fault: connections come back, and what has waited is sent. */
const RECOVERY_MS = 8000
const CLOSE_MS = 60_000
const JOURNAL_MS = 250
const PROGRESS_MS = 10_000
/** Room for closing at the end. */
const END_MS = 120_000
/** A machine that was so busy can have kept any process from its work. */
const STALL_MS = 400
/** More findings than that are no more help. */
const MAX_FINDINGS = 50
const MAX_HEAP_BYTES = 120e6

/** What a run is to do. */
export interface RunPlan extends Sizes {
  readonly seed: number
  readonly durationMs: number
  readonly faults: readonly Fault[]
  /** Keep the journals of all processes. */
  readonly keep?: boolean
}

/** What came of a run. */
export interface RunResult {
  readonly startedMs: number
  readonly findings: readonly Finding[]
  readonly struck: readonly Struck[]
  readonly figures: Figures
}

/** What was counted, for people. */
export interface Figures {
  logged: number
  batches: number
  windows: number
  /** Windows in the history. */
  archived: number
  late: number
  readings: number
  /** Windows that a reader was told to be complete. */
  complete: number
  retries: number
  holds: number
  replayed: number
  loggers: number
  stalls: number
  maxHeapBytes: number
  maxUnsent: number
}

/**
 * Runs the system through a schedule of faults, and looks at everything that must be true.
 *
 * @param progress is told now and then how far it is
 * @param signal ends it early, as if the schedule were over
 */
export async function runChaos(
  plan: RunPlan,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<RunResult> {
  const run = new Run(plan, progress)
  return run.work(signal)
}

class Run implements Listener {
  readonly #plan: RunPlan
  readonly #progress: (text: string) => void
  readonly #scenario: Scenario
  readonly #findings: Finding[] = []
  readonly #startedMs = Date.now()
  readonly #figures: Figures = {
    logged: 0,
    batches: 0,
    windows: 0,
    archived: 0,
    late: 0,
    readings: 0,
    complete: 0,
    retries: 0,
    holds: 0,
    replayed: 0,
    loggers: 0,
    stalls: 0,
    maxHeapBytes: 0,
    maxUnsent: 0,
  }
  readonly #stalls: { readonly fromMs: number; readonly toMs: number }[] = []
  readonly #claims = new Map<string, Claim>()
  #injector: Injector | undefined

  constructor(plan: RunPlan, progress: (text: string) => void) {
    this.#plan = plan
    this.#progress = progress
    this.#scenario = makeScenario(this.#startedMs, plan.durationMs + END_MS, plan.archivers > 0)
  }

  async work(signal: AbortSignal): Promise<RunResult> {
    const system = await System.start(this.#scenario, this.#plan, this.#plan.seed, this)
    const injector = new Injector(system)
    this.#injector = injector
    let lookedMs = Date.now()
    const timer = setInterval(() => {
      const nowMs = Date.now()
      if (nowMs - lookedMs > JOURNAL_MS + STALL_MS) {
        this.#stalls.push({ fromMs: lookedMs, toMs: nowMs })
        this.#figures.stalls++
      }
      lookedMs = nowMs
      system.readJournals()
    }, JOURNAL_MS)
    const telling = setInterval(() => this.#tell(), PROGRESS_MS)
    try {
      await this.#faults(injector, signal)
      system.heal()
      await sleep(RECOVERY_MS, undefined, { signal }).catch(() => undefined)
      await system.closeLoggers(CLOSE_MS)
      const looked = await lookAtStore(system, this.#scenario)
      const { history } = system
      if (history !== undefined) await untilArchived(system, this.#scenario)
      await system.stop()
      this.#judge(system, looked, history === undefined ? undefined : await lookAtHistory(history))
    } catch (caught) {
      this.#find({ check: 'crash', message: String(asError(caught).stack) })
    } finally {
      clearInterval(timer)
      clearInterval(telling)
      await system.close(this.#plan.keep === true)
      if (this.#plan.keep === true) this.#progress(`the journals are in ${system.directory}`)
    }
    const { struck } = injector
    this.#figures.loggers = system.truths.length
    return {
      startedMs: this.#startedMs,
      findings: this.#findings,
      struck,
      figures: this.#figures,
    }
  }

  readonly crashed = (message: string): void => {
    this.#find({ check: 'crash', message, atMs: Date.now() })
  }

  wrote(line: JournalLine, logger: LoggerTruth | undefined): void {
    switch (line.t) {
      case 'log':
        logger?.logged(line)
        for (const counts of Object.values(line.counts)) {
          for (const n of Object.values(counts)) this.#figures.logged += n
        }
        break
      case 'slow':
        logger?.slow(line)
        break
      case 'client':
        logger?.clients.set(line.client, line.group)
        break
      case 'ack':
        this.#figures.batches++
        logger?.acked(line)
        this.#checkLate(line, logger?.name ?? '')
        break
      case 'read': {
        this.#figures.readings++
        const finding = checkReading(line)
        if (finding !== undefined) this.#find(finding)
        this.#note(line)
        break
      }
      case 'memory':
        this.#figures.maxHeapBytes = Math.max(this.#figures.maxHeapBytes, line.heapBytes)
        this.#figures.maxUnsent = Math.max(this.#figures.maxUnsent, line.unsent)
        if (line.heapBytes <= MAX_HEAP_BYTES) break
        this.#find({
          check: 'memory',
          message: `${logger?.name}: a heap of ${Math.round(line.heapBytes / 1e6)} MB`,
          atMs: line.at,
        })
        break
      case 'closed':
        this.#figures.retries += line.stats['retries'] ?? 0
        this.#figures.holds += line.stats['holds'] ?? 0
        this.#figures.replayed += line.stats['replayed'] ?? 0
        if (line.unsent === 0) break
        this.#find({
          check: 'unsent',
          message: `${logger?.name}: ${line.unsent} events were not sent when it closed`,
          atMs: line.at,
        })
    }
  }

  /** Keeps what was told to be complete. */
  #note(line: ReadLine): void {
    const claim = claimOf(line)
    if (claim === undefined) return
    // Each is judged by what the store could know at its time; of readings that say the same, the last one.
    const key = JSON.stringify([claim.group, claim.interval, claim.start, claim.counts])
    this.#claims.set(key, claim)
  }

  /** Late counts are in order where a fault kept them or the turn of their window; otherwise not. */
  #checkLate(line: AckedLine, name: string): void {
    line.placements?.forEach((placement, index) => {
      if (placement !== 'late' && placement !== 'ahead') return
      const events = line.counts.reduce((sum, [, n]) => sum + Number(n), 0)
      this.#figures.late += events
      if (this.#isExcused((line.at ?? 0) * 1000, line.storeMs)) return
      this.#find({
        check: 'late without reason',
        message: `${name}: ${events} events of ${line.group}:${line.intervals[index]}, made at ${line.at} or after, were put into another window (${placement}) at ${line.storeMs}`,
        atMs: line.storeMs,
      })
    })
  }

  #isExcused(fromMs: number, toMs: number): boolean {
    return (
      isExcused(this.#injector?.struck ?? [], fromMs, toMs) ||
      this.#stalls.some((stall) => stall.fromMs - 3000 <= toMs && stall.toMs + 3000 >= fromMs)
    )
  }

  async #faults(injector: Injector, signal: AbortSignal): Promise<void> {
    const under: Promise<void>[] = []
    for (const fault of this.#plan.faults) {
      const waitMs = this.#startedMs + fault.atMs - Date.now()
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) break
      under.push(
        injector.strike(fault).catch((caught: unknown) => {
          const message = `${fault.kind} could not be got over: ${asError(caught).message}`
          this.#find({ check: 'crash', message, atMs: Date.now() })
        }),
      )
    }
    const restMs = this.#startedMs + this.#plan.durationMs - Date.now()
    await sleep(Math.max(0, restMs), undefined, { signal }).catch(() => undefined)
    injector.stop()
    await Promise.all(under)
  }

  #judge(system: System, looked: StoreEvidence, kept: Stored | undefined): void {
    const ledger = system.redis.result()
    const claims = [...this.#claims.values()]
    const findings = judgeRun({
      ...looked,
      ...{ groups: this.#scenario.groups, ledger, kept, loggers: system.truths, claims },
      losses: this.#injector?.crashes ?? [],
    })
    for (const finding of findings) this.#find(finding)
    this.#figures.complete = claims.length
    if (claims.length === 0) {
      this.#find({ check: 'complete and wrong', message: 'no window was ever told to be complete' })
    }
    for (const { windows } of ledger?.values() ?? []) this.#figures.windows += windows.length
    for (const windows of kept?.values() ?? []) this.#figures.archived += windows.size
  }

  #find(finding: Finding): void {
    if (this.#findings.length >= MAX_FINDINGS) return
    this.#findings.push(finding)
    this.#progress(`FOUND ${finding.check}: ${finding.message.slice(0, 600)}`)
  }

  #tell(): void {
    const { logged, batches, late, readings } = this.#figures
    const seconds = Math.round((Date.now() - this.#startedMs) / 1000)
    const faults = this.#injector?.struck.length ?? 0
    this.#progress(
      `${seconds} s: ${faults} faults, ${logged} events in ${batches} batches, ${late} late, ${readings} readings, ${this.#findings.length} findings`,
    )
  }
}
