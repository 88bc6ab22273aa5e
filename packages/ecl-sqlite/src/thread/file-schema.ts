import type { Database, SqliteModule } from './driver-api.ts'
import { FaultyFile } from './failures.ts'
import { textIn } from './rows.ts'

const TABLE_LIMIT = 60
/** SQLite's own tables, such as those of AUTOINCREMENT and ANALYZE, and the indexes of constraints. */
const OBJECTS = `SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_schema
  WHERE NOT (type IN ('table', 'index') AND name LIKE 'sqlite\\_%' ESCAPE '\\')`

/** What a schema has to be like. */
export interface SchemaRules {
  /** The first makes the tables in an empty file, each further one those of a version of those of the one before. */
  readonly migrations: readonly string[]
  /** Whether others may add what does nothing by itself: tables, views, indexes. */
  readonly open: boolean
}

/**
 * Makes sure that the tables of a version are those that were made with it, and that nothing else would run when they are
 * used: who may write the file could have left a trigger that never ends, or a view in the place of a table.
 *
 * @throws FaultyFile
 */
export function checkSchema(
  database: Database,
  { DatabaseSync }: SqliteModule,
  { migrations, open }: SchemaRules,
  version: number,
): void {
  const model = new DatabaseSync(':memory:')
  let expected: Map<string, string>
  try {
    for (const migration of migrations.slice(0, version)) model.exec(migration)
    expected = objectsOf(model)
  } finally {
    model.close()
  }
  const found = objectsOf(database)
  for (const [name, sql] of expected) {
    if (found.get(name) !== sql) throw new FaultyFile('altered', `its ${name} is another one`)
  }
  for (const name of found.keys()) {
    if (expected.has(name) || (open && !name.startsWith('trigger '))) continue
    throw new FaultyFile('altered', `it has ${name}`)
  }
}

/** What a database has, by type and name, with the statements that made it, whatever was remarked in them. */
function objectsOf(database: Database): Map<string, string> {
  return new Map(
    Array.from(database.prepare(OBJECTS).iterate({}), (row) => {
      const name = JSON.stringify(textIn(row, 'name').slice(0, TABLE_LIMIT))
      const sql = textIn(row, 'sql').replace(/--[^\n]*/g, ' ')
      return [`${textIn(row, 'type')} ${name}`, sql.replace(/\s+/g, ' ')]
    }),
  )
}
