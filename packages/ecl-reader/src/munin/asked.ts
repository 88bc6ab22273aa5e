/** Whether the reader is called as a Munin plugin, which has questions of its own. */
export function asksForMunin(argv: readonly string[]): boolean {
  return argv.some(
    (arg, i) => arg === '--format=munin' || (arg === '--format' && argv[i + 1] === 'munin'),
  )
}
