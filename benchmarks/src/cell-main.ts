/**
 * One measurement of one contestant, in a process of its own, so that nothing that was measured before has warmed up its
 * code or filled its heap. Started by `measureCell`; argument: the job as JSON.
 */
import { asError } from 'ecl-core'
import { benchmarkCase } from './cases.ts'
import { CellContext } from './cell-context.ts'
import type { CellJob, CellReport } from './measure-cell.ts'

// Written by the process that started this one.
const job = JSON.parse(process.argv[2] ?? '{}') as CellJob
const context = new CellContext(job)

/** The run has been interrupted, or is gone: leave no server behind. */
function abandon(): void {
  void context.close().finally(() => process.exit(1))
}
process.on('SIGINT', abandon)
process.on('SIGTERM', abandon)
process.on('disconnect', abandon)

const contestant = benchmarkCase(job.caseId).contestants.find(({ id }) => id === job.contestantId)
if (contestant === undefined) throw new Error(`no ${job.contestantId} in ${job.caseId}`)
let found: CellReport
try {
  found = { figures: await contestant.run(context) }
} catch (error) {
  found = { failure: asError(error).message }
}
process.off('disconnect', abandon)
await context.close()
await new Promise((resolve) => process.send?.(found, resolve))
// Some peers leave sockets and timers open.
process.disconnect?.()
process.exit(0)
