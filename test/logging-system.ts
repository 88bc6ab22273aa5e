import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventCountLogger, loadConfig } from 'ecl-core'
import { PrivateRedis, until } from 'ecl-core/testing'
import { ended } from './system.ts'

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const MASTER = pathOf('../packages/ecl-master/bin/ecl-master.cjs')
const READER = pathOf('../packages/ecl-reader/bin/ecl-reader.cjs')
const LOGGER = pathOf('programs/logger.mjs')

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A Redis with a master, and loggers that each test starts for itself, in this process or in one of their own. */
export class LoggingSystem {
  readonly redis: PrivateRedis
  readonly config: string
  readonly #groups: string
  readonly #master: ChildProcess
  #loggers: EventCountLogger[] = []
  #children: ChildProcess[] = []

  private constructor(redis: PrivateRedis, groups: string) {
    this.redis = redis
    this.#groups = groups
    this.config = this.configFile('ecl.yml', `{path: ${redis.socket}}`)
    this.#master = spawn(process.execPath, [MASTER, this.config], { stdio: 'ignore' })
  }

  /**
   * Starts Redis and the master, and waits until that is at work.
   *
   * @param groups `groups:` of the config, as YAML
   * @param key exists when it is
   */
  static async start(groups: string, key: string): Promise<LoggingSystem> {
    const redis = await PrivateRedis.start()
    const system = new LoggingSystem(redis, groups)
    await until(async () => (await redis.client.exists(key)) === 1)
    return system
  }

  /** Writes a config with the same groups and another backend. */
  configFile(name: string, backend: string): string {
    const file = join(this.redis.directory, name)
    writeFileSync(file, `redis: ${backend}\n${this.#groups}`)
    return file
  }

  /** Runs ecl-reader on the config. */
  read(...args: readonly string[]): Promise<Ended> {
    return this.readFrom(this.config, ...args)
  }

  /** Runs ecl-reader on another config. */
  readFrom(config: string, ...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [READER, config, ...args], (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, stdout, stderr })
        else reject(error ?? new Error('no exit code'))
      })
    })
  }

  /** A logger in this process. */
  async startLogger(): Promise<EventCountLogger> {
    const { groups, backend } = await loadConfig(this.config)
    const logger = new EventCountLogger(groups, backend)
    this.#loggers.push(logger)
    return logger
  }

  /** A logger as a process of its own, which has logged `a` once; and its client id. */
  async startProcess(group: string): Promise<{ child: ChildProcess; id: string }> {
    const child = fork(LOGGER, [this.config, group], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#children.push(child)
    child.send('a')
    await once(child, 'message')
    const ids = await this.redis.client.hkeys(`${group}:@clients`)
    const id = ids.find((one) => one.includes(`/${child.pid}/`))
    if (id === undefined) throw new Error('the logger is not registered')
    return { child, id }
  }

  /** Ends all loggers. */
  async endLoggers(): Promise<void> {
    await Promise.all(this.#loggers.map((logger) => logger.close()))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(this.#children.map(ended))
    this.#loggers = []
    this.#children = []
  }

  async close(): Promise<void> {
    await this.endLoggers()
    this.#master.kill('SIGKILL')
    await ended(this.#master)
    await this.redis.close()
  }
}
