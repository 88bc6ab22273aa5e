const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** A length of whole seconds in the largest unit that divides it: `90s`, `2h`, `1d`. */
export function formatLength(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds % one === 0) ?? ['s', 1]
  return `${seconds / size}${unit}`
}
