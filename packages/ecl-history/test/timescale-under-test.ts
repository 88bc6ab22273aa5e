import { describe } from '@jest/globals'
import { PrivatePostgres } from 'ecl-history/testing'

const SETTINGS = { shared_preload_libraries: 'timescaledb', 'timescaledb.telemetry_level': 'off' }

/** Debian does not package it: where it is not installed, its tests are skipped. */
export const describeWithTimescale: typeof describe.skip = PrivatePostgres.hasExtension(
  'timescaledb',
)
  ? describe
  : describe.skip

/** A PostgreSQL of one's own, with TimescaleDB in its database `postgres`. */
export async function startTimescale(
  settings: Readonly<Record<string, string>> = {},
): Promise<PrivatePostgres> {
  const postgres = await PrivatePostgres.start({ settings: { ...SETTINGS, ...settings } })
  await postgres.psql('CREATE EXTENSION timescaledb')
  return postgres
}
