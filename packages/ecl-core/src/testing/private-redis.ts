import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './until.ts'

/** On a machine that is busy, a server may load its append-only file for so long. */
const LONGEST_START_MS = 60_000

/** How a private server is set up. */
export interface PrivateRedisOptions {
  /** Arguments of redis-server besides ours, such as `['--appendonly', 'yes']`. */
  readonly args?: readonly string[]
  /** What the server does: keep data, or watch others as their sentinel. Default: keep data. */
  readonly role?: 'server' | 'sentinel'
  /** Content of its config file, which a sentinel needs, and rewrites. Default: none. */
  readonly config?: string
  /** Listen on this TCP port of the loopback interface, too. Default: none. */
  readonly port?: number
}

/**
 * A redis-server of one's own on a unix socket in a folder of its own: never a URL's database flushed.
 *
 * The binary is that of the environment's `ECL_REDIS_SERVER`, else `redis-server` on the PATH, else `valkey-server`.
 */
export class PrivateRedis {
  readonly directory: string
  readonly socket: string
  readonly #options: PrivateRedisOptions
  #process: ChildProcess | undefined
  #client: Redis | undefined

  private constructor(options: PrivateRedisOptions) {
    this.#options = options
    this.directory = mkdtempSync(join(tmpdir(), 'ecl-redis-'))
    this.socket = join(this.directory, 'r.sock')
    if (options.config !== undefined) writeFileSync(this.#configFile, options.config)
  }

  /** Starts a server and waits until it answers. */
  static async start(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
    const redis = new PrivateRedis(options)
    try {
      await redis.start()
    } catch (error) {
      await redis.close()
      throw error
    }
    return redis
  }

  /** The backend of a config: `{ path }`. */
  get backend(): { readonly path: string } {
    return { path: this.socket }
  }

  /** Its TCP port; 0 where it has none. */
  get port(): number {
    return this.#options.port ?? 0
  }

  get #configFile(): string {
    return join(this.directory, 'redis.conf')
  }

  /** The server's process id. */
  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error('redis-server does not run')
    return this.#process.pid
  }

  /** A client for looking at keys and writing them as others do; closed by `close`. */
  get client(): Redis {
    // It comes back by itself when the server does.
    this.#client ??= new Redis({
      path: this.socket,
      maxRetriesPerRequest: null,
      // A timer of so long stays where the server has gone before.
      disconnectTimeout: 1,
    }).on('error', () => undefined)
    return this.#client
  }

  /** Starts the server again, with what it has on disk. */
  async start(): Promise<void> {
    const { args = [], port = 0, role = 'server', config } = this.#options
    const binary = serverBinary()
    const child = spawn(
      binary,
      [
        ...(config === undefined ? [] : [this.#configFile]),
        ...(role === 'sentinel' ? ['--sentinel'] : []),
        ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', this.socket],
        ...['--dir', this.directory, '--loglevel', 'warning'],
        ...(role === 'server' ? ['--save', ''] : []),
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    this.#process = child
    await until(async () => {
      if (failure) throw new Error(`${binary} cannot be started: ${failure.message}`)
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${output}`)
      return answers(this.socket)
    }, LONGEST_START_MS)
  }

  /** Ends the server as a signal does, and waits for its end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }

  /** Sends a signal that does not end the server, such as SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Ends everything and removes the folder. */
  async close(): Promise<void> {
    this.#client?.disconnect()
    this.#process?.kill('SIGCONT')
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function serverBinary(): string {
  const given = process.env['ECL_REDIS_SERVER'] ?? ''
  if (given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const isOnPath = (name: string) => folders.some((folder) => existsSync(join(folder, name)))
  return ['redis-server', 'valkey-server'].find(isOnPath) ?? 'redis-server'
}

/** Whether a server answers a PING on a socket, without LOADING. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path })
    socket.once('error', () => resolve(false))
    // Killed before it has answered.
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(reply.toString().startsWith('+PONG'))
    })
  })
}
