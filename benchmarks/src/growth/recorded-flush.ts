import { createConnection, createServer, type Socket } from 'node:net'
import { openStore, resolveGroups } from 'ecl-core'
import type { CellContext } from '../cell-context.ts'
import { eventNames } from '../hot-path/time-calls.ts'
import { Filler } from '../rotation/fill.ts'

/** As the events of a service: unknown to the config, in three intervals. */
export const LOAD_GROUP = {
  events: [],
  intervals: ['1h', '8h', '24h'],
  auto_declare_events: true,
  python_writers: false,
}
const RECORDED_ID = 'host/1/recorded'
const BREAK = '\r\n'

/** What a logger sends for one flush, to be sent again under other names and numbers. */
export interface RecordedFlush {
  /** In the form of a command of Redis, which has to be run right behind the one before. */
  readonly command: (clientId: string, number: number) => Buffer
}

/**
 * Has a store flush so many events, and records what it sends: to encode that anew each time would keep the machine
 * busier than it keeps Redis.
 */
export async function recordFlush(
  context: CellContext,
  redisSocket: string,
  events: number,
): Promise<RecordedFlush> {
  const sent: Buffer[] = []
  const socket = `${context.folder()}/recorder.sock`
  const recorder = createServer((client) => {
    const server = createConnection(redisSocket)
    client.on('data', (bytes: Buffer) => sent.push(bytes))
    client.pipe(server).pipe(client)
    client.on('error', () => server.destroy())
    server.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => recorder.listen(socket, resolve))
  const store = openStore({ path: socket })
  const [group] = resolveGroups({ bench: LOAD_GROUP })
  if (group === undefined) throw new Error('bug: no group')
  const filler = new Filler(store, group, RECORDED_ID)
  const now = Date.now() / 1000
  await filler.fill(eventNames(1), now)
  sent.length = 0
  await filler.fill(eventNames(events), now)
  await store.close()
  recorder.close()
  return recorded(Buffer.concat(sent))
}

/** Takes apart what was sent: EVALSHA, hash, number of keys, key; client, number, what it follows; the rest. */
function recorded(bytes: Buffer): RecordedFlush {
  const text = bytes.toString('latin1')
  const id = bulk(RECORDED_ID)
  const at = text.indexOf(id)
  // Registration was 1, the first event 2.
  const numbers = bulk('3') + bulk('2')
  if (at < 0 || !text.startsWith(numbers, at + id.length)) {
    throw new Error('a flush looks otherwise than expected')
  }
  const head = text.slice(0, at)
  const tail = bytes.subarray(at + id.length + numbers.length)
  return {
    command: (clientId, number) => {
      const changed = bulk(clientId) + bulk(String(number)) + bulk(String(number - 1))
      return Buffer.concat([Buffer.from(head + changed, 'latin1'), tail])
    },
  }
}

function bulk(text: string): string {
  return `$${text.length}${BREAK}${text}${BREAK}`
}

/** A logger of which there is only what it sends. */
export class SimulatedLogger {
  readonly #socket: Socket
  readonly #flush: RecordedFlush
  readonly #clientId: string
  #number = 0

  private constructor(socket: Socket, flush: RecordedFlush, clientId: string) {
    this.#socket = socket
    this.#flush = flush
    this.#clientId = clientId
  }

  /** Connects. */
  static async open(
    context: CellContext,
    ...[redisSocket, flush, clientId]: readonly [string, RecordedFlush, string]
  ): Promise<SimulatedLogger> {
    const socket = createConnection(redisSocket)
    context.onClose(() => void socket.destroy())
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new SimulatedLogger(socket, flush, clientId)
  }

  /** Sends one flush and waits until it was applied. */
  async flush(): Promise<void> {
    this.#number++
    const reply = new Promise<string>((resolve) => {
      this.#socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')))
    })
    this.#socket.write(this.#flush.command(this.#clientId, this.#number))
    const text = await reply
    if (!text.includes('applied')) throw new Error(`a flush was answered with ${text.trim()}`)
  }
}
