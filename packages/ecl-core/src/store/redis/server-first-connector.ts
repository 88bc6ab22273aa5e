import { createConnection, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { AbstractConnector } from 'ioredis'

const REDIS_PORT = 6379

/** What ioredis hands to a connector, of which it takes what says where the server is. */
interface Place {
  readonly path?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly family?: number | undefined
  readonly tls?: ConnectionOptions | undefined
  readonly disconnectTimeout?: number | undefined
}

/**
 * Connects as ioredis does by itself, but writes nothing before it has listened once.
 *
 * A server that does not want a connection (`maxclients`, protected mode) accepts it, says why, and closes it. On a Unix
 * socket a write fails as soon as that is done, Node then gives the socket up, and what the server said would never be
 * read.
 */
export class ServerFirstConnector extends AbstractConnector {
  readonly #place: Place

  constructor(options: unknown) {
    // ioredis makes connectors from its own options.
    const place = options as Place
    super(place.disconnectTimeout ?? 0)
    this.#place = place
  }

  /** @returns the socket, which is still connecting */
  async connect(): Promise<Socket> {
    this.connecting = true
    const { path, host, port, family, tls } = this.#place
    const address = path === undefined ? { host, port: port ?? REDIS_PORT, family } : { path }
    const stream =
      tls === undefined ? createConnection(address) : connectTls({ ...address, ...tls })
    this.stream = stream
    stream.once('error', (error) => {
      this.firstError = error
    })
    writeAfterListening(stream, tls === undefined ? 'connect' : 'secureConnect')
    return stream
  }
}

function writeAfterListening(stream: Socket, connected: 'connect' | 'secureConnect'): void {
  stream.cork()
  stream.once(connected, () => {
    // The first may come in the turn of the event, before the socket is read for the first time.
    setImmediate(() => setImmediate(() => stream.uncork()))
  })
}
