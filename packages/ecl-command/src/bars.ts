const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const
const HEIGHTS = '▁▂▃▄▅▆▇█'

/** A bar as long as the value's share of the largest one; something is seen of everything above 0. */
export function bar(value: number, largest: number, columns: number): string {
  if (value <= 0 || largest <= 0 || columns <= 0) return ''
  const eighths = Math.max(1, Math.round(Math.min(1, value / largest) * columns * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** One character for each value, as high as its share of the largest; a space where nothing is known. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const largest = Math.max(0, ...values.map((value) => value ?? 0))
  return values
    .map((value) => {
      if (value === undefined) return ' '
      const share = largest === 0 ? 0 : Math.max(0, value) / largest
      // 0 is a height of its own, so that little and nothing look different.
      return HEIGHTS[share === 0 ? 0 : Math.max(1, Math.round(share * 7))] ?? ''
    })
    .join('')
}
