import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Where a proxy leads to. */
export type ProxyTarget = { readonly path: string } | { readonly port: number }

/**
 * A TCP proxy that does to connections what networks do: cuts them before or after a command has arrived, delays
 * replies, or falls silent.
 */
export class TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>()
  #dropReplies = false
  #silent = false
  #cutAfterReply = false

  private constructor(target: ProxyTarget) {
    this.#server = createServer((client) => this.#connect(client, target))
  }

  /** Listens on a free port of the loopback interface. */
  static async start(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** Where it listens. */
  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string')
      throw new Error('the proxy does not listen')
    return address.port
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size
  }

  /** The next reply of the server is thrown away, and the connection cut: the command ran, and nobody knows. */
  cutBeforeNextReply(): void {
    this.#cutAfterReply = true
  }

  /** Replies are thrown away while this is on. */
  dropReplies(on: boolean): void {
    this.#dropReplies = on
  }

  /** Nothing gets through in either direction while this is on; connections stay open. */
  silence(on: boolean): void {
    this.#silent = on
    for (const { client, upstream } of this.#pairs) {
      if (on) {
        client.pause()
        upstream.pause()
      } else {
        client.resume()
        upstream.resume()
      }
    }
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
  }

  /** Cuts everything and stops listening. */
  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #connect(client: Socket, target: ProxyTarget): void {
    const upstream = createConnection(target)
    const pair = { client, upstream }
    this.#pairs.add(pair)
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (this.#cutAfterReply) {
        this.#cutAfterReply = false
        client.destroy()
      } else if (!this.#dropReplies) client.write(chunk)
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        other.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#silent) {
      client.pause()
      upstream.pause()
    }
  }
}
