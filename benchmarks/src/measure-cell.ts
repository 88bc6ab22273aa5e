import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Figures } from './benchmark.ts'
import type { CellOptions } from './cell-context.ts'

const CELL_MAIN = fileURLToPath(new URL('cell-main.js', import.meta.url))
/** Far above what any cell takes. */
const TIMEOUT_MS = 300_000
const KEPT_OUTPUT = 4000

/** One measurement of one contestant. */
export interface CellJob extends CellOptions {
  readonly caseId: string
  readonly contestantId: string
}

/** What its process says of it. */
export type CellReport = { readonly figures: Figures } | { readonly failure: string }

/**
 * Measures in a fresh process.
 *
 * @param signal ends it
 * @throws with what the process has said, where it found nothing
 */
export function measureCell(job: CellJob, signal: AbortSignal): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(CELL_MAIN, [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let output = ''
    const keep = (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT)
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
    const end = () => child.kill('SIGTERM')
    const timer = setTimeout(end, TIMEOUT_MS)
    signal.addEventListener('abort', end)
    let report: CellReport | undefined
    child.once('message', (message) => {
      // Sent by cell-main.ts.
      report = message as CellReport
    })
    child.once('error', reject)
    child.once('close', (code, by) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      if (report !== undefined && 'figures' in report) resolve(report.figures)
      else {
        const why =
          report?.failure ?? `ended (${by ?? `exit code ${code}`}) and said: ${output.trim()}`
        reject(new Error(`${job.caseId}, ${job.contestantId}: ${why}`))
      }
    })
  })
}
