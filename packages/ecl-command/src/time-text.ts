/** An instant in whole seconds, for people and for programs: `2026-11-22T18:45:00Z`. */
export function timeText(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000', '')
}
