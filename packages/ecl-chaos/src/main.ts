import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { reportOf } from './report.ts'
import { type RunPlan, runChaos } from './run.ts'
import { planFaults } from './schedule.ts'
import { readSchedule, writeSchedule } from './schedule-file.ts'

const READERS = 1
const INTERRUPTED = 130

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args, Math.floor(Math.random() * 1e6))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`chaos: ${error.message}; --help tells what there is\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort())
  }
  // Whoever has read the output is gone: end, and leave no processes behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort())
  const drawn = options.replay === undefined ? draw(options) : readSchedule(options.replay)
  const plan = { ...drawn, keep: options.keep }
  const schedule = options.replay ?? join(tmpdir(), `ecl-chaos-${plan.seed}.json`)
  writeSchedule(schedule, plan)
  say(`seed ${plan.seed}, ${plan.faults.length} faults planned, written to ${schedule}`)
  const result = await runChaos(plan, say, stop.signal)
  process.stdout.write(reportOf(plan, result, schedule))
  const failed = result.findings.length > 0
  if (options.json !== undefined) {
    const { seed, durationMs, loggers, masters, archivers } = plan
    const summary = { seed, durationMs, loggers, masters, archivers, failed, ...result }
    writeFileSync(options.json, `${JSON.stringify(summary, undefined, 1)}\n`)
  }
  if (!failed && options.replay === undefined) rmSync(schedule, { force: true })
  if (failed) return 1
  return stop.signal.aborted ? INTERRUPTED : 0
}

function draw(options: Options): RunPlan {
  const { seed, durationMs, loggers, masters, archivers, topology, only } = options
  const sizes = { loggers, masters, archivers, readers: READERS, topology }
  return { seed, durationMs, ...sizes, faults: planFaults({ seed, durationMs, ...sizes, only }) }
}

function say(text: string): void {
  process.stderr.write(`chaos: ${text}\n`)
}

process.exitCode = await main(process.argv.slice(2))
