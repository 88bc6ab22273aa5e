/**
 * What is used of the API of `node:sqlite`, which `@photostructure/sqlite` shares.
 */

/** A value that goes in. Counts go in as bigint: a number may be bound as a double. */
export type Input = string | number | bigint | null

/** Values by the names of the parameters. */
export type Inputs = Readonly<Record<string, Input>>

/** A prepared statement. */
export interface Statement {
  run(inputs: Inputs): {
    readonly changes: number | bigint
    readonly lastInsertRowid: number | bigint
  }
  get(inputs: Inputs): unknown
  iterate(inputs: Inputs): Iterable<unknown>
  setReadBigInts(enabled: boolean): void
}

/** An open file. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
  /** Forbids what could damage the file by SQL. Not there in older Nodes. */
  enableDefensive?(active: boolean): void
}

/** The module. */
export interface SqliteModule {
  readonly DatabaseSync: new (file: string) => Database
}
