import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Where a proxy leads to. */
export type ProxyTarget = { readonly path: string } | { readonly port: number }

/** What is done to a command that is waited for. */
interface Trap {
  readonly command: RegExp
  readonly what: 'cut before' | 'cut after' | 'keep'
}

/** What happens to the next request of a client. */
export type RequestFault =
  /** It never arrives, and the connection is cut. */
  | { readonly kind: 'lose' }
  /** It arrives, and again so many ms later, over another connection. */
  | { readonly kind: 'copy'; readonly afterMs: number }
  /** The connection is cut at once, and it arrives so many ms later, over another one. */
  | { readonly kind: 'hold'; readonly forMs: number }

interface ArmedFault {
  readonly fault: RequestFault
  readonly struck: () => void
}

/** Both ends of a connection through the proxy. */
interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** Replies that are delayed, in their order: none overtakes another. */
  readonly delayed: { readonly chunk: Buffer; readonly dueMs: number }[]
  cutAtReply: boolean
}

/** What each request of Redis' protocol begins with. */
const ASTERISK = 0x2a
/** How long a connection over which a copy went is kept for its reply. */
const COPY_LIFE_MS = 5000

/**
 * A TCP proxy that does to connections what networks do: cuts them before or after a command has arrived, delays
 * requests and replies, delivers requests twice, or falls silent.
 */
export class TcpProxy {
  readonly #server: Server
  readonly #target: ProxyTarget
  readonly #pairs = new Set<Pair>()
  readonly #strays = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #armed: ArmedFault[] = []
  #replyDelayMs = 0
  #dropReplies = false
  #silent = false
  #cutAfterReply: (() => void) | undefined
  #trap: Trap | undefined
  readonly #kept: (() => void)[] = []

  private constructor(target: ProxyTarget) {
    this.#target = target
    this.#server = createServer((client) => this.#connect(client))
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

  /**
   * The next reply of the server is thrown away, and the connection cut: the command ran, and nobody knows.
   *
   * @param struck called when that has happened
   */
  cutBeforeNextReply(struck: () => void = () => undefined): void {
    this.#cutAfterReply = struck
  }

  /**
   * Does something to the next request; to the one after it, where one is in store for that already.
   *
   * @param struck called when that has happened
   */
  onNextRequest(fault: RequestFault, struck: () => void = () => undefined): void {
    this.#armed.push({ fault, struck })
  }

  /** From now on each reply takes so many ms longer. */
  delayReplies(delayMs: number): void {
    this.#replyDelayMs = delayMs
  }

  /** From now on all is well, but for requests that are on their way already. */
  heal(): void {
    this.#armed = []
    this.#cutAfterReply = undefined
    this.#replyDelayMs = 0
    this.#dropReplies = false
    this.silence(false)
  }

  /**
   * Waits for a command that looks like this. Its connection is cut before it arrives, or after it ran and before its
   * reply; or it is kept on its way, and silence falls, until `silence(false)`.
   */
  trap(command: RegExp, what: Trap['what']): void {
    this.#trap = { command, what }
  }

  /** Whether such a command has not come yet. */
  get trapIsSet(): boolean {
    return this.#trap !== undefined
  }

  /** Replies are thrown away while this is on. */
  dropReplies(on: boolean): void {
    this.#dropReplies = on
  }

  /** Nothing gets through in either direction while this is on; connections stay open. */
  silence(on: boolean): void {
    this.#silent = on
    if (!on) for (const send of this.#kept.splice(0)) send()
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
    for (const timer of this.#timers) clearTimeout(timer)
    for (const stray of this.#strays) stray.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #connect(client: Socket): void {
    const upstream = createConnection(this.#target)
    const pair: Pair = { client, upstream, delayed: [], cutAtReply: false }
    this.#pairs.add(pair)
    client.on('data', (chunk) => {
      if (this.#trap?.command.test(chunk.toString('latin1')) === true) this.#spring(pair, chunk)
      else this.#request(pair, chunk)
    })
    upstream.on('data', (chunk) => this.#reply(pair, chunk))
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

  #spring(pair: Pair, chunk: Buffer): void {
    const what = this.#trap?.what
    this.#trap = undefined
    if (what === 'cut before') {
      pair.client.destroy()
    } else if (what === 'keep') {
      this.#kept.push(() => pair.upstream.write(chunk))
      this.silence(true)
    } else {
      pair.cutAtReply = true
      pair.upstream.write(chunk)
    }
  }

  #request({ client, upstream }: Pair, chunk: Buffer): void {
    // What continues a long request is no request.
    const armed = chunk[0] === ASTERISK ? this.#armed.shift() : undefined
    if (armed === undefined) {
      upstream.write(chunk)
      return
    }
    const { fault, struck } = armed
    if (fault.kind === 'copy') {
      upstream.write(chunk)
      this.#later(fault.afterMs, () => this.#deliver(chunk))
    } else {
      client.destroy()
      if (fault.kind === 'hold') this.#later(fault.forMs, () => this.#deliver(chunk))
    }
    struck()
  }

  #reply(pair: Pair, chunk: Buffer): void {
    const { client } = pair
    if (pair.cutAtReply) {
      client.destroy()
    } else if (this.#cutAfterReply !== undefined) {
      client.destroy()
      this.#cutAfterReply()
      this.#cutAfterReply = undefined
    } else if (this.#dropReplies) {
      return
    } else if (this.#replyDelayMs > 0 || pair.delayed.length > 0) {
      pair.delayed.push({ chunk, dueMs: performance.now() + this.#replyDelayMs })
      if (pair.delayed.length === 1) this.#pass(pair)
    } else client.write(chunk)
  }

  /** Lets delayed replies through when they are due. */
  #pass(pair: Pair): void {
    const { client, delayed } = pair
    for (;;) {
      const [next] = delayed
      if (next === undefined) return
      const waitMs = next.dueMs - performance.now()
      if (waitMs > 0) {
        this.#later(waitMs, () => this.#pass(pair))
        return
      }
      client.write(next.chunk)
      delayed.shift()
    }
  }

  /** A request on a way of its own; nobody waits for its reply. */
  #deliver(chunk: Buffer): void {
    const stray = createConnection(this.#target)
    this.#strays.add(stray)
    stray.on('error', () => undefined)
    stray.on('data', () => undefined)
    stray.on('close', () => this.#strays.delete(stray))
    stray.write(chunk)
    this.#later(COPY_LIFE_MS, () => stray.destroy())
  }

  #later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delayMs)
    this.#timers.add(timer)
  }
}
