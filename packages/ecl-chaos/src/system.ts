import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GroupsConfig, RedisConfig } from 'ecl-core'
import { TcpProxy, until } from 'ecl-core/testing'
import { ChaosRedis } from './chaos-redis.ts'
import { ChaosSentinels } from './chaos-sentinels.ts'
import type { ChaosServer } from './chaos-server.ts'
import { type Child, forkChild, spawnChild } from './child.ts'
import type { Target, Topology } from './faults.ts'
import type { Job, Order } from './job.ts'
import type { JournalLine } from './journal.ts'
import { JournalTail } from './journal-file.ts'
import type { Scenario } from './scenario.ts'
import { LoggerTruth } from './truth.ts'

const LOGGER = fileURLToPath(new URL('./logger.js', import.meta.url))
const READER = fileURLToPath(new URL('./reader.js', import.meta.url))
const ARCHIVER = fileURLToPath(new URL('../../ecl-history/bin/ecl-history.cjs', import.meta.url))
const MASTER = fileURLToPath(new URL('../../ecl-master/bin/ecl-master.cjs', import.meta.url))

/** How many processes of each kind there are. */
export interface Sizes {
  readonly loggers: number
  readonly masters: number
  /** Archivers of a history; 0 for none. */
  readonly archivers: number
  readonly readers: number
  /** One Redis, or a primary with a replica and sentinels. */
  readonly topology: Topology
}

/** A process' place, which another one takes over when it ends; its connection goes through the proxy. */
export interface Place {
  readonly proxy: TcpProxy
  child: Child | undefined
}

/** A logger's place. */
export interface LoggerPlace extends Place {
  truth: LoggerTruth | undefined
  tail: JournalTail | undefined
}

/** What the system tells of. */
export interface Listener {
  /** A process ended, or said something, that it should not. */
  readonly crashed: (message: string) => void
  /** A line of a journal. */
  wrote(line: JournalLine, logger: LoggerTruth | undefined): void
}

/** Redis, and all processes around it, each behind a proxy of its own. */
export class System {
  readonly redis: ChaosServer
  readonly loggers: LoggerPlace[] = []
  readonly masters: Place[] = []
  readonly archivers: Place[] = []
  readonly readers: (Place & { tail: JournalTail | undefined })[] = []
  /** All loggers that there have been. */
  readonly truths: LoggerTruth[] = []
  readonly directory: string
  readonly #scenario: Scenario
  readonly #listener: Listener
  readonly #seed: number
  #started = 0

  private constructor(redis: ChaosServer, scenario: Scenario, seed: number, listener: Listener) {
    this.redis = redis
    this.#scenario = scenario
    this.#seed = seed
    this.#listener = listener
    this.directory = mkdtempSync(join(tmpdir(), 'ecl-chaos-'))
  }

  static async start(
    scenario: Scenario,
    sizes: Sizes,
    seed: number,
    listener: Listener,
  ): Promise<System> {
    const redis = await (sizes.topology === 'sentinel' ? ChaosSentinels : ChaosRedis).start()
    const system = new System(redis, scenario, seed, listener)
    const place = async () => ({ proxy: await TcpProxy.start(redis.target), child: undefined })
    // Before the masters, whose configs have a history where there are archivers.
    for (let i = 0; i < sizes.archivers; i++) {
      system.archivers.push(await place())
      system.startArchiver(i)
    }
    for (let i = 0; i < sizes.masters; i++) {
      system.masters.push(await place())
      system.startMaster(i)
    }
    for (let i = 0; i < sizes.loggers; i++) {
      system.loggers.push({ ...(await place()), truth: undefined, tail: undefined })
      system.startLogger(i)
    }
    for (let i = 0; i < sizes.readers; i++) {
      system.readers.push({ ...(await place()), tail: undefined })
      system.#startReader(i)
    }
    return system
  }

  /** The place of a process. */
  place(target: Target): Place {
    const [kind, number] = target.split(' ')
    const { loggers, masters, archivers, readers } = this
    const places = { logger: loggers, master: masters, archiver: archivers, reader: readers }
    // A target names one of these kinds.
    const found = places[kind as keyof typeof places][Number(number)]
    if (found === undefined) throw new Error(`there is no ${target}`)
    return found
  }

