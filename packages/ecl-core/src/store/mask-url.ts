/** Names of parameters whose values are secret, such as `password` and `sslpassword`. */
const SECRET = /pass(word|phrase)|secret|token/i

/**
 * The address of a server for people, in messages and logs: without what is secret in it.
 *
 * A password with characters that belong written as %XX leaves open where it ends, so everything up to the last "@" is left
 * out, and everything from a secret parameter on: rather too much than a part of it.
 *
 * @param url whatever somebody wrote for one, right or wrong
 */
export function maskUrl(url: string): string {
  const [, scheme = '', rest = url] = /^([a-z][a-z\d+.-]*:\/\/)([^]*)$/i.exec(url) ?? []
  const at = scheme === '' ? -1 : rest.lastIndexOf('@')
  const [user = ''] = rest.slice(0, Math.max(at, 0)).split(/[:/?#]/)
  return `${scheme}${at < 0 ? '' : `${user}@`}${maskParameters(rest.slice(at + 1))}`
}

function maskParameters(text: string): string {
  for (const { 0: name = '', index } of text.matchAll(/[^?&\s=]+(?=\s*=)/g)) {
    if (SECRET.test(decoded(name))) return `${text.slice(0, index)}${name}=***`
  }
  return text
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
