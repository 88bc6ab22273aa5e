import { statSync } from 'node:fs'
import type { Database, SqliteModule, Statement } from './driver-api.ts'
import { FaultyFile, primaryCodeOf } from './failures.ts'
import { numberIn, textIn } from './rows.ts'

/** The file of a WAL that was once large gives its space back down to this. */
const MAX_IDLE_WAL_BYTES = 4 * 1024 * 1024
const READONLY = 8
const NOTADB = 26
const CORRUPT = 11

/** What a file holds, and how it is kept. */
export interface FileKind<Statements> {
  /** Says whose file it is. */
  readonly applicationId: number
  /** The first makes the tables in an empty file, each further one those of a version of those of the one before. */
  readonly migrations: readonly string[]
  /**
   * With a WAL, NORMAL never harms the file, and a process that is killed loses nothing; with FULL, neither does a
   * machine that loses power, for a wait on the disk with each write.
   */
  readonly synchronous: 'NORMAL' | 'FULL'
  /** Who makes the file and its tables, and brings them up to date: whoever writes, or whoever comes. */
  readonly madeBy: 'writers' | 'anyone'
  prepare(database: Database): Statements
}

/** For reading, or for writing. */
type Begin = 'BEGIN' | 'BEGIN IMMEDIATE'

interface Opened<Statements> {
  readonly database: Database
  readonly statements: Statements
  /** Device and inode. */
  readonly identity: string
  /** The version of its tables before it was opened. */
  readonly found: number
}

/**
 * A file, opened when it is first needed, and opened anew when someone has put another one in its place.
 *
 * Its calls do not wait: where another process is at work in the file, they throw SQLITE_BUSY, and are to be repeated.
 */
export class SqliteFile<Statements> {
  readonly file: string
  readonly #module: SqliteModule
  readonly #kind: FileKind<Statements>
  #opened: Opened<Statements> | undefined

  constructor(file: string, module: SqliteModule, kind: FileKind<Statements>) {
    this.file = file
    this.#module = module
    this.#kind = kind
  }

  /** Brings its tables up to date. Says of which version they were, and are. */
  migrate(): { readonly from: number; readonly to: number } {
    const wasOpen = this.#opened
    const opened = this.#open(true)
    const to = this.#kind.migrations.length
    return { from: opened === wasOpen ? to : opened.found, to }
  }

  /**
   * Runs reading statements on the file as it is at one instant.
   *
   * @throws FaultyFile where only a writer could make what a reader needs: the files beside it, or, where writers alone
   *   make it, the file and its tables
   */
  read<T>(work: (statements: Statements) => T): T {
    try {
      return this.#transaction('BEGIN', work)
    } catch (caught) {
      throw primaryCodeOf(caught) === READONLY ? new FaultyFile('no writer') : caught
    }
  }

  /** Runs statements of which all take effect, or none. */
  write<T>(work: (statements: Statements) => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work)
  }

  /** Puts what has been written on disk for good, as far as nobody is reading it. */
  checkpoint(): void {
    this.#open(false).database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** May be called twice. */
  close(): void {
    const opened = this.#opened
    this.#opened = undefined
    opened?.database.close()
  }

  #transaction<T>(begin: Begin, work: (statements: Statements) => T): T {
    const mayMake = begin === 'BEGIN IMMEDIATE' || this.#kind.madeBy === 'anyone'
    const { database, statements } = this.#open(mayMake)
    try {
      return inTransaction(database, begin, () => work(statements))
    } catch (caught) {
      const primary = primaryCodeOf(caught)
      // What is open may be fit for reading only, or for nothing; the next one may be better.
      if (primary === READONLY || primary === NOTADB || primary === CORRUPT) this.close()
      throw caught
    }
  }

  #open(mayMake: boolean): Opened<Statements> {
    if (this.#opened !== undefined && this.#opened.identity !== identityOf(this.file)) this.close()
    this.#opened ??= open(this.file, this.#module, this.#kind, mayMake)
    return this.#opened
  }
}

function open<Statements>(
  file: string,
  { DatabaseSync }: SqliteModule,
  kind: FileKind<Statements>,
  mayMake: boolean,
): Opened<Statements> {
  // SQLite would make one.
  if (!mayMake && identityOf(file) === '') throw new FaultyFile('no file')
  const database = new DatabaseSync(file)
  try {
    // A thread that waits could do nothing else meanwhile, such as to read, or to end.
    database.exec('PRAGMA busy_timeout = 0')
    // At one instant: another process may be about to make the file.
    const found = inTransaction(database, 'BEGIN', () => versionOf(database, kind))
    if (found < kind.migrations.length && !mayMake) {
      throw new FaultyFile(found === 0 ? 'no tables' : 'an older version')
    }
    useWal(database)
    if (found < kind.migrations.length) migrate(database, kind)
    database.exec(`PRAGMA synchronous = ${kind.synchronous}`)
    database.exec(`PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES}`)
    return { database, statements: kind.prepare(database), identity: identityOf(file), found }
  } catch (caught) {
    database.close()
    throw caught
  }
}

/**
 * The version of the tables in a file; 0 where there are none yet.
 *
 * @throws FaultyFile where it is not for us
 */
function versionOf(database: Database, { applicationId, migrations }: FileKind<unknown>): number {
  const found = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  if (found === applicationId) {
    if (version > migrations.length) throw new FaultyFile('a newer version')
    return version
  }
  const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get({})
  if (found !== 0 || version !== 0 || numberIn(tables, 'n') !== 0) {
    throw new FaultyFile('another program')
  }
  return 0
}

/** Kept in the file, but a copy that SQLite's VACUUM has made is without it. Cannot be done in a transaction. */
function useWal(database: Database): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get({})
  if (textIn(mode, 'journal_mode') !== 'wal') throw new FaultyFile('no shared memory')
}

function migrate(database: Database, kind: FileKind<unknown>): void {
  inTransaction(database, 'BEGIN IMMEDIATE', () => {
    // Somebody else may have been first.
    for (const migration of kind.migrations.slice(versionOf(database, kind))) {
      database.exec(migration)
    }
    database.exec(`PRAGMA application_id = ${kind.applicationId}`)
    database.exec(`PRAGMA user_version = ${kind.migrations.length}`)
  })
}

function inTransaction<T>(database: Database, begin: Begin, work: () => T): T {
  database.exec(begin)
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (caught) {
    rollBack(database)
    throw caught
  }
}

/** Makes a statement give its integers as bigint, whole up to 64 bits. */
export function withBigInts(statement: Statement): Statement {
  statement.setReadBigInts(true)
  return statement
}

/** An error may have rolled it back already. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // There is none.
  }
}

function pragma(database: Database, name: string): number {
  return numberIn(database.prepare(`PRAGMA ${name}`).get({}), name)
}

/** Device and inode; '' where there is no file. */
function identityOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.dev}/${found.ino}`
}
