import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  spawn,
} from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventCountLogger, type Logger, type RedisConfig, type Statistics } from 'ecl-core'
import { type PrivateRedis, until } from 'ecl-core/testing'

const command = (name: string) =>
  fileURLToPath(new URL(`../packages/${name}/bin/${name}.cjs`, import.meta.url))

/** On different nodes of a cluster of three. A day is there for a sum that no rotation disturbs. */
const NAMES = ['{a}', '{b}', '{c}'] as const
const GROUPS = {
  '{a}': { events: ['hit'], intervals: ['1s', '24h'] },
  '{b}': { events: ['hit'], intervals: ['1s', '24h'], sync_interval: 0.2 },
  '{c}': { events: [], intervals: ['1s', '24h'], auto_declare_events: true },
} as const
const LOGGERS = 3

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Loggers under load in this process, and two masters as processes of their own. */
export class Fleet {
  readonly config: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'ecl-fleet-'))
  readonly #loggers: EventCountLogger<typeof GROUPS>[] = []
  readonly #masters: ChildProcess[] = []
  readonly #logged = new Map<string, number>()
  /** What loggers and masters have said. */
  readonly messages: string[] = []
  #load: NodeJS.Timeout | undefined

  constructor(redis: RedisConfig) {
    this.config = join(this.#folder, 'ecl.yml')
    // JSON is YAML.
    writeFileSync(this.config, JSON.stringify({ redis, groups: GROUPS }))
    const say = (_: object, message: string) => void this.messages.push(message)
    const logger: Logger = { debug() {}, info() {}, warn: say, error: say }
    for (let i = 0; i < LOGGERS; i++) {
      this.#loggers.push(new EventCountLogger(GROUPS, redis, { logger }))
    }
    for (let i = 0; i < 2; i++) {
      const child = spawn(process.execPath, [command('ecl-master'), this.config], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr.on('data', (text: Buffer) => this.messages.push(text.toString()))
      this.#masters.push(child)
    }
  }

  /** Logs in all groups from now on, a thousand events a second or so. */
  async start(): Promise<void> {
    this.#load = setInterval(() => {
      for (const logger of this.#loggers) {
        for (const name of NAMES) {
          logger.getGroup(name).log('hit')
          this.#logged.set(name, (this.#logged.get(name) ?? 0) + 1)
        }
      }
    }, 5)
    await this.isCounted()
  }

  /** Waits until all groups' windows of a second are turned over with counts in them. */
  async isCounted(): Promise<void> {
    const from = Date.now() / 1000
    await until(async () => {
      const readings = await Promise.all(
        NAMES.map((name) =>
          this.#first
            .getGroup(name)
            .read('1s')
            .catch(() => undefined),
        ),
      )
      return readings.every(
        (one) => (one?.start ?? 0) > from && (one?.counts.get('hit') ?? 0n) > 0n,
      )
    }, 20_000)
  }

  /** What was logged, by group, as the reader prints it. */
  get logged(): Record<string, string> {
    return Object.fromEntries(Array.from(this.#logged, ([name, count]) => [name, `hit:${count}\n`]))
  }

  /** Ends the load, waits until all of it is stored, logs some more by the command, and reads the day by the command. */
  async printed(): Promise<Record<string, string>> {
    clearInterval(this.#load)
    await until(async () => {
      const flushes = this.#loggers.flatMap((logger) =>
        NAMES.map((name) => logger.getGroup(name).flush({ timeoutMs: 5000 })),
      )
      return (await Promise.all(flushes)).every(({ unsentEvents }) => unsentEvents === 0)
    }, 20_000)
    const printed: Record<string, string> = {}
    for (const name of NAMES) {
      this.#logged.set(name, (this.#logged.get(name) ?? 0) + 7)
      const { code, stderr } = await run(command('ecl-log-event'), this.config, name, 'hit', '7')
      if (code !== 0) throw new Error(stderr)
      printed[name] = (await this.read(name)).stdout
    }
    return printed
  }

  /** A statistic of all loggers. */
  sumOf(field: keyof Statistics): number {
    return this.#loggers.reduce((sum, { stats }) => sum + stats[field], 0)
  }

  /** Runs ecl-reader for the day. */
  read(name: (typeof NAMES)[number]): Promise<Ended> {
    return run(command('ecl-reader'), this.config, '-g', name, '-i', '24h', '--current')
  }

  /** Starts ecl-reader to follow the windows of a second, by a way of its own to Redis. */
  watch(name: (typeof NAMES)[number], redis: RedisConfig): Watch {
    const config = join(this.#folder, 'watch.yml')
    writeFileSync(config, JSON.stringify({ redis, groups: GROUPS }))
    const args = [config, '-g', name, '-i', '1s', '--watch', '--json']
    return new Watch(spawn(process.execPath, [command('ecl-reader'), ...args]))
  }

  async close(): Promise<void> {
    clearInterval(this.#load)
    await Promise.all(this.#loggers.map((logger) => logger.close({ timeoutMs: 1000 })))
    const ends = this.#masters.map(
      (child) =>
        new Promise((resolve) => {
          if (child.exitCode !== null) resolve(undefined)
          child.once('exit', resolve)
        }),
    )
    for (const child of this.#masters) child.kill('SIGTERM')
    await Promise.all(ends)
    rmSync(this.#folder, { recursive: true })
  }

  get #first(): EventCountLogger<typeof GROUPS> {
    const [first] = this.#loggers
    if (first === undefined) throw new Error('bug: no loggers')
    return first
  }
}

/** A running `ecl-reader --watch --json`. */
export class Watch {
  readonly #child: ChildProcessWithoutNullStreams
  #stdout = ''
  #stderr = ''

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stdout.on('data', (text: Buffer) => {
      this.#stdout += text.toString()
    })
    child.stderr.on('data', (text: Buffer) => {
      this.#stderr += text.toString()
    })
  }

  /** When the windows began that have been printed, seconds since the epoch. */
  starts(): number[] {
    return Array.from(this.#stdout.matchAll(/"start":(\d+)/g), ([, start]) => Number(start))
  }

  /** What it has said. */
  stderr(): string {
    return this.#stderr
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.kill('SIGTERM')) await ended
  }
}

/**
 * Keeps a primary's replicas from following it, while it goes on acknowledging: what it gets from now on is lost when
 * it dies.
 */
export async function cutOffReplicas(primary: PrivateRedis): Promise<void> {
  await primary.client.call('ACL', 'SETUSER', 'default', '-psync', '-sync', '-replconf')
  await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica')
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}
