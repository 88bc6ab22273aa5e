const SCHEME = /[a-z][a-z0-9+.-]{0,20}:\/\//i
/** Parameters of an address, and words of a connection string, such as `sslpassword=…`. */
const PARAMETER = /((?:password|passwd|passphrase|secret|token)=)[^\s&;"']*/gi

/** A text for people, with the passwords of all addresses in it left out. Takes a time that grows with its length only. */
export function withoutSecrets(text: string): string {
  const masked = text.includes('://') ? text.replace(/\S+/g, withoutUser) : text
  return masked.replace(PARAMETER, '$1***')
}

/** Whatever stands before the last `@` of an address: a password may hold anything, also another `@` or a `/`. */
function withoutUser(word: string): string {
  const scheme = SCHEME.exec(word)
  const end = word.lastIndexOf('@')
  if (scheme === null || end < scheme.index) return word
  const start = scheme.index + scheme[0].length
  const user = word.slice(start, Math.max(start, end))
  const colon = user.indexOf(':')
  // A Redis has no user of this form: it is a password of which the colon was forgotten.
  if (colon < 0 && !/^rediss?:/i.test(scheme[0])) return word
  const name = user.slice(0, colon + 1)
  return `${word.slice(0, start)}${name}***${word.slice(end)}`
}

/**
 * Takes out of an error, and of all that caused it, what must not get into a log: ioredis adds the command with its
 * arguments, those of AUTH being the password, and those of a batch many.
 */
export function stripSecrets(error: Error, seen = new Set<unknown>()): void {
  if (seen.has(error)) return
  seen.add(error)
  Reflect.deleteProperty(error, 'command')
  const message = withoutSecrets(error.message)
  if (message !== error.message) {
    error.message = message
    if (error.stack !== undefined) error.stack = withoutSecrets(error.stack)
  }
  const inner: { cause?: unknown; errors?: unknown; previousErrors?: unknown } = error
  for (const one of [inner.cause, inner.errors, inner.previousErrors].flat()) {
    if (one instanceof Error) stripSecrets(one, seen)
  }
}
