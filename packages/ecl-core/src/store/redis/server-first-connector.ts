import { createConnection, type Socket } from 'node:net'
import { setImmediate } from 'node:timers'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { AbstractConnector } from 'ioredis'

const REDIS_PORT = 6379

/** What ioredis hands to a connector, of which it takes what says where the server is. */
interface Place {
  readonly path?: string | null | undefined
  readonly host?: string | null | undefined
  readonly port?: number | null | undefined
  readonly family?: number | null | undefined
  readonly tls?: ConnectionOptions | false | null | undefined
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
    // As ioredis takes them: whatever is not there, in JavaScript, counts as not given.
    const address = path
      ? { path }
      : {
          port: port ?? REDIS_PORT,
          ...(host && { host }),
          ...(typeof family === 'number' && { family }),
        }
    const stream = tls ? connectTls({ ...address, ...tls }) : createConnection(address)
    this.stream = stream
    stream.once('error', (error) => {
      this.firstError = error
    })
    writeAfterListening(stream, tls ? 'secureConnect' : 'connect')
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
