import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { ProxyTarget } from './tcp-proxy.ts'

/** What a hostile peer does to a client, over its socket. */
export type Trick = (client: Socket) => void

const BLOCK = 64 * 1024

/** What a peer that is broken, overloaded or hostile may answer. Each of them makes the connection useless. */
export const TRICKS: Readonly<Record<string, Trick>> = {
  closes: (client) => client.end(),
  resets: (client) => client.resetAndDestroy(),
  freezes: () => undefined,
  drips: (client) => {
    client.write('+')
    const drip = setInterval(() => client.write('x'), 200)
    client.on('close', () => clearInterval(drip))
  },
  'speaks HTTP': (client) => client.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'speaks TLS': (client) => client.write(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])),
  'pushes as in RESP3': (client) => client.write('>1\r\n_\r\n'),
  'sends nulls that nobody asked for': (client) => client.write('$-1\r\n'.repeat(10)),
  'sends empty lists that nobody asked for': (client) => client.write('*0\r\n'.repeat(10)),
  'sends a line without an end': (client) => flood(client, 'x'.repeat(BLOCK), '+'),
  'sends replies without an end': (client) => flood(client, '+OK\r\n'.repeat(BLOCK / 5)),
  'sends errors without an end': (client) => flood(client, '-ERR no\r\n'.repeat(BLOCK / 9)),
  'sends a list without an end': (client) =>
    flood(client, ':1\r\n'.repeat(BLOCK / 4), '*2147483647\r\n'),
  'promises 100 GB': (client) => flood(client, 'x'.repeat(BLOCK), '$99999999999\r\n'),
  'nests lists without an end': (client) => flood(client, '*1\r\n'.repeat(BLOCK / 4)),
  'sends a length that is none': (client) => client.write('$-7\r\n*x\r\n'),
}

/** Answers of a wrong kind: such as leave the connection as it is, or of which nobody can say whether they are right. */
export const LIES: Readonly<Record<string, Trick>> = {
  'answers with a number': (client) => client.write(':1\r\n'),
  'answers with a null': (client) => client.write('$-1\r\n'),
  'answers with an empty list': (client) => client.write('*0\r\n'),
  'answers with a list of nulls': (client) => client.write('*3\r\n$-1\r\n*-1\r\n$-1\r\n'),
  'answers with an error': (client) => client.write('-ERR something\r\n'),
  'sends the client elsewhere': (client) => client.write('-MOVED 1 127.0.0.1:1\r\n'),
}

function flood(client: Socket, block: string, first = ''): void {
  client.write(first)
  const more = () => {
    while (!client.destroyed && client.write(block));
  }
  client.on('drain', more)
  more()
}

/** How a peer is set up. */
export interface HostilePeerOptions {
  /** The server to which it leads until the trick, and after it has repented. */
  readonly target: ProxyTarget
  /** The command instead of whose reply the trick is played; none for right after the connection. */
  readonly at?: RegExp
  readonly trick: Trick
}

/** A server that is as good as the one behind it until a certain command, to which it answers with a trick. */
export class HostilePeer {
  readonly #options: HostilePeerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #good = false
  #bytes = 0
  #tricks = 0

  private constructor(options: HostilePeerOptions) {
    this.#options = options
    this.#server = createServer((client) => this.#connect(client))
  }

  /** Listens on a free port of the loopback interface. */
  static async start(options: HostilePeerOptions): Promise<HostilePeer> {
    const peer = new HostilePeer(options)
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve))
    return peer
  }

  /** Where it listens. */
  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the peer does not listen')
    return address.port
  }

  /** How often it has played its trick. */
  get tricks(): number {
    return this.#tricks
  }

  /** How much of its trick has been taken from it by now. */
  get bytes(): number {
    return this.#bytes
  }

  /** From now on each new connection is a good one; those that there are remain as they are. */
  repent(): void {
    this.#good = true
  }

  /** Cuts everything and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #connect(client: Socket): void {
    this.#keep(client)
    if (this.#good) {
      this.#lead(client, () => false)
    } else if (this.#options.at === undefined) {
      this.#play(client)
    } else {
      const { at } = this.#options
      this.#lead(client, (request) => at.test(request))
    }
  }

  #lead(client: Socket, isMoment: (request: string) => boolean): void {
    const server = createConnection(this.#options.target)
    this.#keep(server)
    client.on('data', (chunk) => {
      if (server.destroyed) return
      if (!isMoment(chunk.toString('latin1'))) {
        server.write(chunk)
        return
      }
      server.unpipe(client)
      server.removeAllListeners('close')
      server.destroy()
      this.#play(client)
    })
    server.pipe(client)
    server.on('close', () => client.destroy())
    client.on('close', () => server.destroy())
  }

  #play(client: Socket): void {
    this.#tricks++
    const before = client.bytesWritten
    client.on('close', () => {
      this.#bytes += client.bytesWritten - before
    })
    client.resume()
    this.#options.trick(client)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
