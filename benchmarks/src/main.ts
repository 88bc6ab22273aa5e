import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchmarkCase } from './benchmark.ts'
import { benchmarkCases } from './cases.ts'
import { replaceMeasured } from './document.ts'
import { growthCases } from './growth/sweeps.ts'
import { describeMachine, type Machine, thisMachine, unrest } from './machine.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { checkoutProblem } from './python.ts'
import { reportOf } from './report.ts'
import { type CaseResult, verdicts } from './results.ts'
import { type RunOptions, runCase } from './run.ts'

const ROUNDS = 5
/** Curves need no more to be smooth. */
const GROWTH_ROUNDS = 3
const DOCS = fileURLToPath(new URL('../../docs', import.meta.url))
/** Where pictures go that are not for the docs. */
const DRAWN = fileURLToPath(new URL('../drawn', import.meta.url))
const INTERRUPTED = 130

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  let cases: readonly BenchmarkCase[]
  try {
    options = parseOptions(args)
    cases = chosen(options)
    const problem = options?.python && (await checkoutProblem(options.python))
    if (problem !== undefined && problem !== '') throw new UsageError(`--python: ${problem}`)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`bench: ${error.message}; --help tells what there is\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  if (options.list) {
    for (const { id, title } of cases) process.stdout.write(`${id.padEnd(18)} ${title}\n`)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  try {
    return await measure(cases, options, stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    return INTERRUPTED
  }
}

function chosen(options: Options | undefined): readonly BenchmarkCase[] {
  const { growth = false, only, quick = false } = options ?? {}
  const all = growth ? growthCases : benchmarkCases
  if (only === undefined) return all.filter(({ slow = false }) => !(quick && slow))
  return only.map((id) => {
    const found = all.find((one) => one.id === id)
    if (found === undefined) throw new UsageError(`--only: there is no case "${id}"; see --list`)
    return found
  })
}

async function measure(
  cases: readonly BenchmarkCase[],
  options: Options,
  signal: AbortSignal,
): Promise<number> {
  const machine = thisMachine()
  const warning = unrest(machine)
  if (warning !== undefined) say(warning)
  const { growth, quick, python } = options
  const rounds = options.rounds ?? (quick ? 1 : growth ? GROWTH_ROUNDS : ROUNDS)
  const run: RunOptions = { quick, python, rounds, say, signal }
  const results: CaseResult[] = []
  for (const one of cases) results.push(await runCase(one, run))
  const about = describeMachine(machine, rounds)
  const report = growth ? await growthReport(results, about, options) : reportOf(results, about)
  process.stdout.write(`${report}\n`)
  if (options.json !== undefined) writeJson(options.json, { machine, rounds, quick }, results)
  if (options.write) writeInto(join(DOCS, growth ? 'growth.md' : 'benchmarks.md'), report)
  return results.some(hasFailed) ? 1 : 0
}

async function growthReport(
  results: readonly CaseResult[],
  about: string,
  { write }: Options,
): Promise<string> {
  // The library that draws takes longer to load than all else together.
  const { drawGrowth } = await import('./growth/draw-growth.ts')
  const folder = write ? DOCS : DRAWN
  const byId = new Map(results.map((result) => [result.benchmark.id, result]))
  const report = await drawGrowth(byId, about, folder)
  say(`the pictures are in ${folder}`)
  return report
}

function writeInto(document: string, report: string): void {
  writeFileSync(document, replaceMeasured(readFileSync(document, 'utf8'), report))
  say(`written into ${document}`)
}

function hasFailed({ rounds }: CaseResult): boolean {
  return [...rounds.values()].flat().some((figures) => figures === undefined)
}

function writeJson(
  file: string,
  run: { readonly machine: Machine; readonly rounds: number; readonly quick: boolean },
  results: readonly CaseResult[],
): void {
  const cases = results.map((result) => ({
    id: result.benchmark.id,
    title: result.benchmark.title,
    measures: result.benchmark.measures,
    rounds: Object.fromEntries(result.rounds),
    goals: verdicts(result),
  }))
  writeFileSync(file, `${JSON.stringify({ ...run, cases }, undefined, 1)}\n`)
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
