import { readFileSync, writeFileSync } from 'node:fs'
import type { RunPlan } from './run.ts'

/** Writes down what a run does, so that it can be done again. */
export function writeSchedule(file: string, plan: RunPlan): void {
  writeFileSync(file, `${JSON.stringify(plan, undefined, 1)}\n`)
}

/** Reads what an earlier run has written. */
export function readSchedule(file: string): RunPlan {
  // Written by `writeSchedule`.
  return JSON.parse(readFileSync(file, 'utf8')) as RunPlan
}
