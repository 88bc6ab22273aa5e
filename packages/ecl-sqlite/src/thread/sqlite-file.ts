import type { Database, SqliteModule, Statement } from './driver-api.ts'
import { checkFolder, FaultyFile, lookAt, primaryCodeOf, whyNotOpened } from './failures.ts'
import { checkSchema, type SchemaRules } from './file-schema.ts'
import { numberIn, textIn } from './rows.ts'

/** The file of a WAL that was once large gives its space back down to this. */
const MAX_IDLE_WAL_BYTES = 4 * 1024 * 1024
const READONLY = 8
const NOTADB = 26
const CORRUPT = 11

/** What a file holds, and how it is kept. */
export interface FileKind<Statements> extends SchemaRules {
  /** Says whose file it is. */
  readonly applicationId: number
  /**
   * With a WAL, NORMAL never harms the file, and a process that is killed loses nothing; with FULL, neither does a
   * machine that loses power, for a wait on the disk with each write.
   */
  readonly synchronous: 'NORMAL' | 'FULL'
  /**
   * Who makes the file and its tables, and brings them up to date: whoever writes, whoever comes, or none of this
   * program's.
   */
  readonly madeBy: 'writers' | 'anyone' | 'nobody'
  prepare(database: Database): Statements
}

/** Tables are not what they were when the file was opened. */
class AlteredMeanwhile extends Error {}

/** For reading, or for writing. */
type Begin = 'BEGIN' | 'BEGIN IMMEDIATE'

interface Opened<Statements> {
  readonly database: Database
  readonly statements: Statements
  /** Device and inode. */
  readonly identity: string
  /** The version of its tables before it was opened. */
  readonly found: number
  /** A number that changes with each change of its tables. */
  readonly schema: number
  readonly schemaNow: Statement
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

  /**
   * Tries whether it may be written, or made where there is none, and leaves it as it is.
   *
   * @throws FaultyFile, and what SQLite says
   */
  try(): 'there' | 'to be made' {
    const found = lookAt(this.file)
    if (found === undefined) checkFolder(this.file)
    // A file without tables, as somebody may have made for its rights.
    if (found === undefined || found.size === 0) return 'to be made'
    this.#transaction('BEGIN IMMEDIATE', () => undefined)
    return 'there'
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
    const { madeBy } = this.#kind
    const mayMake = madeBy === 'anyone' || (begin === 'BEGIN IMMEDIATE' && madeBy === 'writers')
    const { database, statements, schema, schemaNow } = this.#open(mayMake)
    try {
      return inTransaction(database, begin, () => {
        if (schemaOf(schemaNow) !== schema) throw new AlteredMeanwhile()
        return work(statements)
      })
    } catch (caught) {
      if (caught instanceof AlteredMeanwhile) {
        // It is looked at as one that is new.
        this.close()
        return this.#transaction(begin, work)
      }
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
  module: SqliteModule,
  kind: FileKind<Statements>,
  mayMake: boolean,
): Opened<Statements> {
  // SQLite would make one.
  if (lookAt(file) === undefined && !mayMake) {
    throw new FaultyFile(whyNotOpened(file) === 'no folder' ? 'no folder' : 'no file')
  }
  const database = new module.DatabaseSync(file)
  try {
    database.enableDefensive?.(true)
    database.exec('PRAGMA trusted_schema = OFF')
    // A thread that waits could do nothing else meanwhile, such as to read, or to end.
    database.exec('PRAGMA busy_timeout = 0')
    // At one instant: another process may be about to make the file.
    const found = inTransaction(database, 'BEGIN', () => versionOf(database, module, kind))
    if (found < kind.migrations.length && !mayMake) {
      throw new FaultyFile(found === 0 ? 'no tables' : 'an older version')
    }
    useWal(database)
    if (found < kind.migrations.length) migrate(database, module, kind)
    database.exec(`PRAGMA synchronous = ${kind.synchronous}`)
    database.exec(`PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES}`)
    const schemaNow = database.prepare('PRAGMA schema_version')
    // The same for all that follows: whoever changes it meanwhile is found out by the next transaction.
    const schema = inTransaction(database, 'BEGIN', () => {
      versionOf(database, module, kind)
      return schemaOf(schemaNow)
    })
    const statements = kind.prepare(database)
    return { database, statements, identity: identityOf(file), found, schema, schemaNow }
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
function versionOf(database: Database, module: SqliteModule, kind: FileKind<unknown>): number {
  const { applicationId, migrations } = kind
  const found = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  if (found === applicationId) {
    if (version > migrations.length) throw new FaultyFile('a newer version')
    checkSchema(database, module, kind, version)
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

function migrate(database: Database, module: SqliteModule, kind: FileKind<unknown>): void {
  inTransaction(database, 'BEGIN IMMEDIATE', () => {
    // Somebody else may have been first.
    for (const migration of kind.migrations.slice(versionOf(database, module, kind))) {
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

function schemaOf(statement: Statement): number {
  return numberIn(statement.get({}), 'schema_version')
}

/** Device and inode; '' where there is no file. @throws FaultyFile for what is none */
function identityOf(file: string): string {
  const found = lookAt(file)
  return found === undefined ? '' : `${found.dev}/${found.ino}`
}
