/** How the values of a chart are placed on its lines. */
export interface Scale {
  /** The values of the lowest and the highest line. */
  readonly min: number
  readonly max: number
  /** How many lines there are above the lowest one. */
  readonly height: number
  /** How far the values of two labels are from each other; the lowest line has one. */
  readonly tick: number
}

/** About as many lines a chart has. */
const LINES = 8
/** Numbers that people count in, up to 10. */
const MANTISSAS = [1, 2, 3, 4, 5, 6, 8, 10]
const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** Places values so that 0 is on a line, and labels are whole numbers. */
export function scaleFor(values: readonly number[]): Scale {
  const least = Math.min(0, ...values)
  const most = Math.max(0, ...values, least === 0 ? 1 : 0)
  const tick = niceTick((most - least) / LINES)
  const [min, max] = [Math.floor(least / tick) * tick, Math.ceil(most / tick) * tick]
  const ticks = (max - min) / tick
  // Small counts have lines in between, so that 1 is not as flat as nothing.
  return { min, max, height: ticks * Math.max(1, Math.floor(LINES / ticks)), tick }
}

function niceTick(least: number): number {
  if (least <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  const mantissa = MANTISSAS.find((one) => one * power >= least) ?? 10
  return mantissa * power
}

/** The labels of the lines, from the highest on; empty for lines in between. */
export function labelsOf({ min, max, height, tick }: Scale): string[] {
  return Array.from({ length: height + 1 }, (_, line) => {
    const value = max - (line * (max - min)) / height
    return Number.isInteger((value - min) / tick) ? shortNumber(value) : ''
  })
}

/** A number in at most six characters: `950`, `1.25k`, `-3.5M`. */
export function shortNumber(value: number): string {
  const magnitude = Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)
  const suffix = SUFFIXES[magnitude] ?? ''
  return `${Number((value / 1000 ** magnitude).toPrecision(3))}${suffix}`
}
