import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { growthReport, pictures } from './growth-report.ts'
import type { GrowthResults } from './points.ts'

/**
 * Draws the curves into a folder.
 *
 * @param machine where they were measured, in a paragraph
 * @returns what there is to read, in Markdown, with the pictures in it
 */
export async function drawGrowth(
  results: GrowthResults,
  machine: string,
  folder: string,
): Promise<string> {
  const drawn = await pictures(results)
  mkdirSync(folder, { recursive: true })
  for (const { file, svg } of drawn) writeFileSync(join(folder, file), svg)
  return growthReport(results, machine, drawn)
}
