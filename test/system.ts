import { type ChildProcess, fork, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LedgerInterval, PrivateRedis, until } from 'ecl-core/testing'
import { readLedger } from './ledger.ts'

const ARCHIVER = fileURLToPath(
  new URL('../packages/ecl-history/bin/ecl-history.cjs', import.meta.url),
)
const MASTER = fileURLToPath(new URL('../packages/ecl-master/bin/ecl-master.cjs', import.meta.url))
const WRONG_CLOCK = new URL('programs/wrong-clock.mjs', import.meta.url).href
const SERVICE = fileURLToPath(new URL('programs/service.mjs', import.meta.url))

/** What the services log into; the hour is there for a sum that no rotation disturbs. */
const GROUPS = `
groups:
  direct: {events: [hit, error], intervals: [1s, 2s, 1h]}
  cached: {events: [job], intervals: [1s, 1h], sync_interval: 0.3, python_writers: false}
  dynamic: {events: [], intervals: [1s, 1h], auto_declare_events: true}
`

/** Counts by group, event, and the second in which they were made. */
export type Logged = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<number, number>>>>>
>

/** What a service says when it ends. */
export interface ServiceReport {
  readonly logged: Logged
  readonly unsentEvents: number
  readonly stats: {
    readonly holds: number
    readonly late: number
    readonly rejected: number
    readonly unknown: number
  }
}

/** What a master has that is not like the others. */
export interface MasterSetup {
  /** The `groups:` of its config, in YAML. */
  readonly groups?: string
  /** Where it finds the server, by TCP. */
  readonly port?: number
}

/** A Redis that keeps everything, with masters and services as processes of their own. */
export class System {
  readonly redis: PrivateRedis
  readonly config: string
  /** The `history:` of all configs, in YAML; empty for none. */
  readonly #history: string
  readonly #masters: ChildProcess[] = []
  readonly #archivers: ChildProcess[] = []
  readonly #services: ChildProcess[] = []
  #stderr = ''

  private constructor(redis: PrivateRedis, history: string) {
    this.redis = redis
    this.#history = history
    this.config = join(redis.directory, 'ecl.yml')
    writeFileSync(this.config, `redis: {path: ${redis.socket}}\n${GROUPS}${history}`)
  }

