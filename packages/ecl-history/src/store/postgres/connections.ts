import { type Logger, StoreError } from 'ecl-core'
import type { Pool, PoolClient } from 'pg'
import { codeOf } from './postgres-problem.ts'

/** A value that goes in. */
export type Input = string | number | bigint | null | readonly string[] | readonly number[]

/** Runs a statement of sql/postgres, and gives its rows, of no type. */
export type Query = (sql: string, inputs?: readonly Input[]) => Promise<readonly unknown[]>

const CONNECT_TIMEOUT_MS = 5000
/** A statement that takes longer is stuck; the maintenance's are made so small that none should. */
const STATEMENT_TIMEOUT_MS = 60_000
const LOCK_TIMEOUT_MS = 5000
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
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
    this.name = withoutPassword(url)
    this.#url = url
    this.#logger = logger
  }

  /** Runs one statement by itself. */
  async query(sql: string, inputs: readonly Input[] = []): Promise<readonly unknown[]> {
    return await this.#with((client) => queryOf(client)(sql, inputs))
  }

  /** Runs statements of which all take effect, or none; all of them once more where others were at work on the same rows. */
  async write<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return await this.#transaction('BEGIN', work)
  }

  /** Runs reading statements on the database as it is at one instant. */
  async read<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return await this.#transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work)
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    const pool = this.#pool
    this.#pool = undefined
    await (await pool)?.end()
  }

  #transaction<T>(begin: string, work: (query: Query) => Promise<T>): Promise<T> {
    return this.#with(async (client) => {
      for (let attempt = 1; ; attempt++) {
        try {
          await client.query(begin)
          const result = await work(queryOf(client))
          await client.query('COMMIT')
          return result
        } catch (caught) {
          // Where there is no connection any more, there is nothing to roll back.
          await client.query('ROLLBACK').catch(() => undefined)
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
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
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

function queryOf(client: PoolClient): Query {
  return async (sql, inputs = []) => (await client.query<object>(sql, [...inputs])).rows
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

/** An address with what is secret in it left out. */
export function withoutPassword(url: string): string {
  return url
    .replace(/^(\w+:\/\/[^/?#@:]*)(?::[^@/]*)?@/, '$1@')
    .replace(/([?&]password=)[^&]*/, '$1***')
}
