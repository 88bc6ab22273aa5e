import { describe } from '@jest/globals'
import { PrivatePostgres } from 'ecl-history/testing'

const SETTINGS = { shared_preload_libraries: 'timescaledb', 'timescaledb.telemetry_level': 'off' }

/** Debian does not package it: where it is not installed, its tests are skipped, and their name says why. */
export function describeWithTimescale(name: string, tests: () => void): void {
  suite(isThere ? name : `${name} (TimescaleDB is not installed for the newest PostgreSQL)`, tests)
}

const isThere = PrivatePostgres.hasExtension('timescaledb')
const suite: typeof describe.skip = isThere ? describe : describe.skip

/** A PostgreSQL of one's own, with TimescaleDB in its database `postgres`. */
export async function startTimescale(
  settings: Readonly<Record<string, string>> = {},
): Promise<PrivatePostgres> {
  const postgres = await PrivatePostgres.start({ settings: { ...SETTINGS, ...settings } })
  await postgres.psql('CREATE EXTENSION timescaledb')
  return postgres
}
