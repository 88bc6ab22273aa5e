import { StoreError } from 'ecl-core'
import { numberIn, textIn } from 'ecl-sqlite/file'
import { MIGRATE_REMEDY } from '../migrate-remedy.ts'
import type { Connections, Query } from './connections.ts'
import * as sql from './sql.generated.ts'

/** What the tables of a database are like. */
export interface Schema {
  /** The version that they had before. */
  readonly from: number
  readonly to: number
  /** Whether counts are in hypertables of TimescaleDB. */
  readonly isTimescale: boolean
}

/** The first makes the tables, each further one those of a version of those of the one before. */
const MIGRATIONS: readonly ((query: Query) => Promise<void>)[] = [
  async (query) => {
    await query(sql.migration001)
    const [found] = await query(sql.findTimescale)
    await query(booleanIn(found, 'is_there') ? sql.hypertableCounts : sql.partitionCounts)
  },
  async (query) => {
    await query(sql.migration002)
  },
  async (query) => {
    await query(sql.migration003)
  },
]

/**
 * Looks at the tables, and changes nothing.
 *
 * @throws StoreError where there are none, or where an older or a newer program has made them
 */
export async function findSchema(connections: Connections): Promise<Schema> {
  const { version, isTimescale } = await foundIn(connections)
  if (version === MIGRATIONS.length) return { from: version, to: version, isTimescale }
  const what =
    version === 0
      ? 'it has no tables of a history'
      : `its tables are of version ${version}, and this program needs version ${MIGRATIONS.length}`
  throw refusal(connections.name, `${what}; ${MIGRATE_REMEDY}`)
}

/**
 * Brings the tables up to date, where they are not.
 *
 * @throws StoreError where a newer program has made them
 */
export async function ensureSchema(connections: Connections): Promise<Schema> {
  const found = await foundIn(connections)
  if (found.version === MIGRATIONS.length) {
    return { from: found.version, to: found.version, isTimescale: found.isTimescale }
  }
  return await connections.migrate(async (query) => {
    await query(sql.lockMigrations)
    if ((await versionIn(query)) === undefined) await query(sql.createVersions)
    const from = checked((await versionIn(query)) ?? NOTHING, connections.name).version
    for (const [index, migrate] of MIGRATIONS.entries()) {
      if (index < from) continue
      await migrate(query)
      await query(sql.addVersion, [index + 1])
    }
    const { version, isTimescale } = (await versionIn(query)) ?? NOTHING
    return { from, to: version, isTimescale }
  })
}

interface Version {
  readonly version: number
  readonly isTimescale: boolean
}

/** Names are Unicode. */
const ENCODING = 'UTF8'

const NOTHING: Version = { version: 0, isTimescale: false }

async function foundIn(connections: Connections): Promise<Version> {
  const [row] = await connections.query(sql.findVersion)
  const encoding = textIn(row, 'encoding')
  if (encoding !== ENCODING) {
    throw refusal(
      connections.name,
      `its encoding is ${encoding}, in which not every name can be kept; name one of ${ENCODING} in history.store, ` +
        `made by "createdb --encoding=${ENCODING} --template=template0 NAME"`,
    )
  }
  const found = await versionIn((statement) => connections.query(statement))
  return checked(found ?? NOTHING, connections.name)
}

async function versionIn(query: Query): Promise<Version | undefined> {
  const [found] = await query(sql.findVersion)
  if (!booleanIn(found, 'is_there')) return undefined
  const [row] = await query(sql.readVersion)
  return { version: numberIn(row, 'version'), isTimescale: booleanIn(row, 'is_hypertable') }
}

function checked(found: Version, database: string): Version {
  if (found.version <= MIGRATIONS.length) return found
  throw refusal(
    database,
    `its tables are of version ${found.version}, which a newer program has made; ` +
      `this one knows versions up to ${MIGRATIONS.length}: update it`,
  )
}

function refusal(database: string, message: string): StoreError {
  return new StoreError('STORE_REFUSED', `history in PostgreSQL ${database}: ${message}`)
}

function booleanIn(row: unknown, name: string): boolean {
  return typeof row === 'object' && row !== null && Reflect.get(row, name) === true
}
