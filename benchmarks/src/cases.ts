import type { BenchmarkCase } from './benchmark.ts'
import { logEventCase } from './commands/log-event.ts'
import { startCase } from './commands/start.ts'
import { directCase } from './flush/direct.ts'
import { flushCases } from './flush/flush.ts'
import { waitsCase } from './flush/waits.ts'
import { serverMemoryCase } from './growth/load.ts'
import { growthCases } from './growth/sweeps.ts'
import { counterCases } from './hot-path/counter.ts'
import { logCases } from './hot-path/log.ts'
import { idleCase } from './idle/idle.ts'
import { memoryCases } from './memory/memory.ts'
import { hashReadingCase } from './reading/hash-reading.ts'
import { readingCases } from './reading/reading.ts'
import { rotationCases } from './rotation/rotation.ts'
import { sqliteCases } from './sqlite/sqlite.ts'

/** What `npm run bench` runs, in this order. */
export const benchmarkCases: readonly BenchmarkCase[] = [
  ...logCases,
  ...counterCases,
  directCase,
  ...flushCases,
  waitsCase,
  ...rotationCases,
  ...readingCases,
  hashReadingCase,
  ...memoryCases,
  serverMemoryCase,
  startCase,
  idleCase,
  logEventCase,
  ...sqliteCases,
]

/** A case by its id, be it of the comparison or of the curves. @throws where there is none */
export function benchmarkCase(id: string): BenchmarkCase {
  const all = [...benchmarkCases, ...growthCases]
  const found = all.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no case "${id}"`)
  return found
}
