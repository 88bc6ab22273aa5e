/**
 * The candidate that someone who wrote `word` most likely meant.
 *
 * @returns undefined where none is near: more than a third of the letters would have to change, and it is no beginning of
 *   exactly one of them
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const written = fold(word)
  let nearest: string | undefined
  let fewest = Math.max(1, Math.floor(written.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = editDistance(written, fold(candidate))
    if (edits < fewest) {
      nearest = candidate
      fewest = edits
    }
  }
  if (nearest !== undefined || written.length < MIN_BEGINNING) return nearest
  const begun = candidates.filter((candidate) => fold(candidate).startsWith(written))
  return begun.length === 1 ? begun[0] : undefined
}

/** With fewer letters a word may be the beginning of anything. */
const MIN_BEGINNING = 3

/** Case and the character between words are the commonest slips, and no reason to doubt what was meant. */
function fold(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, '')
}

/** A key of a config is short; what is longer is no slip of the keyboard, and would cost its length squared. */
const MAX_LENGTH = 40

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = last
    last = current
  }
  return at(last, b.length)
}

function at(costs: readonly number[], index: number): number {
  return costs[index] ?? Number.POSITIVE_INFINITY
}
