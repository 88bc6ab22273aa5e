/**
 * Names that nobody can tell apart by looking at them. Each is counted by itself, so of two such names one is mostly a slip:
 * it was pasted, or typed on another system.
 */

/** Most names: nothing of it is invisible, and there is nothing to normalise. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/
const MAX_CODE_POINTS = 6

/** What two names may differ in, and be taken for the same; together they leave what is seen. */
const FOLDS: readonly (readonly [what: string, fold: (name: string) => string])[] = [
  ['an invisible character', (name) => name.replace(/[\p{Cf}\ufe0e\ufe0f]/gu, '')],
  ['the kind or the number of blanks', (name) => name.replace(/\s+/gu, ' ')],
  ['a blank at the beginning or the end', (name) => name.trim()],
  ['their Unicode normalisation (NFC, NFD)', (name) => name.normalize('NFC')],
]

/** What is seen of a name: the same text for all that look alike. */
export function appearanceOf(name: string): string {
  return PLAIN.test(name) ? name : folded(name)
}

/** Says in what two names differ that look alike: `an invisible character (U+200B against nothing)`. */
export function differenceOf(a: string, b: string): string {
  const kinds = FOLDS.filter((left) => folded(a, left) !== folded(b, left)).map(([what]) => what)
  return `${kinds.join(' and ') || 'invisible characters'} (${codePointsText(a, b)})`
}

/** Writes out all of a text but printable ASCII. */
export function escapeText(text: string): string {
  return text.replace(/[^ -~]/gu, (char) => `\\u${hex(char).padStart(4, '0')}`)
}

function folded(name: string, except?: (typeof FOLDS)[number]): string {
  return FOLDS.reduce((text, fold) => (fold === except ? text : fold[1](text)), name)
}

/** The code points of what is different, between what both names begin and end with. */
function codePointsText(one: string, other: string): string {
  const [a, b] = [[...one], [...other]]
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  const shortest = Math.min(a.length, b.length) - start
  while (end < shortest && a.at(-1 - end) === b.at(-1 - end)) end++
  const [inOne, inOther] = [a, b].map((name) => {
    const points = name.slice(start, name.length - end)
    const shown = points
      .slice(0, MAX_CODE_POINTS)
      .map((char) => `U+${hex(char).toUpperCase().padStart(4, '0')}`)
    return points.length > MAX_CODE_POINTS
      ? [...shown, '…'].join(' ')
      : shown.join(' ') || 'nothing'
  })
  return `${inOne} against ${inOther}`
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16)
}
