import type { Socket } from 'node:net'
import { AbstractConnector, type Redis, type RedisOptions } from 'ioredis'
import { asError } from '../../errors.ts'
import { ReplyGuard } from './reply-guard.ts'

/** How ioredis connects: its own way, ours, or a user's. */
type Connector = NonNullable<RedisOptions['Connector']>

const guards = new WeakMap<Redis, ReplyGuard>()

/**
 * Makes a client, for one connection, that nothing its peer does or sends can make throw.
 *
 * @param Base how it connects
 * @param create makes the client, with the connector that it is given
 */
export function guardedClient(Base: Connector, create: (Guarded: Connector) => Redis): Redis {
  const guard = new ReplyGuard({
    unanswered: () => unansweredOf(redis),
    ready: () => redis.status === 'ready',
  })
  class Guarded extends AbstractConnector {
    readonly #base: AbstractConnector

    constructor(options: unknown) {
      super(0)
      this.#base = new Base(options)
    }

    async connect(emit: Parameters<AbstractConnector['connect']>[0]): Promise<Socket> {
      const socket = await this.#base.connect(emit)
      watch(socket, guard)
      // Of a socket that has failed already.
      if (this.#base.firstError !== undefined) this.firstError = this.#base.firstError
      return socket
    }

    override check(info: unknown): boolean {
      return this.#base.check(info)
    }

    override disconnect(): void {
      this.#base.disconnect()
    }
  }
  const redis = create(Guarded)
  redis.on('error', () => undefined)
  guards.set(redis, guard)
  return redis
}

/** From now on a client does nothing but listen to what is published. */
export function listenOnly(redis: Redis): void {
  guards.get(redis)?.listen()
}

/** Private in ioredis' types. Where another version has it elsewhere, any number is taken for right. */
function unansweredOf(redis: Redis): number {
  const queue: unknown = Reflect.get(redis, 'commandQueue')
  const { length }: { length?: unknown } = Object(queue)
  return typeof length === 'number' ? length : Number.POSITIVE_INFINITY
}

/**
 * Hands on only what the guard admits. In the place of the socket's own `emit`, since ioredis puts its listener before all
 * others, and a listener cannot keep the next one from being called.
 */
function watch(socket: Socket, guard: ReplyGuard): void {
  // ioredis listens to the first error only. A TLS socket may have two, and after an alert stays open, deaf and dumb.
  socket.on('error', () => socket.destroy())
  const emit = socket.emit.bind(socket)
  const guardedEmit = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...args)
    if (socket.destroyed) return false
    try {
      const [chunk] = args
      if (Buffer.isBuffer(chunk)) guard.admit(chunk)
      return emit(event, chunk)
    } catch (caught) {
      socket.destroy(asError(caught))
      return false
    }
  }
  Object.defineProperty(socket, 'emit', { value: guardedEmit, configurable: true, writable: true })
}
