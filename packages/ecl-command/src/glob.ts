/** Whether a text means more than one name. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text)
}

/**
 * Whether a name matches a glob: `*` is any text, `?` any one character, everything else itself.
 *
 * By two pointers and not by a regular expression, which could take exponential time. Only the latest `*` is gone back
 * to: whatever an earlier one could take besides, the latest can take as well.
 */
export function matches(glob: string, name: string): boolean {
  const wanted = [...glob]
  const found = [...name]
  let at = 0
  let star = -1
  let resumeAt = 0
  for (let i = 0; i < found.length; ) {
    const char = wanted[at]
    // Before the comparison: a name may itself have a "*" there.
    if (char === '*') {
      star = at++
      resumeAt = i
    } else if (char === '?' || (char !== undefined && char === found[i])) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resumeAt
    } else return false
  }
  return wanted.slice(at).every((char) => char === '*')
}