  /** Starts a master in a place that is free. The second one has an older config. */
  startMaster(index: number): void {
    const place = this.masters[index]
    if (place === undefined || place.child?.alive === true) return
    const groups = index === 1 ? this.#scenario.olderGroups : this.#scenario.groups
    const config = this.#configFor(place, `master-${index}.json`, groups)
    place.child = spawnChild(`master ${index}`, MASTER, [config], this.#listener.crashed)
  }

  /** Starts an archiver in a place that is free. */
  startArchiver(index: number): void {
    const place = this.archivers[index]
    if (place === undefined || place.child?.alive === true) return
    const config = this.#configFor(place, `archiver-${index}.json`, this.#scenario.groups)
    const args = [config, 'archive']
    place.child = spawnChild(`archiver ${index}`, ARCHIVER, args, this.#listener.crashed)
  }

  /** Where closed windows are kept; undefined where they are not. */
  get history(): string | undefined {
    return this.archivers.length > 0 ? `sqlite:${join(this.directory, 'history.db')}` : undefined
  }

  /** Starts a logger in a place that is free. */
  startLogger(index: number): void {
    const place = this.loggers[index]
    if (place === undefined || place.child?.alive === true) return
    this.#drain(place)
    place.tail?.close()
    const life = this.#started++
    const journal = join(this.directory, `logger-${life}.journal`)
    // Half of the machines' clocks are wrong by minutes.
    const clockOffsetMs = index % 2 === 0 ? 0 : (index + life) * 97_531 * (index % 4 === 1 ? 1 : -1)
    const job = { ...this.#job(place, journal), clockOffsetMs, wide: index === 0 }
    const name = `logger ${index} (its life ${life})`
    place.truth = new LoggerTruth(name, this.#scenario.groups)
    this.truths.push(place.truth)
    place.tail = new JournalTail(journal)
    place.child = forkChild(name, LOGGER, job, this.#listener.crashed)
  }

  /** Gives a logger an order. */
  order(index: number, order: Order): void {
    const child = this.loggers[index]?.child
    if (child?.process.connected !== true) return
    if (order.type === 'close') child.mayEnd = true
    child.process.send(order)
  }

  /** Takes in what the processes have written since. */
  readJournals(): void {
    for (const place of this.loggers) this.#drain(place)
    for (const { tail } of this.readers) {
      for (const line of tail?.read() ?? []) this.#listener.wrote(line, undefined)
    }
  }

  /** Lets everything run undisturbed again. */
  heal(): void {
    for (const place of this.#places) {
      place.proxy.heal()
      place.child?.process.kill('SIGCONT')
    }
    this.masters.forEach((_, index) => this.startMaster(index))
    this.archivers.forEach((_, index) => this.startArchiver(index))
  }

  /** Has all loggers close, and waits for that. */
  async closeLoggers(timeoutMs: number): Promise<void> {
    this.loggers.forEach((_, index) => this.order(index, { type: 'close' }))
    const children = this.loggers.flatMap(({ child }) => child ?? [])
    await until(() => children.every((child) => !child.alive), timeoutMs)
    this.readJournals()
  }

  /** Ends readers, masters and archivers; Redis last. */
  async stop(): Promise<void> {
    for (const { child } of [...this.readers, ...this.masters, ...this.archivers]) {
      await child?.end('SIGTERM')
    }
    this.readJournals()
    await this.redis.stop()
  }

  /** Ends everything and removes all files, but for the journals where they are to be kept. */
  async close(keepJournals: boolean): Promise<void> {
    await Promise.all(this.#places.flatMap(({ child }) => child?.end('SIGKILL') ?? []))
    await Promise.all(this.#places.map(({ proxy }) => proxy.close()))
    for (const { tail } of [...this.loggers, ...this.readers]) tail?.close()
    await this.redis.close()
    if (!keepJournals) rmSync(this.directory, { recursive: true, force: true })
  }

  get #places(): readonly Place[] {
    return [...this.loggers, ...this.masters, ...this.archivers, ...this.readers]
  }

  /** Writes a config of a command. */
  #configFor(place: Place, name: string, groups: GroupsConfig): string {
    const config = join(this.directory, name)
    const { history } = this
    const kept = history === undefined ? {} : { history: { store: history } }
    writeFileSync(config, JSON.stringify({ redis: this.backendOf(place), groups, ...kept }))
    return config
  }

  #startReader(index: number): void {
    const place = this.readers[index]
    if (place === undefined) return
    const journal = join(this.directory, `reader-${index}.journal`)
    place.tail = new JournalTail(journal)
    const job = { ...this.#job(place, journal), clockOffsetMs: 0, wide: false }
    place.child = forkChild(`reader ${index}`, READER, job, this.#listener.crashed)
  }

  /** How the process of a place reaches Redis. */
  backendOf({ proxy }: Place): RedisConfig {
    return this.redis.backend ?? { host: '127.0.0.1', port: proxy.port }
  }

  #job(place: Place, journal: string): Omit<Job, 'clockOffsetMs' | 'wide'> {
    const seed = this.#seed * 1009 + this.#started
    return { backend: this.backendOf(place), groups: this.#scenario.groups, journal, seed }
  }

  #drain({ tail, truth }: LoggerPlace): void {
    for (const line of tail?.read() ?? []) this.#listener.wrote(line, truth)
  }
}