  /** @param history the `history:` of all configs, in YAML */
  static async start(history = ''): Promise<System> {
    const args = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--auto-aof-rewrite-percentage',
      '0',
    ]
    return new System(await PrivateRedis.start({ args }), history)
  }

  /** What masters and services have said on stderr. */
  get stderr(): string {
    return this.#stderr
  }

  /** Starts a master; with the services' config, and straight at the server, if nothing else is said. */
  startMaster({ groups, port }: MasterSetup = {}): ChildProcess {
    const backend = port === undefined ? `path: ${this.redis.socket}` : `port: ${port}`
    const config = join(this.redis.directory, `master-${this.#masters.length}.yml`)
    writeFileSync(config, `redis: {${backend}}\n${groups ?? GROUPS}${this.#history}`)
    const child = spawn(process.execPath, [MASTER, config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#watch(child)
    this.#masters.push(child)
    return child
  }

  /** Starts an archiver. */
  startArchiver(): ChildProcess {
    const child = spawn(process.execPath, [ARCHIVER, this.config, 'archive'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#watch(child)
    this.#archivers.push(child)
    return child
  }

  /**
   * Starts services when all windows are turned over regularly.
   *
   * @param clocksMs by how much the clocks of some of them are wrong, ms
   */
  async startServices(count: number, clocksMs: readonly number[] = []): Promise<void> {
    await this.turns(1)
    for (let i = 0; i < count; i++) {
      const clockMs = clocksMs[i]
      const child = fork(SERVICE, [this.config], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        execArgv: clockMs === undefined ? [] : ['--import', WRONG_CLOCK],
        env: { ...process.env, ECL_TEST_CLOCK_MS: String(clockMs) },
      })
      this.#watch(child)
      this.#services.push(child)
    }
    // They count.
    await until(async () => (await this.redis.client.hlen('direct:@clients')) === count)
  }

  /** Sends a signal to all masters, or to all masters and services. */
  signal(signal: NodeJS.Signals, whom: 'masters' | 'masters and services'): void {
    for (const child of this.#masters) child.kill(signal)
    if (whom === 'masters') return
    for (const child of this.#services) child.kill(signal)
  }

  /** Stops the services in the middle of a second, so that no boundary comes between, and hears what they have logged. */
  async stopServices(): Promise<ServiceReport[]> {
    await middleOfSecond()
    const reports = this.#services.map(
      (child) =>
        new Promise<ServiceReport>((resolve, reject) => {
          // What our own program sends.
          child.once('message', (report) => resolve(report as ServiceReport))
          child.once('exit', () => reject(new Error(`a service ended: ${this.#stderr}`)))
          child.send('stop')
        }),
    )
    return Promise.all(reports)
  }

  /** Waits until so many windows of a second have been turned over from now on. */
  async turns(windows: number): Promise<void> {
    let seen: string | null = null
    let turned = -1
    await until(async () => {
      const current = await this.redis.client.get('direct:1s:cur:@ts')
      if (current !== null && current !== seen) {
        seen = current
        turned++
      }
      return turned >= windows
    })
  }

  /** Ends the masters, and reads what has become of every count. */
  async ledger(): Promise<ReadonlyMap<string, LedgerInterval>> {
    await endAll(this.#masters, 'SIGTERM')
    return readLedger(this.redis.directory)
  }

  async close(): Promise<void> {
    this.signal('SIGCONT', 'masters and services')
    await endAll([...this.#masters, ...this.#archivers, ...this.#services], 'SIGKILL')
    await this.redis.close()
  }

  #watch(child: ChildProcess): void {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
  }
}

/** Waits until this moment is far from every boundary. */
function middleOfSecond(): Promise<void> {
  return until(() => Date.now() % 1000 > 300 && Date.now() % 1000 < 600)
}

/** Lets real time pass, where how long something lasts is what matters. */
export function lasting(ms: number): Promise<void> {
  const overMs = performance.now() + ms
  return until(() => performance.now() >= overMs, ms + 1000)
}

/** A process' end. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

async function endAll(children: readonly ChildProcess[], signal: NodeJS.Signals): Promise<void> {
  for (const child of children) child.kill(signal)
  await Promise.all(children.map(ended))
}

/** What several services have counted together, per event of a group, in windows of some length. */
export function windowsOf(
  reports: readonly ServiceReport[],
  group: string,
  lengthS: number,
): Map<number, Map<string, bigint>> {
  const windows = new Map<number, Map<string, bigint>>()
  for (const { logged } of reports) {
    for (const [event, seconds] of Object.entries(logged[group] ?? {})) {
      for (const [second, count] of Object.entries(seconds)) {
        const start = Math.floor(Number(second) / lengthS) * lengthS
        const window = windows.get(start) ?? new Map<string, bigint>()
        windows.set(start, window)
        window.set(event, (window.get(event) ?? 0n) + BigInt(count))
      }
    }
  }
  return windows
}

/** The sums of what services have counted, by `group:interval:event`. */
export function loggedSums(reports: readonly ServiceReport[]): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  for (const { logged } of reports) {
    for (const [group, events] of Object.entries(logged)) {
      for (const [event, seconds] of Object.entries(events)) {
        const sum = Object.values(seconds).reduce((all, count) => all + count, 0)
        for (const interval of intervalsOf(group)) {
          const key = `${group}:${interval}:${event}`
          sums[key] = (sums[key] ?? 0n) + BigInt(sum)
        }
      }
    }
  }
  return sums
}

function intervalsOf(group: string): string[] {
  return group === 'direct' ? ['1s', '2s', '1h'] : ['1s', '1h']
}

/** The sums of what the store has in all windows, by `group:interval:event`; without zeroes. */
export function storedSums(ledger: ReadonlyMap<string, LedgerInterval>): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  for (const [name, { windows }] of ledger) {
    for (const { counts } of windows) {
      for (const [event, count] of counts) {
        if (count === 0n) continue
        const key = `${name}:${event}`
        sums[key] = (sums[key] ?? 0n) + count
      }
    }
  }
  return sums
}
