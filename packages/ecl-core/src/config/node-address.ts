/** Where a server listens. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
}

/**
 * Reads `host:port`, where the host may be an IPv6 address in brackets.
 *
 * @param text as a config has it
 * @param defaultPort where there is no port
 * @returns undefined where it is neither
 */
export function parseNodeAddress(text: string, defaultPort: number): NodeAddress | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s/@:[\]]+))(?::(\d{1,5}))?$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) return undefined
  return nodeAddress(host, match?.[3] ?? defaultPort)
}

/** An address of two parts, as servers tell them; undefined where it is none. */
export function nodeAddress(host: string, port: unknown): NodeAddress | undefined {
  const number = Number(port)
  const isPort = Number.isInteger(number) && number >= 1 && number <= 65_535
  return isPort && host !== '' ? { host, port: number } : undefined
}

/** The same as text, with an IPv6 address in brackets. */
export function formatNodeAddress({ host, port }: NodeAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
