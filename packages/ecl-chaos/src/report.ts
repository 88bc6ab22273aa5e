import type { Finding } from './checks.ts'
import type { Struck } from './excuses.ts'
import { CONNECTION_FAULTS, FAULT_KINDS, type FaultKind } from './faults.ts'
import type { RunPlan, RunResult } from './run.ts'

/** How far around a finding the schedule is told. */
const NEAR_MS = 12_000
/** There are so many of them that they are in the way; the schedule has them. */
const LIGHT: ReadonlySet<FaultKind> = new Set(CONNECTION_FAULTS)
const TOLD_FINDINGS = 12

/** What came of a run, for people. */
export function reportOf(plan: RunPlan, result: RunResult, scheduleFile: string): string {
  const { figures, findings, struck } = result
  const kinds = FAULT_KINDS.flatMap((kind) => {
    const n = struck.filter(({ fault }) => fault.kind === kind).length
    return n === 0 ? [] : [`  ${kind.padEnd(16)} ${String(n).padStart(6)}`]
  })
  const lines = [
    `seed ${plan.seed}, ${Math.round(plan.durationMs / 1000)} s, ${plan.loggers} loggers, ${plan.masters} masters${plan.archivers > 0 ? `, ${plan.archivers} archivers` : ''}`,
    '',
    `faults             ${String(struck.length).padStart(6)}`,
    ...kinds,
    '',
    `events logged      ${figures.logged}`,
    `batches            ${figures.batches}`,
    `windows checked    ${figures.windows}`,
    ...(plan.archivers > 0 ? [`windows archived   ${figures.archived}`] : []),
    `readings checked   ${figures.readings}`,
    `complete windows   ${figures.complete}`,
    `late counts        ${figures.late}`,
    `replayed counts    ${figures.replayed}`,
    `retries            ${figures.retries}`,
    `holds              ${figures.holds}`,
    `logger processes   ${figures.loggers}`,
    `largest heap       ${(figures.maxHeapBytes / 1e6).toFixed(1)} MB`,
    `most unsent        ${figures.maxUnsent}`,
    '',
  ]
  if (findings.length === 0) return `${[...lines, 'Every check has passed.'].join('\n')}\n`
  for (const finding of findings.slice(0, TOLD_FINDINGS)) {
    lines.push(`FAILED ${finding.check}: ${finding.message}`)
    // The others are mostly near it.
    if (finding === findings[0]) lines.push(...nearby(finding, result))
  }
  if (findings.length > TOLD_FINDINGS) lines.push(`… and ${findings.length - TOLD_FINDINGS} more`)
  lines.push('', `Again: npm run chaos -- --replay ${scheduleFile}`)
  return `${lines.join('\n')}\n`
}

function nearby({ atMs }: Finding, { struck, startedMs }: RunResult): string[] {
  if (atMs === undefined) return []
  return struck
    .filter(({ fromMs, toMs }) => fromMs <= atMs + NEAR_MS && toMs >= atMs - NEAR_MS)
    .filter(({ fault }) => !LIGHT.has(fault.kind))
    .map((one) => `    ${textOf(one, startedMs, atMs)}`)
}

function textOf({ fault, fromMs, toMs }: Struck, startedMs: number, atMs: number): string {
  const words = [
    `${((fromMs - startedMs) / 1000).toFixed(2)} s`,
    `(${((fromMs - atMs) / 1000).toFixed(2)} … ${((toMs - atMs) / 1000).toFixed(2)} s from there)`,
    fault.kind,
    fault.target ?? '',
    fault.amount === undefined ? '' : String(fault.amount),
    fault.command ?? '',
  ]
  return words.filter((word) => word !== '').join(' ')
}
