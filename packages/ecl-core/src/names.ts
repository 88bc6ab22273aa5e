/**
 * Which names can be part of a key (`<group>:<interval>:cur:<event>`) without being taken for another one's.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const GROUP_FORBIDDEN = /[:\s*?[\]^\\]/

/**
 * No name of an event or a group is longer, in bytes of UTF-8. Databases have such a bound on what they index (2,704 bytes
 * in PostgreSQL), and a name is in memory, in each request and in each window.
 */
export const MAX_NAME_BYTES = 1024
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const MOST_BYTES_PER_UNIT = 3

/** Why a text is too long for a name, in words that complete `"x" …`; undefined when it is not. */
export function nameLengthProblem(name: string): string | undefined {
  if (name.length * MOST_BYTES_PER_UNIT <= MAX_NAME_BYTES) return undefined
  const bytes = Buffer.byteLength(name)
  if (bytes <= MAX_NAME_BYTES) return undefined
  return `has ${bytes.toLocaleString('en')} bytes; a name has at most ${MAX_NAME_BYTES.toLocaleString('en')} bytes of UTF-8`
}

/**
 * Why a text cannot name an event, in words that complete `"@x" …`; undefined when it can.
 * Reserved keys start with `@` in the event's place; a control character would break line-based output.
 */
export function eventIdProblem(id: string): string | undefined {
  if (id === '') return 'is empty; an event ID has at least one character'
  if (id.startsWith('@')) return 'starts with "@", which is reserved'
  return nameLengthProblem(id) ?? (CONTROL.test(id) ? 'holds a control character' : undefined)
}

/**
 * Why a text cannot name a group; undefined when it can. A colon would end the name within a key, and a glob
 * character would make the original's SCAN match other groups' keys.
 */
export function groupNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty; a group name has at least one character'
  if (name.startsWith('@')) return 'starts with "@", which is reserved'
  const tooLong = nameLengthProblem(name)
  if (tooLong !== undefined) return tooLong
  if (CONTROL.test(name)) return 'holds a control character'
  const found = GROUP_FORBIDDEN.exec(name)?.[0]
  if (found === undefined) return undefined
  const what = /\s/.test(found) ? 'white space' : `"${found}"`
  return `holds ${what}; a group name has no ":", white space or glob character (* ? [ ] ^ \\)`
}

/** Shows control characters, which could drive a terminal, as `\x1b`. For messages and for people, not for programs. */
export function visible(text: string): string {
  const escaped = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  return CONTROL.test(text) ? text.replace(new RegExp(CONTROL, 'g'), escaped) : text
}
