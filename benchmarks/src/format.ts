import type { Unit } from './benchmark.ts'
import type { Spread } from './statistics.ts'

/** Three digits that count, with thousands set apart: `1,240`, `56.1`, `0.042`. */
export function figure(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  const rounded = Number(value.toPrecision(3))
  return rounded.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 4),
    maximumFractionDigits: Math.min(digits, 4),
  })
}

/** With its unit. */
export function amount(value: number, unit: Unit): string {
  return unit === 'a second' ? `${figure(value)}/s` : `${figure(value)} ${unit}`
}

/** The least and the most, where they are not the same: ` (9.8 – 10.4)`. */
export function bounds({ least, most }: Spread): string {
  return figure(least) === figure(most) ? '' : ` (${figure(least)} – ${figure(most)})`
}
