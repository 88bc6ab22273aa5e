/** Names of parameters whose values are secret, such as `password` and `sslpassword`. */
const SECRET = /pass(?:w(?:or)?d|phrase)|secret|token/i
const SCHEME = /[a-z][a-z0-9+.-]{0,20}:\/\//i
/** `name = `; only where a name begins, as a search from each of its letters would take a time that grows by its square. */
const PARAMETER = /(?<![^?&\s=])([^?&\s=]+)\s*=\s*/g
const HIDDEN = '***'

/**
 * An address for people, in messages and logs: without what is secret in it.
 *
 * A password with characters that belong written as %XX leaves open where it ends, so everything up to the last "@" is left
 * out, and everything from a secret parameter on: rather too much than a part of it.
 *
 * @param address what somebody wrote for one, right or wrong, and nothing else
 */
export function maskUrl(address: string): string {
  return withoutParameters(withoutPassword(address), /[^]*/y)
}

/**
 * A text for people, with the passwords of all addresses in it left out, each of which ends at the next blank: an address
 * that is known to be one is better given to `maskUrl`. Takes a time that grows with its length only.
 */
export function withoutSecrets(text: string): string {
  const masked = text.includes('://') ? text.replace(/\S+/g, withoutPassword) : text
  return withoutParameters(masked, /'[^'\n]{0,200}'\S*|\S*/y)
}

/** Whatever stands before the last `@`: a password may hold anything, also another `@` or a `/`. */
function withoutPassword(address: string): string {
  const scheme = SCHEME.exec(address)
  const end = address.lastIndexOf('@')
  if (scheme === null || end < scheme.index) return address
  const start = scheme.index + scheme[0].length
  const user = address.slice(start, Math.max(start, end))
  // A page on the web may have an "@" in its path.
  const [name = ''] = user.split(/^https?:/i.test(scheme[0]) ? ':' : /[:/?#]/)
  const head = address.slice(0, start)
  if (name !== user) return `${head}${name}:${HIDDEN}${address.slice(end)}`
  // A Redis has no user of this form: it is a password of which the colon was forgotten.
  if (user !== '' && /^rediss?:/i.test(scheme[0])) return `${head}${HIDDEN}${address.slice(end)}`
  return address
}

/** @param value matches what belongs to a value */
function withoutParameters(text: string, value: RegExp): string {
  if (!text.includes('=')) return text
  let masked = ''
  let from = 0
  for (const { 0: parameter, 1: name = '', index } of text.matchAll(PARAMETER)) {
    if (index < from || !SECRET.test(decoded(name))) continue
    const start = index + parameter.length
    value.lastIndex = start
    const length = value.exec(text)?.[0].length ?? 0
    if (length > 0) masked += `${text.slice(from, start)}${HIDDEN}`
    else masked += text.slice(from, start)
    from = start + length
  }
  return masked + text.slice(from)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A setting for people: the same as it is, with all secrets masked, wherever they stand. */
export function maskAll(value: unknown): unknown {
  if (typeof value === 'string') return maskUrl(value)
  if (Array.isArray(value)) return value.map(maskAll)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      SECRET.test(key) && inner !== undefined ? HIDDEN : maskAll(inner),
    ]),
  )
}

/**
 * Takes out of an error, and of all that caused it, what must not get into a log: ioredis adds the command with its
 * arguments, those of AUTH being the password, and those of a batch many; Node adds the address that is no URL.
 */
export function stripSecrets(error: Error, seen = new Set<unknown>()): void {
  if (seen.has(error)) return
  seen.add(error)
  Reflect.deleteProperty(error, 'command')
  Reflect.deleteProperty(error, 'input')
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
