import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppendOnlyLedger, type LedgerInterval } from 'ecl-core/testing'

/** Reads what became of every count on a server that keeps an append-only file. */
export function readLedger(directory: string): Map<string, LedgerInterval> {
  const ledger = new AppendOnlyLedger()
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  // Redis 7 keeps a folder of files, of which those named "incr" hold commands; older ones a single file.
  const files = names.filter((name) => /(incr|appendonly)\.aof$/.test(name)).sort()
  for (const file of files) ledger.push(readFileSync(join(directory, file)))
  return ledger.result()
}
