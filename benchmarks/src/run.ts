import { asError } from 'ecl-core'
import type { BenchmarkCase, Contestant, Figures } from './benchmark.ts'
import type { CellOptions } from './cell-context.ts'
import { measureCell } from './measure-cell.ts'
import type { CaseResult } from './results.ts'

/** How cases are run. */
export interface RunOptions extends CellOptions {
  /** How often each contestant is measured. */
  readonly rounds: number
  /** Told of what goes on, for a person who waits. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Runs one case: in each round every contestant, one after the other, so that what the machine does besides hits all of
 * them alike.
 */
export async function runCase(benchmark: BenchmarkCase, options: RunOptions): Promise<CaseResult> {
  const { quick, python, say, signal } = options
  const contestants = benchmark.contestants.filter(
    ({ needs }) => needs === undefined || python !== undefined,
  )
  const rounds = new Map<string, (Figures | undefined)[]>(contestants.map(({ id }) => [id, []]))
  const startedMs = performance.now()
  const count = Math.min(benchmark.rounds ?? Number.POSITIVE_INFINITY, options.rounds)
  const measureOne = async ({ id }: Contestant) => {
    signal.throwIfAborted()
    const job = { caseId: benchmark.id, contestantId: id, quick, python }
    const figures = await measureCell(job, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      say(`failed: ${asError(error).message}`)
      return undefined
    })
    rounds.get(id)?.push(figures)
  }
  for (let round = 0; round < count; round++) {
    // Turned round each time: who comes after whom must not matter.
    const order = round % 2 === 0 ? contestants : contestants.toReversed()
    if (benchmark.together === true) await Promise.all(order.map(measureOne))
    else for (const one of order) await measureOne(one)
  }
  say(`${benchmark.id}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return { benchmark, rounds }
}
