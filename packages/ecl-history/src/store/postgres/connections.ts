import { type Logger, maskUrl, StoreError } from 'ecl-core'
import type { Pool, PoolClient } from 'pg'
import { codeOf } from './postgres-problem.ts'
import * as sql from './sql.generated.ts'

/** A value that goes in. */
export type Input = string | number | bigint | null | readonly string[] | readonly number[]

/** Runs a statement of sql/postgres, and gives its rows, of no type. */
export type Query = (sql: string, inputs?: readonly Input[]) => Promise<readonly unknown[]>

const CONNECT_TIMEOUT_MS = 5000
/** Longer than the server lets a statement take (see begin-write), so only a server that is gone is silent for so long. */
const SILENCE_MS = 65_000
/** A migration takes as long as it takes; the longest that a timer of Node can be. */
const UNBOUNDED_MS = 2 ** 31 - 1
/** After so long without a word, the operating system asks whether the server is still there. */
const KEEP_ALIVE_MS = 10_000
const MAX_CONNECTIONS = 4
/** Others were at work on the same rows: serialization_failure, deadlock_detected. */
const CONFLICTS: readonly string[] = ['40001', '40P01']
const MAX_ATTEMPTS = 5

/** Connections to one database, made when they are needed. */
export class Connections {
  /** The database for people: without a password. */
  readonly name: string
  readonly #url: string
  readonly #logger: Logger
  #pool: Promise<Pool> | undefined
  #closed = false

  constructor(url: string, logger: Logger) {
    this.name = maskUrl(url)
    this.#url = url
    this.#logger = logger
  }

  /** Runs one statement by itself. */
  async query(text: string, inputs: readonly Input[] = []): Promise<readonly unknown[]> {
    return await this.#with((client) => queryOf(client)(text, inputs))
  }

  /** Runs statements of which all take effect, or none; all of them once more where others were at work on the same rows. */
  async write<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return await this.#transaction(sql.beginWrite, work)
  }

  /** The same for migrations, which take as long as they take: no time-out of ordinary work holds. */
  async migrate<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return await this.#transaction(sql.beginMigration, work, UNBOUNDED_MS)
  }

  /** Runs reading statements on the database as it is at one instant. */
  async read<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return await this.#transaction(sql.beginRead, work)
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    const pool = this.#pool
    this.#pool = undefined
    await (await pool)?.end()
  }

  #transaction<T>(
    begin: string,
    work: (query: Query) => Promise<T>,
    silenceMs?: number,
  ): Promise<T> {
    return this.#with(async (client) => {
      const query = queryOf(client, silenceMs)
      for (let attempt = 1; ; attempt++) {
        try {
          await query(begin)
          const result = await work(query)
          await query('COMMIT')
          return result
        } catch (caught) {
          // The server rolls back what a lost connection had begun; and asking a silent one would only take longer.
          if (isOfStatement(caught)) await query('ROLLBACK').catch(() => undefined)
          if (!CONFLICTS.includes(codeOf(caught) ?? '') || attempt === MAX_ATTEMPTS) throw caught
        }
      }
    })
  }

  /** Lends a connection. One on which something went wrong that was not a statement's fault is not used again. */
  async #with<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreError('CLOSED', 'the history has been closed')
    let client: PoolClient | undefined
    try {
      this.#pool ??= this.#open()
      client = await (await this.#pool).connect()
      // What ends the connection is told to the statement that is under way, too, or else to the next one.
      client.on('error', ignore)
      const result = await work(client)
      giveBack(client, false)
      return result
    } catch (caught) {
      if (client !== undefined) giveBack(client, !isOfStatement(caught))
      throw caught
    }
  }

  /** Loaded when it is needed: a history in a file does without. */
  async #open(): Promise<Pool> {
    const { Pool, types } = await import('pg')
    const pool = new Pool({
      connectionString: this.#url,
      application_name: 'ecl-history',
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      allowExitOnIdle: true,
      types: {
        getTypeParser: (oid, format) =>
          oid === types.builtins.INT8 ? BigInt : types.getTypeParser(oid, format),
      },
    })
    // Of connections that nobody is using: whoever uses the next one is told by it.
    pool.on('error', (error) => {
      this.#logger.debug({ err: error }, `${this.name}: a connection has ended`)
    })
    return pool
  }
}

function queryOf(client: PoolClient, silenceMs = SILENCE_MS): Query {
  return async (text, inputs = []) => {
    // The driver has this option, its types do not.
    const config = { text, values: [...inputs], query_timeout: silenceMs }
    return (await client.query<object>(config)).rows
  }
}

function ignore(): void {}

function giveBack(client: PoolClient, isBroken: boolean): void {
  client.off('error', ignore)
  client.release(isBroken)
}

/** Errors of statements have an SQLSTATE; of these, those of class 57 end the connection. */
function isOfStatement(caught: unknown): boolean {
  const code = codeOf(caught) ?? ''
  return /^[0-9A-Z]{5}$/.test(code) && (!code.startsWith('57') || code === '57014')
}
