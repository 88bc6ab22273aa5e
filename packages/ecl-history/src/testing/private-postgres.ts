import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const DEBIAN = '/usr/lib/postgresql'

/** How a private server is set up. */
export interface PrivatePostgresOptions {
  /** Settings of postgresql.conf besides ours, such as `{ fsync: 'on' }`: ours does not wait for the disk. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A PostgreSQL of one's own on a unix socket in a folder of its own, as the user postgres where we are root, for whom it
 * refuses to work.
 *
 * The programs are those in the folder of the environment's `ECL_POSTGRES_BIN`, else of Debian's newest version.
 */
export class PrivatePostgres {
  readonly directory: string
  readonly #bin: string
  readonly #settings: Readonly<Record<string, string>>

  private constructor({ settings = {} }: PrivatePostgresOptions) {
    this.#settings = { listen_addresses: '', fsync: 'off', max_connections: '50', ...settings }
    this.#bin = binFolder()
    this.directory = mkdtempSync(join(tmpdir(), 'ecl-postgres-'))
  }

  /** Makes one and starts it: some two seconds. */
  static async start(options: PrivatePostgresOptions = {}): Promise<PrivatePostgres> {
    const postgres = new PrivatePostgres(options)
    try {
      await postgres.#make()
      await postgres.start()
    } catch (error) {
      await postgres.close()
      throw error
    }
    return postgres
  }

  /** Whether the server could be given an extension. */
  static hasExtension(name: string): boolean {
    const share = execFileSync(join(binFolder(), 'pg_config'), ['--sharedir'], { encoding: 'utf8' })
    return existsSync(join(share.trim(), 'extension', `${name}.control`))
  }

  /** The address of one of its databases, as its owner. */
  url(database = 'postgres', user = 'postgres'): string {
    return `postgres://${user}@/${database}?host=${encodeURIComponent(this.directory)}`
  }

  /** Runs statements as its owner, and gives what psql prints, without its decorations. */
  async psql(statements: string, database = 'postgres'): Promise<string> {
    const args = ['-h', this.directory, '-U', 'postgres', '-d', database, '-qAtX']
    const { stdout } = await run(join(this.#bin, 'psql'), [
      ...args,
      ...['-v', 'ON_ERROR_STOP=1', '-c', statements],
    ])
    return stdout.trim()
  }

  /** Lets in a user by password only. */
  async demandPassword(user: string): Promise<void> {
    const file = join(this.#data, 'pg_hba.conf')
    writeFileSync(file, `local all ${user} scram-sha-256\n${readFileSync(file, 'utf8')}`)
    await this.#as('pg_ctl', '-D', this.#data, 'reload')
  }

  /** Starts it again after `stop` or `kill`, and waits until it answers. */
  async start(): Promise<void> {
    const options = Object.entries(this.#settings).map(([name, value]) => `-c ${name}=${value}`)
    const log = join(this.directory, 'log')
    await this.#as(
      'pg_ctl',
      '-D',
      this.#data,
      '-w',
      '-o',
      `-k ${this.directory} ${options.join(' ')}`,
      '-l',
      log,
      'start',
    )
  }

  /** Stops it; connections are cut. */
  async stop(): Promise<void> {
    await this.#as('pg_ctl', '-D', this.#data, '-w', '-m', 'fast', 'stop')
  }

  /** Kills it, as a crash does. */
  async kill(): Promise<void> {
    const pid = Number(readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n')[0])
    process.kill(pid, 'SIGKILL')
    // Its children end by themselves, and leave their memory to the next one.
    while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  /** Ends it, and removes what it has written. */
  async close(): Promise<void> {
    if (existsSync(join(this.#data, 'postmaster.pid'))) {
      await this.#as('pg_ctl', '-D', this.#data, '-w', '-m', 'immediate', 'stop').catch(
        () => undefined,
      )
    }
    rmSync(this.directory, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.directory, 'data')
  }

  async #make(): Promise<void> {
    if (process.getuid?.() === 0) {
      const { stdout } = await run('id', ['-u', 'postgres'])
      await chown(this.directory, Number(stdout), -1)
    }
    const settings = ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8']
    await this.#as('initdb', '-D', this.#data, '--no-sync', ...settings)
  }

  async #as(program: string, ...args: string[]): Promise<void> {
    const command = [join(this.#bin, program), ...args]
    const [file = '', ...rest] =
      process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command
    // Not in a folder that its user may not enter. A server keeps our output open, so it gets none.
    await new Promise<void>((resolve, reject) => {
      const child = execFile(file, rest, { cwd: '/' })
      child.once('exit', (code) => {
        child.stdout?.destroy()
        child.stderr?.destroy()
        if (code === 0) resolve()
        else reject(new Error(`${program} has failed with ${code}; see ${this.directory}/log`))
      })
      child.once('error', reject)
    })
  }
}

function binFolder(): string {
  const given = process.env['ECL_POSTGRES_BIN']
  if (given !== undefined) return given
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number) : []
  if (versions.length === 0) throw new Error('there is no PostgreSQL here; install postgresql-15')
  return join(DEBIAN, String(Math.max(...versions)), 'bin')
}
