import { jsonText } from 'ecl-command'
import type { ClosedWindow } from '../closed-window.ts'
import { windowFrom } from './window-fields.ts'

/** A part of a window as a line of JSON. Integers beyond 2^53, which many readers would round, are strings. */
export function ndjsonLine(window: ClosedWindow): string {
  const counts = Array.from(window.counts, ([event, n]) => `${jsonText(event)}:${integer(n)}`)
  return `{${[
    `"group":${jsonText(window.group)}`,
    `"interval":${jsonText(window.interval)}`,
    `"start":${window.start}`,
    `"end":${window.end}`,
    `"publishedMs":${window.publishedMs}`,
    `"revision":${window.revision}`,
    `"part":${window.part}`,
    `"parts":${window.parts}`,
    `"completeness":${jsonText(window.completeness)}`,
    `"late":${integer(window.late)}`,
    `"total":${integer(window.total)}`,
    `"counts":{${counts.join()}}`,
  ].join()}}\n`
}

/** Reads such a line. @throws Error that says what is wrong with it */
export function windowOfLine(line: string): ClosedWindow {
  const value: unknown = JSON.parse(line)
  if (!isObject(value)) throw new Error('is no object')
  const { counts } = value
  if (!isObject(counts)) throw new Error('counts: is no object')
  return windowFrom(value, Object.entries(counts))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function integer(n: bigint): string {
  const safe = n <= BigInt(Number.MAX_SAFE_INTEGER) && n >= BigInt(Number.MIN_SAFE_INTEGER)
  return safe ? `${n}` : `"${n}"`
}
