import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from 'ecl-core/testing'

const HOST = 'test.local'
const NODE_START_MS = 30_000

/** Where the plugins are, as they are shipped. */
export const PLUGINS = fileURLToPath(new URL('../../plugins/', import.meta.url))
const READER = fileURLToPath(new URL('../../../ecl-reader/bin/ecl-reader.cjs', import.meta.url))

/** What a command printed. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, whatever that is. */
export function run(command: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: { PATH: process.env['PATH'] } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}

/** A Munin of one's own: node and master, in a folder that is removed. Its plugins are linked into `plugins/`. */
export class MuninWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'ecl-munin-'))
  readonly #port: number
  #node: ChildProcess | undefined

  private constructor(port: number) {
    this.#port = port
    // Its master is another user than its node.
    chmodSync(this.directory, 0o755)
    for (const name of ['plugins', 'plugin-conf.d', 'state', 'none']) mkdirSync(this.path(name))
    mkdirSync(this.path('master'), { mode: 0o777 })
    chmodSync(this.path('master'), 0o777)
    writeFileSync(this.path('munin-node.conf'), this.#nodeConfig())
    writeFileSync(this.path('munin.conf'), this.#masterConfig())
  }

  static async create(): Promise<MuninWorld> {
    return new MuninWorld(await freePort())
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names)
  }

  /** Links a plugin, as an administrator does. */
  link(plugin: string, name: string): void {
    symlinkSync(join(PLUGINS, plugin), this.path('plugins', name))
  }

  /** Writes plugin-conf.d, with what all plugins here need. */
  configure(eclConfig: string, sections = ''): void {
    const all = `[*]\nuser root\nenv.config ${eclConfig}\nenv.ecl_reader ${READER}\n`
    const state = `env.MUNIN_PLUGSTATE ${this.path('state')}\n`
    writeFileSync(this.path('plugin-conf.d', 'ecl'), `${all}${state}\n${sections}`)
  }

  /** `munin-run NAME [QUESTION]`: a plugin in the environment that munin-node makes. */
  muninRun(name: string, ...question: readonly string[]): Promise<Ended> {
    return run('/usr/sbin/munin-run', ...this.#nodeOptions(), name, ...question)
  }

  /** What `munin-node-configure` would have an administrator link. */
  nodeConfigure(...args: readonly string[]): Promise<Ended> {
    return run('/usr/sbin/munin-node-configure', ...this.#nodeOptions(), ...args)
  }

  /** Starts munin-node and waits until it listens. */
  async startNode(): Promise<void> {
    const defaults = '$Munin::Common::Defaults::'
    // It takes its folders from these, and has no options for them.
    const folders = `${defaults}MUNIN_CONFDIR='${this.directory}'; ${defaults}MUNIN_PLUGSTATE='${this.path('state')}'`
    const child = spawn(
      'perl',
      [
        ...['-T', `-MMunin::Common::Defaults; ${folders}`, '/usr/sbin/munin-node'],
        ...['--config', this.path('munin-node.conf'), '--foreground'],
      ],
      { stdio: 'ignore' },
    )
    this.#node = child
    await until(() => {
      if (child.exitCode !== null) throw new Error('munin-node has ended')
      return listens(this.#port)
    }, NODE_START_MS)
  }

  /** The master's programs in the order in which its cron job runs them: without munin-limits there are no graphs. */
  async runMaster(): Promise<void> {
    await this.#master('munin-update', '--nofork')
    await this.#master('munin-limits', '--force')
    await this.#master('munin-html')
    await this.#master('munin-graph', '--cron')
  }

  async #master(program: string, ...args: readonly string[]): Promise<void> {
    const command = [`/usr/share/munin/${program}`, '--config', this.path('munin.conf'), ...args]
    const { code, stdout, stderr } = await run('runuser', '-u', 'munin', '--', ...command)
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${stdout}${stderr}`)
  }

  /** The file with one field's values. */
  rrd(service: string, field: string): string {
    return this.path('master', 'local', `${HOST}-${service}-${field}-g.rrd`)
  }

  /** A picture of the master's. */
  png(service: string, view: 'day' | 'week'): string {
    return this.path('master', 'html', 'local', HOST, `${service}-${view}.png`)
  }

  async close(): Promise<void> {
    const child = this.#node
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
    rmSync(this.directory, { recursive: true })
  }

  #nodeOptions(): string[] {
    return [
      ...['--config', this.path('munin-node.conf'), '--servicedir', this.path('plugins')],
      ...['--sconfdir', this.path('plugin-conf.d')],
    ]
  }

  #nodeConfig(): string {
    return [
      `log_file ${this.path('node.log')}`,
      `pid_file ${this.path('node.pid')}`,
      ...['background 0', 'setsid 0', 'user root', 'group root', `host_name ${HOST}`],
      ...['allow ^127\\.0\\.0\\.1$', 'host 127.0.0.1', `port ${this.#port}`],
    ].join('\n')
  }

  #masterConfig(): string {
    return [
      `dbdir ${this.path('master')}`,
      `htmldir ${this.path('master', 'html')}`,
      `logdir ${this.path('master')}`,
      `rundir ${this.path('master')}`,
      `includedir ${this.path('none')}`,
      ...['graph_strategy cron', 'html_strategy cron'],
      ...[`[${HOST}]`, 'address 127.0.0.1', `port ${this.#port}`, 'use_node_name yes', ''],
    ].join('\n')
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('error', () => resolve(false))
    // Its greeting, so that it is munin-node, and ready.
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
