import fc from 'fast-check'
import type { Backend } from './backend.ts'
import { schedules, setups } from './commands.ts'
import { World } from './world.ts'

/** How a model is run. */
export interface RunOptions {
  /** How many schedules, where ECL_MODEL_RUNS does not say. */
  readonly runs: number
  readonly isRedis: boolean
}

/**
 * Plays schedules, all laws held against each; ECL_MODEL_RUNS and ECL_MODEL_SEED give another number of them and others.
 *
 * @returns how many windows were read as complete
 */
export async function play(backend: Backend, { runs, isRedis }: RunOptions): Promise<number> {
  const numRuns = Number(process.env['ECL_MODEL_RUNS'] ?? runs)
  const seed = Number(process.env['ECL_MODEL_SEED'] ?? 20261122)
  let completeReads = 0
  const property = fc.asyncProperty(
    setups(isRedis),
    schedules(isRedis),
    async (setup, commands) => {
      let world: World | undefined
      await fc.asyncModelRun(async () => {
        world = await World.begin(backend, setup)
        return { model: {}, real: world }
      }, commands)
      await world?.finish()
      completeReads += world?.completeReads ?? 0
    },
  )
  const startedMs = performance.now()
  await fc.assert(property, { numRuns, seed })
  if (process.env['ECL_MODEL_RUNS'] !== undefined) {
    const minutes = (performance.now() - startedMs) / 60_000
    process.stderr.write(
      `model: ${numRuns} schedules, ${Math.round(numRuns / minutes)} a minute, ${completeReads} complete reads\n`,
    )
  }
  return completeReads
}
