import { type Completeness, type EpochSeconds, nameLengthProblem, parseInterval } from 'ecl-core'
import type { ClosedWindow } from '../closed-window.ts'

const COMPLETENESS: readonly Completeness['status'][] = [
  'complete',
  'pending',
  'partial',
  'unknown',
]
/** So much of a name that is too long is shown. */
const LONGEST_SHOWN = 60
const INTEGER = /^-?\d{1,19}$/

/** What a file says of a window, before it is believed. */
export type Fields = Readonly<Partial<Record<Exclude<keyof ClosedWindow, 'counts'>, unknown>>>

/** Makes a window of what a file says. @throws Error that names the field, and what is wrong with it */
export function windowFrom(
  fields: Fields,
  counts: readonly (readonly [event: string, count: unknown])[],
): ClosedWindow {
  const interval = parseInterval(textOf(fields, 'interval'))
  if ('problem' in interval) throw new Error(`interval: ${interval.problem}`)
  const group = textOf(fields, 'group')
  for (const name of [group, ...counts.map(([event]) => event)]) {
    const problem = nameLengthProblem(name)
    if (problem !== undefined) throw new Error(`"${name.slice(0, LONGEST_SHOWN)}…" ${problem}`)
  }
  const start = numberOf(fields, 'start')
  const end = numberOf(fields, 'end')
  if (start % interval.seconds !== 0) throw new Error(`start: is no multiple of ${interval.spec}`)
  if (end !== start + interval.seconds) throw new Error(`end: is not ${interval.spec} after start`)
  const parts = numberOf(fields, 'parts')
  const part = numberOf(fields, 'part')
  if (part < 1 || part > parts) throw new Error(`part: is not one of ${parts}`)
  const completeness = COMPLETENESS.find((one) => one === fields.completeness)
  if (completeness === undefined)
    throw new Error(`completeness: is none of ${COMPLETENESS.join(', ')}`)
  const { late, total } = fields
  return {
    group,
    interval: interval.spec,
    start: start as EpochSeconds,
    end: end as EpochSeconds,
    publishedMs: numberOf(fields, 'publishedMs'),
    revision: numberOf(fields, 'revision'),
    part,
    parts,
    completeness,
    late: integerOf('late', late),
    total: integerOf('total', total),
    counts: new Map(counts.map(([event, count]) => [event, integerOf(`"${event}"`, count)])),
  }
}

function textOf(fields: Fields, name: 'group' | 'interval'): string {
  const value = fields[name]
  if (typeof value === 'string' && value !== '') return value
  throw new Error(`${name}: is missing`)
}

function numberOf(
  fields: Fields,
  name: 'start' | 'end' | 'publishedMs' | 'revision' | 'part' | 'parts',
): number {
  const number = Number(integerOf(name, fields[name]))
  if (number >= 0 && Number.isSafeInteger(number)) return number
  throw new Error(`${name}: is out of range`)
}

/** Of a number that is exact, or of digits. */
function integerOf(name: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && INTEGER.test(value)) return BigInt(value)
  throw new Error(`${name}: is no whole number`)
}
