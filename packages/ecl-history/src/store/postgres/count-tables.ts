import type { Query } from './connections.ts'
import * as sql from './sql.generated.ts'

/** What differs between the tables of counts of PostgreSQL and of TimescaleDB. Each in a transaction of its user's. */
export interface CountTables {
  /** Makes ready for writing. */
  begin(query: Query): Promise<void>
  /** Makes room for the counts of some instants. */
  makeRoom(query: Query, starts: readonly number[]): Promise<void>
  /** Removes the parts in which nothing is kept any more. */
  dropExpired(query: Query): Promise<void>
}

const DAY_SECONDS = 86_400

/** Tables in parts of a week each, so that what is no longer kept goes at once. */
export const PARTITIONED: CountTables = {
  async begin() {},
  async makeRoom(query, starts) {
    // Which day a week begins with is for the database to know.
    const days = new Set(starts.map((start) => Math.floor(start / DAY_SECONDS) * DAY_SECONDS))
    await query(sql.addWeeks, [[...days]])
  },
  async dropExpired(query) {
    await query(sql.dropWeeks)
  },
}

/** Hypertables, which make their parts themselves. */
export const HYPERTABLES: CountTables = {
  async begin(query) {
    await query(sql.writeCompressed)
  },
  async makeRoom() {},
  async dropExpired(query) {
    await query(sql.dropChunks)
  },
}
